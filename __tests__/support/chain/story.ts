import { Retry } from '@smithy/core/retry'
import type { Verdict } from '#core'
import type { ReleaseNumber } from '../../../packages/sandbox/sample/releases.ts'

export { differences } from './differences.ts'

import { deploy, pressButton, rollBack } from './chain.ts'
import { type Company, commitOf, company, MINUTE, secret } from './company.ts'
import { watched } from './invariants.ts'
import type { JobEnd, RunOf } from './job.ts'
import type { Machine, Watcher } from './machine.ts'
import { type Picture, picture } from './picture.ts'

/** The SDK waits between its attempts in real time; here nobody has any. */
Retry.delay = () => 0
Retry.throttlingDelay = () => 0

/** What goes wrong: which bad release is deployed, and which way back it has. */
export interface Story {
  readonly name: string
  readonly release: ReleaseNumber
  /** What differs in the configuration file. */
  readonly environment?: Readonly<Record<string, unknown>>
  /** What of the release is deployed, if not all of it. */
  readonly brings?: 'configuration'
}
/** The stories, by what is bad in them. Each release also brings a front end of its own, which goes back with it. */
export const story = {
  code: { name: 'profile A, code that answers 5xx', release: 3 },
  data: { name: 'profile C, a migration that breaks every version', release: 4 },
  config: { name: 'profile A, a wrong configuration', release: 5 },
  site: { name: 'profile A, a front end whose page lacks a file', release: 7 },
  everything: {
    name: 'profile B, bad in everything, with a migration that goes back',
    release: 11,
  },
  readers: {
    name: 'profile A, nothing but a wrong configuration, for which services were only restarted',
    release: 5,
    brings: 'configuration',
    // No new commit comes with it, for which a check could wait.
    environment: { checks: [{ http: 'http://acme.test/health' }, { ecs: true }] },
  },
} as const satisfies Readonly<Record<string, Story>>
/** `npm run check:faults` tries everything; `npm run check` the two that together have every component in them. */
export const all = process.env.FAULTS === 'all'
export const stories: readonly Story[] = all ? Object.values(story) : [story.data, story.everything]

/** A migration that destroys, whose data nobody consented to lose in advance. */
export const waitingStory: Story = {
  name: 'profile C, a migration that destroys, without consent',
  release: 9,
  environment: { database: { connection: `secret:${secret}`, 'data-restore': 'ask' } },
}

/** A company whose bad release was deployed and judged unhealthy, before anything is rolled back. */
export interface Broken extends Company {
  readonly run: RunOf
  readonly verdict: Verdict
  /** Promises that a rollback broke on the way: see invariants.ts. */
  readonly violations: string[]
}

/** Deploys a bad release over the good one, guarded, and lets customers write on meanwhile. */
export async function broken(
  { release, brings, environment: own }: Story,
  environment: Readonly<Record<string, unknown>> = {},
): Promise<Broken> {
  const at = await company({ ...own, ...environment }, brings)
  const run = { runId: '1001', attempt: 1, sha: at.checkout(release, [2]) }
  const { outputs, lines } = await deploy(at, { run, machine: at.machine() })
  if (outputs.verdict !== 'unhealthy') throw new Error(`not broken: ${lines.join('\n')}`)
  await at.write()
  return { ...at, run, verdict: outputs.verdict as Verdict, violations: [] }
}

/** How a rollback is finished after its machine died. */
export type Again = 'the job again' | 'the button'

/** Two hours: the lease of a deployment has lapsed by then, too. */
const lapsed = 121 * MINUTE

/** A job under way, and the machine on which it runs. */
export interface Underway {
  readonly machine: Machine
  readonly end: Promise<JobEnd>
}

/** Runs the rollback job for the first time. */
export function first(at: Broken, watcher?: Watcher): Underway {
  const { verdict, run } = at
  const machine = at.machine(watched(at, run.runId, watcher))
  return { machine, end: rollBack(at, { run, machine }, verdict) }
}

/** Presses the button: another run, whose commit is whatever main is. */
export function press(
  at: Broken,
  watcher?: Watcher,
  { runId = '1002', consent = '' }: { readonly runId?: string; readonly consent?: string } = {},
): Underway {
  const machine = at.machine(watched(at, runId, watcher))
  const run = { runId, attempt: 1, sha: commitOf(2) }
  return { machine, end: pressButton(at, { run, machine }, consent) }
}

/** Runs the rollback once more. */
export async function again(at: Broken, how: Again, watcher?: Watcher): Promise<JobEnd> {
  if (how === 'the button') {
    await at.clock.advance(lapsed)
    return press(at, watcher).end
  }
  const { verdict, run } = at
  const machine = at.machine(watched(at, run.runId, watcher))
  return rollBack(at, { run: { ...run, attempt: run.attempt + 1 }, machine }, verdict)
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
