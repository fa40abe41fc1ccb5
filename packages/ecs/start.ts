import type { Entry, Result, Run, Written } from '#core'
import { type Point, readPoint, readRecord, type Store } from '#store'
import { begin } from './begin.ts'
import type { EcsClients } from './client.ts'
import { inParallel } from './parallel.ts'
import type { Watch } from './progress.ts'
import { recordedCount } from './recorded.ts'
import { type Sent, scale } from './send.ts'
import type { EcsSettings } from './settings.ts'
import { type LiveService, primaryOf } from './state.ts'
import type { Patience } from './step.ts'
import { refuseDaemons } from './stop.ts'
import { endedRow, plainRow, type Row, resultOf, wouldBe } from './table.ts'
import { knownPoints, recordedDigests } from './targets.ts'
import { watchAll } from './watch.ts'

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

/** Plans the start of one service: the recorded count, or what is desired now where that is more (P6). Pure. */
export function planStart(service: LiveService, entries: readonly Written[]): StartPlan {
  const recorded = recordedCount(entries, service.name)
  if (recorded.is === 'none') {
    return service.desired > 0
      ? { is: 'watch', service, why: 'it was not stopped' }
      : { is: 'refused', service, why: 'it desires no task, and no stop recorded how many it had' }
  }
  const { count } = recorded
  if (service.desired < count) {
    return { is: 'start', service, count, why: `${count} tasks were recorded before the stop` }
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
  store: Store | undefined,
): Promise<Result> {
  const { cluster } = settings
  const begun = await begin(run, clients, settings, store)
  if (begun.is === 'refused') return begun.result
  const daemons = refuseDaemons(begun.services)
  if (daemons) return daemons
  const plans = begun.services.map((service) => planStart(service, begun.entries))
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) return refuse(refusals)
  if (run.dryRun) return planned(cluster, plans)
  const points = store ? await pointsOf(run, store, settings.record) : []
  return carryOut(run, clients, { cluster, plans, points, patience: settings.patience })
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
    readonly points: readonly Point[]
    readonly patience: Patience | undefined
  },
): Promise<Result> {
  const { cluster, plans, points, patience } = given
  const starts = plans.filter((plan) => plan.is === 'start')
  await run.journal.intend(starts.map(entryOf))
  const sent = await inParallel(starts, async ({ service, count }) => {
    const order = { cluster, service: service.name, desiredCount: count }
    return [service.name, await scale(clients, order)] as const
  })
  const answers = new Map(sent)
  const watches = plans.flatMap((plan) => watchOf(plan, answers, points) ?? [])
  const ended = await watchAll(run, clients, { cluster, watches, patience })
  const rows = plans.map((plan): Row => {
    const one = ended.find(({ name }) => name === plan.service.name)
    return one
      ? endedRow(one, changeOf(plan), plan.service.taskDefinition)
      : unwatchedRow(plan, answers)
  })
  return resultOf({ cluster, verb: 'start', rows })
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
  answers: ReadonlyMap<string, Sent>,
  points: readonly Point[],
): Watch | undefined {
  const { service } = plan
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
    atLeast: plan.is === 'start' ? plan.count : 1,
    proven: plan.is === 'start' ? 'done' : 'unchanged',
    watched: { deployment: primary.id, target, before, seen: true, missed: 0, forced: false },
  }
}

function unwatchedRow(plan: StartPlan, answers: ReadonlyMap<string, Sent>): Row {
  const { service } = plan
  const change = changeOf(plan)
  const sent = answers.get(service.name)
  if (sent?.is === 'not-sent') {
    return plainRow(service, { outcome: 'failed', why: sent.why, change, next: [sent.next] })
  }
  if (plan.is === 'unchanged')
    return plainRow(service, { outcome: 'unchanged', why: plan.why, change, drained: true })
  return plainRow(service, {
    outcome: 'inconclusive',
    why: 'ECS shows no deployment of it',
    change,
  })
}

function planned(cluster: string, plans: readonly StartPlan[]): Result {
  const rows = plans.map((plan) =>
    plainRow(plan.service, { outcome: 'planned', why: plan.why, change: changeOf(plan) }),
  )
  const count = plans.filter((plan) => plan.is === 'start').length
  return wouldBe(rows, `${count} of ${plans.length} services of ${cluster} would be started`)
}
