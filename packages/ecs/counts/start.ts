import { isPassing } from '#aws'
import { type Entry, type Look, type Result, type Run, tolerant, until, type Written } from '#core'
import { type Point, readPoint, readRecord, type Store } from '#store'
import type { Begun } from '../begin.ts'
import type { EcsClients } from '../client.ts'
import { recordedDigests } from '../destination/target.ts'
import { knownPoints } from '../destination/targets.ts'
import { observeServices, serviceOf } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { type RecordedScaling, recordedCount, recordedScaling } from '../recorded.ts'
import { endedRow, plainRow, type Row, refusedRow, resultOf, wouldBe } from '../report/table.ts'
import { type Sent, scale } from '../rollback/send.ts'
import type { EcsSettings } from '../settings.ts'
import { type LiveService, primaryOf } from '../state.ts'
import type { Watch } from '../watch/progress.ts'
import type { Patience } from '../watch/step.ts'
import { watchAll } from '../watch/watch.ts'
import {
  observeScaling,
  planResumption,
  type Resumption,
  resumeCommand,
  resumptionEntry,
  type Scaling,
  setSuspended,
  targetOf,
} from './scaling.ts'
import { refuseDaemons } from './stop.ts'

/** What starting one service takes. */
export type StartPlan =
  | {
      readonly is: 'start'
      readonly service: LiveService
      readonly count: number
      readonly why: string
    }
  /** It has its tasks already; they are watched all the same. */
  | { readonly is: 'watch'; readonly service: LiveService; readonly why: string }
  /** It had no task before the stop. */
  | { readonly is: 'unchanged'; readonly service: LiveService; readonly why: string }
  | { readonly is: 'refused'; readonly service: LiveService; readonly why: string }

/**
 * Plans the start of one service: the recorded count, or what is desired now or the scaling minimum where that is more (P6).
 * Pure. The minimum starts no service that had no task before the stop.
 */
export function planStart(
  service: LiveService,
  entries: readonly Written[],
  minimum = 0,
): StartPlan {
  const recorded = recordedCount(entries, service.name)
  if (recorded.is === 'none') {
    return service.desired > 0
      ? { is: 'watch', service, why: 'it was not stopped' }
      : { is: 'refused', service, why: 'it desires no task, and no stop recorded how many it had' }
  }
  const count = recorded.count === 0 ? 0 : Math.max(recorded.count, minimum)
  if (service.desired < count) {
    const why =
      count > recorded.count
        ? `its autoscaling has a minimum of ${count} tasks`
        : `${count} tasks were recorded before the stop`
    return { is: 'start', service, count, why }
  }
  return service.desired === 0
    ? { is: 'unchanged', service, why: 'it desired no task before the stop' }
    : { is: 'watch', service, why: `${service.desired} tasks are desired, ${count} were recorded` }
}

/** Starts stopped services with the counts they had, and waits until P13 holds for what they run. */
export async function start(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  begun: Begun,
): Promise<Result> {
  const { cluster } = settings
  const daemons = refuseDaemons(begun.services)
  if (daemons) return daemons
  const { plans, resumptions } = await plansOf(run, clients, { cluster, begun })
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) return refuse(refusals)
  if (run.dryRun) return planned(cluster, plans, resumptions)
  for (const [name, one] of resumptions) {
    if (one.is === 'left') run.report.warning(`${name}: ${one.why}`)
  }
  const { store } = begun
  const points = store ? await pointsOf(run, store, settings.record) : []
  const { patience } = settings
  return carryOut(run, clients, { cluster, plans, resumptions, points, patience })
}

type Resumptions = ReadonlyMap<string, Resumption>

/** Only services that a stop has touched are asked about their autoscaling. */
async function plansOf(
  run: Run,
  clients: EcsClients,
  given: { readonly cluster: string; readonly begun: Begun },
): Promise<{ readonly plans: readonly StartPlan[]; readonly resumptions: Resumptions }> {
  const { services, entries } = given.begun
  const stopped = services
    .map(({ name }) => name)
    .filter((name) => recordedCount(entries, name).is !== 'none' || recordedScaling(entries, name))
  const scaling = await observeScaling(run, clients, { cluster: given.cluster, names: stopped })
  const plans = services.map((service) =>
    planStart(service, entries, minimumOf(scaling, entries, service.name)),
  )
  const resumptions = new Map(
    services.map(({ name }) => [
      name,
      planResumption(scaling, recordedScaling(entries, name), name),
    ]),
  )
  return { plans, resumptions }
}

function minimumOf(scaling: Scaling, entries: readonly Written[], service: string): number {
  const recorded = scaling.is === 'unknown' ? recordedScaling(entries, service) : undefined
  return (targetOf(scaling, service) ?? recorded)?.min ?? 0
}

function refuse(refusals: readonly StartPlan[]): Result {
  const reasons = refusals.map(({ service, why }) => `${service.name}: ${why}`)
  return {
    outcome: 'refused',
    headline: `${reasons.join('; ')}; nothing was changed`,
    next: [
      'pass the record of the rollback that stopped them in record:, or leave them out of services',
      'by hand: aws ecs update-service --cluster <cluster> --service <service> --desired-count <count>',
    ],
  }
}

/** The points whose digests are the truth about what should start: the record's destination first. */
async function pointsOf(
  run: Run,
  store: Store,
  record: string | undefined,
): Promise<readonly Point[]> {
  const open = record === undefined ? undefined : await readRecord(store, record)
  const to = open ? await readPoint(store, open.to) : undefined
  return [...(to ? [to] : []), ...(await knownPoints(run, store))]
}

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly StartPlan[]
    readonly resumptions: Resumptions
    readonly points: readonly Point[]
    readonly patience: Patience | undefined
  },
): Promise<Result> {
  const { cluster, plans, resumptions, points, patience } = given
  const starts = plans.filter((plan) => plan.is === 'start')
  const resumes = [...resumptions.values()].filter((one) => one.is === 'resume')
  await run.journal.intend([...starts.map(entryOf), ...resumes.map(resumptionEntry)])
  const sent = await inParallel(starts, async ({ service, count }) => {
    const order = { cluster, service: service.name, desiredCount: count }
    return [service.name, await scale(clients, order)] as const
  })
  const answers = new Map(sent)
  const possible = resumes.filter(({ service }) => answers.get(service)?.is !== 'not-sent')
  const resumed = await resume(run, clients, { cluster, starts, resumes: possible })
  const watches = plans.flatMap((plan) => watchOf(plan, { answers, points, resumed }) ?? [])
  const ended = await watchAll(run, clients, { cluster, watches, patience })
  const rows = plans.map((plan): Row => {
    const one = ended.find(({ name }) => name === plan.service.name)
    const row = one
      ? endedRow(one, changeOf(plan), plan.service.taskDefinition)
      : unwatchedRow(plan, answers)
    return withScaling(row, resumed.get(plan.service.name), cluster)
  })
  return resultOf({ cluster, verb: 'start', rows })
}

/** A resumption that was sent, or refused. */
interface Resumed {
  readonly sent: Sent
  readonly to: RecordedScaling
}

// Looks; AWS's own look at a desired count that it does not see yet would lower it to the minimum.
const PATIENCE = 6

/**
 * Brings suspended states back, once the counts are seen: the call moves a desired count inside of the bounds
 * [AWS: RegisterScalableTarget].
 */
async function resume(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly starts: readonly Extract<StartPlan, { is: 'start' }>[]
    readonly resumes: readonly Extract<Resumption, { is: 'resume' }>[]
  },
): Promise<ReadonlyMap<string, Resumed>> {
  const { cluster, resumes } = given
  const risen = given.starts.filter(({ service }) =>
    resumes.some((one) => one.service === service.name),
  )
  await untilRisen(run, clients, { cluster, risen })
  const sent = await inParallel(resumes, async ({ service, to }) => {
    const answer = await setSuspended(clients, { cluster, service, suspended: to.suspended })
    return [service, { sent: answer, to }] as const
  })
  return new Map(sent)
}

async function untilRisen(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly risen: readonly Extract<StartPlan, { is: 'start' }>[]
  },
): Promise<void> {
  const { cluster, risen } = given
  if (risen.length === 0) return
  const names = risen.map(({ service }) => service.name)
  const look = async (): Promise<Look<true>> => {
    const observed = await observeServices(clients, { cluster, names })
    const low = risen.filter(
      ({ service, count }) => (serviceOf(observed, service.name)?.desired ?? 0) < count,
    )
    if (low.length === 0) return { is: 'found', value: true }
    return { is: 'waiting', seen: `${low.map(({ service }) => service.name).join(', ')}: not yet` }
  }
  await until(run, {
    what: `the counts of ${names.join(', ')} before their autoscaling is resumed`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
    within: PATIENCE * run.pollInterval,
  })
}

/** A service that runs without its autoscaling did not end well. */
function withScaling(row: Row, resumed: Resumed | undefined, cluster: string): Row {
  if (!resumed) return row
  const { sent, to } = resumed
  if (sent.is === 'sent') {
    const why = `${row.why}; its autoscaling is as before the stop`
    return { ...row, why, outcome: row.outcome === 'unchanged' ? 'done' : row.outcome }
  }
  const why = `its autoscaling stays suspended: ${sent.why}; ${row.why}`
  const byHand = `by hand: ${resumeCommand(cluster, row.name, to.suspended)}`
  return { ...row, outcome: 'failed', why, next: [...row.next, sent.next, byHand] }
}

const entryOf = (plan: Extract<StartPlan, { is: 'start' }>): Entry => ({
  component: 'ecs',
  operation: 'start',
  on: plan.service.name,
  detail: { desiredCount: plan.count },
})

function changeOf(plan: StartPlan): string {
  const { desired } = plan.service
  return plan.is === 'start' ? `${desired} → ${plan.count} tasks` : `${desired} tasks`
}

function watchOf(
  plan: StartPlan,
  given: {
    readonly answers: ReadonlyMap<string, Sent>
    readonly points: readonly Point[]
    readonly resumed: ReadonlyMap<string, Resumed>
  },
): Watch | undefined {
  const { answers, points, resumed } = given
  const { service } = plan
  // Above its maximum autoscaling has lowered the count by itself.
  const most = resumed.get(service.name)?.to.max ?? Number.POSITIVE_INFINITY
  const primary = primaryOf(service)
  const sent = plan.is === 'watch' || answers.get(service.name)?.is === 'sent'
  if (!sent || !primary) return undefined
  const target = primary.taskDefinition
  const before = service.rollouts.map(({ id }) => id).filter((id) => id !== primary.id)
  return {
    service,
    recorded: recordedDigests(points, service.name, target),
    fresh: false,
    stopped: false,
    atLeast: plan.is === 'start' ? Math.min(plan.count, most) : 1,
    proven: plan.is === 'start' ? 'done' : 'unchanged',
    watched: { deployment: primary.id, target, before, seen: true, missed: 0, forced: false },
  }
}

function unwatchedRow(plan: StartPlan, answers: ReadonlyMap<string, Sent>): Row {
  const { service } = plan
  const change = changeOf(plan)
  const sent = answers.get(service.name)
  if (sent?.is === 'not-sent') return refusedRow(service, change, sent)
  if (plan.is === 'unchanged')
    return plainRow(service, { outcome: 'unchanged', why: plan.why, change, drained: true })
  return plainRow(service, {
    outcome: 'inconclusive',
    why: 'ECS shows no deployment of it',
    change,
  })
}

function planned(cluster: string, plans: readonly StartPlan[], resumptions: Resumptions): Result {
  const rows = plans.map((plan) =>
    plainRow(plan.service, {
      outcome: 'planned',
      why: [plan.why, ...scalingWords(resumptions.get(plan.service.name))].join('; '),
      change: changeOf(plan),
    }),
  )
  const count = plans.filter((plan) => plan.is === 'start').length
  return wouldBe(rows, `${count} of ${plans.length} services of ${cluster} would be started`)
}

function scalingWords(resumption: Resumption | undefined): readonly string[] {
  switch (resumption?.is) {
    case 'resume':
      return ['its autoscaling would be as before the stop']
    case 'left':
      return [resumption.why]
    case 'none':
    case undefined:
      return []
  }
}
