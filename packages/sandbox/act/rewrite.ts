/** The suite as act knows it: a repository and a commit, which `--local-repository` maps to a folder. */
export interface SuiteName {
  readonly repository: string
  /** 40 hexadecimal digits. */
  readonly commit: string
}

/** One line that act cannot read as it is; `to` undefined means that the line is left out. */
export interface Change {
  /** 1 for the first line of the original. */
  readonly line: number
  readonly from: string
  readonly to: string | undefined
}

type Rule = (
  line: string,
  suite: SuiteName | undefined,
) => { readonly to: string | undefined } | undefined

const USES = /^(\s*(?:- )?uses: )\S+(.*)$/

/**
 * Everything that act 0.2.89 does not understand in our workflow files:
 * - `$/…` (this repository at the workflow's own commit): written out with repository and commit;
 * - `./.github/workflows/…` in a called workflow: act looks in the caller's repository, GitHub in the called one;
 * - `queue:` of a concurrency group: an error in act's schema, and act has no concurrency at all.
 */
const rules: readonly Rule[] = [
  (line, suite) => {
    const path = /^\s*(?:- )?uses: [$.]\/((?:actions|\.github\/workflows)\/[\w./-]+)(?: |$)/.exec(
      line,
    )
    if (!path || !suite) return undefined
    return { to: line.replace(USES, `$1${suite.repository}/${path[1]}@${suite.commit}$2`) }
  },
  (line) => (/^\s+queue: max$/.test(line) ? { to: undefined } : undefined),
]

/** A workflow file with the fixed list of lines rewritten for act, and which lines those were. `suite` is left out for a caller's file, whose own references act understands. */
export function rewriteForAct(
  text: string,
  suite?: SuiteName,
): { readonly text: string; readonly changes: readonly Change[] } {
  const changes: Change[] = []
  const lines = text.split('\n').flatMap((from, index) => {
    const hit = rules.map((rule) => rule(from, suite)).find((one) => one !== undefined)
    if (!hit) return [from]
    changes.push({ line: index + 1, from, to: hit.to })
    return hit.to === undefined ? [] : [hit.to]
  })
  return { text: lines.join('\n'), changes }
}

/**
 * Checks, without the rules above, that a rewritten file is the original but for the promised changes: a reference to
 * this repository that names the same path, or a left-out `queue: max`. Throws with the first line that differs otherwise.
 */
export function assertOnlyPromised(original: string, rewritten: string, suite: SuiteName): void {
  const after = rewritten.split('\n')
  const prefix = `${suite.repository}/`
  const suffix = `@${suite.commit}`
  let at = 0
  for (const [index, line] of original.split('\n').entries()) {
    const now = after[at]
    if (
      now === line ||
      now?.replace(prefix, '$/').replace(suffix, '') === line.replace(' ./', ' $/')
    ) {
      at += 1
    } else if (line.trim() !== 'queue: max') {
      throw new Error(`Line ${index + 1} was changed beyond the promise: "${line}" became "${now}"`)
    }
  }
  if (at !== after.length) throw new Error(`Lines were added: "${after[at]}"`)
}
