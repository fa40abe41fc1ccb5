import type { Finding } from './finding.ts'

/** What protects a GitHub environment, as far as a rollback meets it. */
export interface Protection {
  /** People and teams of whom one must approve. */
  readonly reviewers: number
  /** Whether who started the run may approve it. */
  readonly selfReview: boolean
  readonly waitMinutes: number
  /** Names of apps that decide. */
  readonly customRules: readonly string[]
  readonly branches: 'all' | 'protected' | readonly BranchPattern[]
  readonly adminsBypass: boolean
}

export interface BranchPattern {
  readonly pattern: string
  readonly type: 'branch' | 'tag'
}

/** What became of the look at an environment. */
export type Look =
  | { readonly is: 'there'; readonly protection: Protection }
  | { readonly is: 'missing' }
  | { readonly is: 'unknown'; readonly why: string; readonly next: string }

/** The branch or tag that a run is for, by the runner's own variables. */
export interface Ref {
  /** `refs/heads/main`. */
  readonly full: string
  readonly name: string
  readonly type: 'branch' | 'tag'
  /** Undefined when the runner does not say. */
  readonly isProtected: boolean | undefined
}

/** How the environment was looked at. */
export interface Where {
  readonly name: string
  readonly repository: string
}

/**
 * What stands between a bad release and its rollback: whatever makes a job of this environment wait for somebody, or keeps it from
 * starting. Pure.
 */
export function rollbackFindings(
  { name, repository }: Where,
  look: Look,
  ref: Ref | undefined,
): readonly Finding[] {
  const check = `environment ${name}`
  const settings = `https://github.com/${repository}/settings/environments`
  switch (look.is) {
    case 'missing':
      return [
        {
          check,
          found: `there is no GitHub environment ${name}, in which the rollback runs`,
          is: 'problem',
          next: `make it, without reviewers: gh api -X PUT repos/${repository}/environments/${encodeURIComponent(name)}`,
        },
      ]
    case 'unknown':
      return [
        {
          check,
          found: `not proven that the rollback starts without a person: ${look.why}`,
          is: 'doubt',
          next: look.next,
        },
      ]
    case 'there': {
      const bad = [...hindrances(name, look.protection), ...closedTo(name, look.protection, ref)]
      if (bad.length > 0)
        return bad.map(({ found, is, next }) => ({
          check,
          found,
          is,
          next: `${next} (${settings})`,
        }))
      return [{ check, found: 'a rollback starts in it without waiting', is: 'fine' }]
    }
  }
}

type Part = Required<Pick<Finding, 'found' | 'is' | 'next'>>

function hindrances(name: string, protection: Protection): readonly Part[] {
  const { reviewers, waitMinutes, customRules } = protection
  const away = 'an automatic rollback would'
  return [
    ...(reviewers > 0
      ? [
          {
            found: `${name} has required reviewers: ${away} wait for a person`,
            is: 'problem' as const,
            next: `take the required reviewers off ${name}; who gives consent belongs in consent-environment`,
          },
        ]
      : []),
    ...(waitMinutes > 0
      ? [
          {
            found: `${name} has a wait timer: ${away} wait ${waitMinutes} minutes`,
            is: 'problem' as const,
            next: `set the wait timer of ${name} to 0`,
          },
        ]
      : []),
    ...customRules.map((rule) => ({
      found: `${name} has the custom rule ${rule}: ${away} wait for it`,
      is: 'problem' as const,
      next: `take the custom rule ${rule} off ${name}`,
    })),
  ]
}

/** Why a branch policy keeps the run's own ref out. */
function closedTo(name: string, { branches }: Protection, ref: Ref | undefined): readonly Part[] {
  if (branches === 'all') return []
  if (ref === undefined || (branches === 'protected' && ref.isProtected === undefined)) {
    return [
      {
        found: `${name} lets only some branches in, and this run does not say whether its own is one`,
        is: 'doubt',
        next: `look at the deployment branches of ${name}`,
      },
    ]
  }
  const isIn = branches === 'protected' ? ref.isProtected : branches.some((one) => letsIn(one, ref))
  if (isIn) return []
  const only =
    branches === 'protected'
      ? 'protected branches'
      : branches.map(({ pattern }) => pattern).join(', ') || 'nothing'
  return [
    {
      found: `${name} lets in only ${only}, not ${ref.name}: the rollback of this run would not start`,
      is: 'problem',
      next: `let ${ref.name} in at the deployment branches of ${name}`,
    },
  ]
}

const letsIn = ({ pattern, type }: BranchPattern, ref: Ref): boolean =>
  (type === ref.type && fits(pattern, ref.name)) || fits(pattern, ref.full)

/** GitHub's patterns are Ruby's File.fnmatch: `*` and `?` stop at a slash, a double star and a slash stand for any folders. */
export function fits(pattern: string, name: string): boolean {
  const source = pattern.replace(/\*\*\/|\[!?[^\]]+\]|\\.|[\s\S]/g, (token) => {
    if (token === '**/') return '(?:[^/]+/)*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    if (token.length > 1 && token.startsWith('[')) return setOf(token)
    const literal = token.startsWith('\\') && token.length > 1 ? token.slice(1) : token
    return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  try {
    return new RegExp(`^${source}$`).test(name)
  } catch {
    return false
  }
}

const setOf = (token: string) => token.replace(/[\\^]/g, '\\$&').replace(/^\[!/, '[^')

const nothing = 'a consent gate that protects nothing'

/** Whether the environment in which consent is given asks somebody. What cannot be looked at protects nothing: doubt is no gate. Pure. */
export function consentFindings({ name, repository }: Where, look: Look): readonly Finding[] {
  const check = `environment ${name}`
  const at = `https://github.com/${repository}/settings/environments`
  const require = `add required reviewers to ${name} (${at})`
  switch (look.is) {
    case 'missing': {
      const found = `there is no GitHub environment ${name}, and a job that names it gets one without any rule: ${nothing}`
      return [{ check, found, is: 'problem', next: `make ${name} and ${require}` }]
    }
    case 'unknown': {
      const found = `not proven that anybody is asked for consent in ${name}: ${look.why}`
      return [{ check, found, is: 'problem', next: look.next }]
    }
    case 'there': {
      const { reviewers, selfReview, adminsBypass } = look.protection
      if (reviewers === 0)
        return [
          {
            check,
            found: `${name} has no required reviewers: ${nothing}`,
            is: 'problem',
            next: require,
          },
        ]
      const warnings: readonly Finding[] = [
        ...(selfReview
          ? [
              {
                check,
                found: `in ${name} whoever presses the button may approve it`,
                is: 'warning' as const,
                next: `prevent self-review in ${name} (${at})`,
              },
            ]
          : []),
        ...(adminsBypass
          ? [
              {
                check,
                found: `administrators may bypass the rules of ${name}`,
                is: 'warning' as const,
                next: `do not allow administrators to bypass the rules of ${name} (${at})`,
              },
            ]
          : []),
      ]
      const who = reviewers === 1 ? 'one reviewer' : `one of ${reviewers} reviewers`
      return warnings.length > 0 ? warnings : [{ check, found: `${who} must approve`, is: 'fine' }]
    }
  }
}
