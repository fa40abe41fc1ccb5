import { Retry } from '@smithy/core/retry'
import type { Verdict } from '#core'
import type { ReleaseNumber } from '../../../packages/sandbox/sample/releases.ts'
import { buttonJob, deployJob, type JobEnd, type RunOf, rollbackJob } from './chain.ts'
import { type Company, commitOf, company, MINUTE } from './company.ts'
import type { Machine, Watcher } from './machine.ts'
import { type Picture, picture } from './picture.ts'

/** The SDK waits between its attempts in real time; here nobody has any. */
Retry.delay = () => 0
Retry.throttlingDelay = () => 0

/** What goes wrong: bad code alone, or a migration that breaks every version's queries. */
export interface Story {
  readonly name: string
  readonly release: ReleaseNumber
}
export const stories: readonly Story[] = [
  { name: 'profile A, code that answers 5xx', release: 3 },
  { name: 'profile C, a migration that breaks every version', release: 4 },
]

/** A company whose bad release was deployed and judged unhealthy, before anything is rolled back. */
export interface Broken extends Company {
  readonly run: RunOf
  readonly verdict: Verdict
}

/** Deploys a bad release over the good one, guarded, and lets customers write on meanwhile. */
export async function broken(
  { release }: Story,
  environment: Readonly<Record<string, unknown>> = {},
): Promise<Broken> {
  const at = await company(environment)
  const run = { runId: '1001', attempt: 1, sha: at.checkout(release, [2]) }
  const { outputs } = await deployJob(at, run)
  await at.write()
  return { ...at, run, verdict: outputs.verdict as Verdict }
}

/** How a rollback is finished after its machine died. */
export type Again = 'the job again' | 'the button'

/** Two hours: the lease of a deployment has lapsed by then, too. */
const lapsed = 121 * MINUTE

/** Runs the rollback job for the first time. */
export const first = (at: Broken, watcher?: Watcher): Promise<JobEnd> & { machine: Machine } => {
  const machine = at.machine(watcher)
  return Object.assign(rollbackJob(at, at.run, { verdict: at.verdict, machine }), { machine })
}

/** Runs the rollback once more: the same job as another attempt, or, when the lease has lapsed, by the button. */
export async function again(at: Broken, how: Again, watcher?: Watcher): Promise<JobEnd> {
  const machine = at.machine(watcher)
  if (how === 'the job again') {
    const { verdict, run } = at
    return rollbackJob(at, { ...run, attempt: run.attempt + 1 }, { verdict, machine })
  }
  await at.clock.advance(lapsed)
  return buttonJob(at, { runId: '1002', attempt: 1, sha: commitOf(2) }, { machine })
}

/** A machine that dies before or after its k-th mutating call. */
export const dies = (k: number, when: 'before' | 'after'): Watcher => ({
  [when]: ({ n, mutating }: { n: number; mutating: boolean }, machine: Machine) => {
    if (mutating && n === k) machine.kill()
  },
})

/** A look at everything, when all that was begun has come to rest. */
export async function rest(at: Company): Promise<Picture> {
  await at.clock.advance(30 * MINUTE)
  return picture(at)
}

/** Where two pictures differ, one line each. */
export function differences(is: unknown, should: unknown, path = ''): readonly string[] {
  if (typeof is !== 'object' || typeof should !== 'object' || is === null || should === null)
    return is === should
      ? []
      : [`${path}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`]
  const keys = new Set([...Object.keys(is), ...Object.keys(should)])
  return [...keys].flatMap((key) =>
    differences(
      (is as Record<string, unknown>)[key],
      (should as Record<string, unknown>)[key],
      `${path}/${key}`,
    ),
  )
}
