import { CallError, iso, type Run } from '#core'
import { type CapturedAll, type Captures, captureAll, readGate, refusals } from '#points'
import { changeDocument, envelope, keys, preflightSchema, type Store } from '#store'
import type { Finding } from './finding.ts'

/** A failed call as a problem; everything else is thrown. */
async function orProblem<T>(check: string, look: () => Promise<T>): Promise<T | Finding> {
  try {
    return await look()
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return { check, found: thrown.message, is: 'problem', next: thrown.next }
  }
}

/** What was looked at, and what stands against it. */
export interface Looked {
  readonly captured: CapturedAll
  readonly findings: readonly Finding[]
}

const kinds = ['ecs', 'rds', 'migrations', 'config', 'site'] as const
const none: Captures = {
  ecs: undefined,
  rds: undefined,
  migrations: undefined,
  config: undefined,
  site: undefined,
}
const empty: CapturedAll = { components: {}, problems: [], warnings: [], rows: [] }

/** Looks at what runs, as a restore point does. When one kind cannot be looked at, each is tried by itself, to tell all that is wrong. */
async function look(run: Run, captures: Captures): Promise<Looked> {
  const all = await orProblem('what runs', () => captureAll(run, captures))
  if (!('check' in all)) return { captured: all, findings: [] }
  const each = await Promise.all(
    kinds.map((kind) =>
      orProblem('what runs', () => captureAll(run, { ...none, [kind]: captures[kind] })),
    ),
  )
  const captured = each
    .flatMap((one) => ('check' in one ? [] : [one]))
    .reduce<CapturedAll>(
      (sum, one) => ({
        components: { ...sum.components, ...one.components },
        problems: [...sum.problems, ...one.problems],
        warnings: [...sum.warnings, ...one.warnings],
        rows: [...sum.rows, ...one.rows],
      }),
      empty,
    )
  const failed = each.flatMap((one) => ('check' in one ? [one] : []))
  // Two kinds may ask for the same thing, such as the connection secret.
  const isFirst = ({ found }: Finding, n: number) =>
    failed.findIndex((one) => one.found === found) === n
  return { captured, findings: failed.filter(isFirst) }
}

/** Whether everything that the configuration names could be rolled back right now, and may be deployed: the gate's own look. */
export async function readinessFindings(
  run: Run,
  store: Store,
  captures: Captures,
): Promise<Looked> {
  const { captured, findings } = await look({ ...run, dryRun: true }, captures)
  const gate = await orProblem('gate', () => gateFindings(run, store, captured))
  const warnings = captured.warnings.map(
    (found): Finding => ({ check: 'what runs', found, is: 'warning' }),
  )
  return { captured, findings: [...findings, ...warnings, ...('check' in gate ? [gate] : gate)] }
}

async function gateFindings(
  run: Run,
  store: Store,
  captured: CapturedAll,
): Promise<readonly Finding[]> {
  const evidence = await readGate(run, store, captured.problems)
  const reasons = refusals(evidence)
  const what = captured.rows.length === 1 ? 'one thing' : `${captured.rows.length} things`
  if (reasons.length === 0)
    return [
      { check: 'gate', found: `${what} could be put back, nothing is open or held`, is: 'fine' },
    ]
  // The rollback job runs only behind a preflight that passed, and it has to finish what an earlier attempt of this run began.
  const state = evidence.own?.deployment?.state
  const begun = state === 'captured' || state === 'deploying'
  return reasons.map(({ why, next }) =>
    begun
      ? {
          check: 'gate',
          found: `restore-point will refuse this attempt: ${why}`,
          is: 'warning',
          next: `the rollback job of this run decides about its earlier attempt; else: ${next}`,
        }
      : { check: 'gate', found: why, is: 'problem', next },
  )
}

/** Proves that the store can be written, by a document of its own that nobody reads; in a dry run it is not tried. */
export async function storeFindings(run: Run, store: Store): Promise<readonly Finding[]> {
  const check = 'store'
  const { location } = store.objects
  if (run.dryRun)
    return [{ check, found: `${location} keeps versions; writing is not tried`, is: 'fine' }]
  const first = {
    kind: 'preflight' as const,
    ...envelope(store),
    at: iso(run.clock.now()),
    run: run.identity.runId,
    attempt: run.identity.attempt,
  }
  const written = await orProblem(check, () =>
    changeDocument(
      store,
      keys.preflight(store.environment),
      { schema: preflightSchema, first },
      () => first,
    ),
  )
  if ('check' in written) return [written]
  return [{ check, found: `${location} keeps versions and was written`, is: 'fine' }]
}
