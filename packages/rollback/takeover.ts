import { type Life, messageOf, type Result, type Run, type Section, span, until } from '#core'
import { cancelRun, type GitHub, jobsOf, latestAttempt, type RunJob } from '#github'
import { type Point, pointJournal, pullLease, releaseLease, type Store } from '#store'
import { buttonCommand } from './commands.ts'
import { findDeployment } from './evidence.ts'
import { claimOf, heldBy } from './lease.ts'

/** GitHub ends everything of a cancelled run after five minutes; what then still stands is cancelled by force, once. */
const mercy = 330_000

/** How the run of the deployment in question stands, and what is done about it. */
export type Stand =
  | { readonly is: 'cancel'; readonly status: string }
  | { readonly is: 'nothing'; readonly why: string }
  | { readonly is: 'doubt'; readonly why: string }

/** Decides whether a run is cancelled before its deployment is undone: only one that can still change the environment. */
export function standOf(
  before: Pick<Point, 'id' | 'run' | 'repository' | 'deployment'> | undefined,
  own: { readonly run: string; readonly repository: string },
  life: Life,
): Stand {
  const nothing = (why: string): Stand => ({ is: 'nothing', why })
  const state = before?.deployment?.state
  if (before === undefined || state === undefined) return nothing('no deployment is in question')
  const run = `run ${before.run}`
  if (before.run === own.run) return nothing(`${run} is this run itself`)
  if (state !== 'captured' && state !== 'deploying')
    return nothing(`the deployment of ${run} is over: it was ${state}`)
  if (before.repository !== own.repository)
    return nothing(`${run} is one of ${before.repository}: its lease says whether it is alive`)
  switch (life.is) {
    case 'alive':
      return { is: 'cancel', status: life.status }
    case 'ended':
      return nothing(`${run} has ended: ${life.conclusion}`)
    case 'unknown':
      if (life.missing) return nothing(`there is no ${run} to cancel: ${life.why}`)
      return { is: 'doubt', why: `whether ${run} is alive is not known: ${life.why}` }
  }
}

/**
 * Takes the environment over from the living deployment that the Rollback button would undo: takes its lease, cancels its run, and
 * waits until that has ended and its last requests have settled. The rollback itself is the next job's.
 */
export async function takeOver(
  run: Run,
  store: Store,
  given: { readonly github: GitHub | undefined; readonly settle: number },
): Promise<Result> {
  const { before, undone } = await findDeployment(run, store, true)
  const life: Life = before ? await run.lifeOf({ run: before.run }) : neverAsked
  const { runId, repository } = run.identity
  const stand = standOf(before, { run: runId, repository }, life)
  if (stand.is === 'nothing') return unchanged(store, stand.why)
  if (stand.is === 'doubt' || given.github === undefined || before === undefined)
    return doubtful(store, stand.is === 'doubt' ? stand.why : 'there is no token')
  const { github, settle } = given
  const attempt = await latestAttempt(github, before.run)
  const living: Living = { run: before.run, attempt, status: stand.status }
  const jobs = await jobsOf(github, living)
  if (run.dryRun) return planned(living, jobs)
  const taken = await pullLease(store, claimOf(run, undone), run)
  if (taken.is === 'taken') return heldBy(store, taken)
  const { clock } = run
  const pen = { store, lease: taken.lease, clock, run: runId }
  const holding = { ...run, journal: pointJournal(pen, before) }
  const end = await cancelAndWait(holding, store, { github, living })
  if (end.is === 'alive') return stillAlive(store, living, end)
  run.report.info(`waiting ${span(settle)} for requests that are still on their way`)
  await clock.sleep(settle)
  await holding.journal.beat()
  // It is over: a table is not worth a failure.
  const after = await jobsOf(github, living).catch(() => [])
  return {
    outcome: 'done',
    headline: `run ${living.run} (attempt ${attempt}) was cancelled and has ended (${end.conclusion}${end.forced ? ', by force' : ''}): ${store.environment} is this run's to roll back`,
    sections: [section(living, end), jobSection(jobs, after)],
    data: { undone, run: living.run, attempt, conclusion: end.conclusion, forced: end.forced },
  }
}

const neverAsked: Life = { is: 'unknown', why: 'nobody was asked' }

interface Living {
  readonly run: string
  readonly attempt: number
  readonly status: string
}

type End =
  | {
      readonly is: 'ended'
      readonly conclusion: string
      readonly forced: boolean
      readonly after: number
    }
  | {
      readonly is: 'alive'
      readonly seen: string
      readonly forced: boolean
      readonly after: number
    }

/** The cancellation is written into the deployment's journal first; one that GitHub refuses gives the lease back. */
async function cancelAndWait(
  run: Run,
  store: Store,
  { github, living }: { readonly github: GitHub; readonly living: Living },
): Promise<End> {
  const entry = (operation: string) => [{ component: 'github', operation, on: living.run }]
  await run.journal.intend(entry('cancel-run'))
  try {
    await cancelRun(github, living.run, 'asked')
  } catch (thrown) {
    await releaseLease(store, run.identity.runId)
    throw thrown
  }
  run.report.info(`run ${living.run} is asked to end: its always() jobs may take five minutes`)
  const first = await ended(run, living, mercy)
  if (first.is === 'found' || run.deadline.left() === 0) return endOf(first, false)
  run.report.warning(
    `run ${living.run} has not ended after ${span(first.after)}: it is ended by force`,
  )
  await run.journal.intend(entry('force-cancel-run'))
  await cancelRun(github, living.run, 'forced').catch((thrown: unknown) =>
    run.report.warning(`it could not be ended by force: ${messageOf(thrown)}`),
  )
  const second = await ended(run, living)
  return endOf({ ...second, after: first.after + second.after }, true)
}

type EndWaited = Awaited<ReturnType<typeof ended>>

const ended = (run: Run, living: Living, within?: number) =>
  until<string>(run, {
    what: `the end of run ${living.run} (attempt ${living.attempt})`,
    ...(within !== undefined && { within }),
    look: async () => {
      const life = await run.lifeOf(living)
      if (life.is === 'ended') return { is: 'found', value: life.conclusion }
      return { is: 'waiting', seen: life.is === 'alive' ? life.status : `not known: ${life.why}` }
    },
  })

const endOf = (waited: EndWaited, forced: boolean): End =>
  waited.is === 'found'
    ? { is: 'ended', conclusion: waited.value, forced, after: waited.after }
    : { is: 'alive', seen: waited.seen, forced, after: waited.after }

const unchanged = (store: Store, why: string): Result => ({
  outcome: 'unchanged',
  headline: `${store.environment}: no run has to be cancelled: ${why}`,
})

const doubtful = (store: Store, why: string): Result => ({
  outcome: 'inconclusive',
  headline: `${store.environment} is not taken over: ${why}; nothing was changed`,
  next: [
    'give the job a token with permissions: actions: write, or run again when GitHub answers',
    `or cancel that run by hand, wait until it has ended, then: ${buttonCommand(store.environment, {})}`,
  ],
})

/** One cancellation is for the whole run, whatever else it deploys. */
const whole = 'every job of the run, also those that deploy other environments'

const planned = (living: Living, jobs: readonly RunJob[]): Result => ({
  outcome: 'planned',
  headline: `run ${living.run} (attempt ${living.attempt}) is alive (${living.status}) and would be cancelled: ${whole}`,
  sections: [
    {
      title: 'Would be cancelled',
      columns: ['job', 'state'],
      rows: jobs.map(({ name, state }) => [name, state]),
    },
  ],
})

function stillAlive(store: Store, living: Living, end: Extract<End, { is: 'alive' }>): Result {
  const { run } = living
  return {
    outcome: 'inconclusive',
    headline: `run ${run} has not ended within ${span(end.after)} of its cancellation (${end.seen}): nothing is rolled back; the lease stays with this run until it lapses`,
    next: [
      ...(end.forced ? [] : [`end it by force: gh run cancel ${run} --force`]),
      `when it has ended, press the button again: ${buttonCommand(store.environment, {})}`,
    ],
  }
}

const section = (living: Living, end: Extract<End, { is: 'ended' }>): Section => ({
  title: 'Taken over',
  columns: ['what', 'value'],
  rows: [
    ['Run', `${living.run} (attempt ${living.attempt})`],
    ['Cancelled', whole],
    ['Ended', `${end.conclusion}${end.forced ? ', by force' : ''}, after ${span(end.after)}`],
  ],
})

const jobSection = (before: readonly RunJob[], after: readonly RunJob[]): Section => ({
  title: 'Jobs of that run',
  columns: ['job', 'when it was cancelled', 'at the end'],
  rows: after.map(({ name, state }) => [
    name,
    before.find((job) => job.name === name)?.state ?? 'not begun',
    state,
  ]),
})
