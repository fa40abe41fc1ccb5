import { type Entry, iso, type Result, type Run, type Written } from '#core'
import type { Begun } from '../begin.ts'
import type { EcsClients } from '../client.ts'
import { observeServices, serviceOf } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { lastSent, recordedCount } from '../recorded.ts'
import { plainRow, type Row, refusedRow, resultOf, wouldBe } from '../report/table.ts'
import { type Sent, scale } from '../rollback/send.ts'
import type { EcsSettings } from '../settings.ts'
import type { LiveService } from '../state.ts'
import type { Moments } from '../watch/moments.ts'
import { type Drained, drain } from './drain.ts'
import {
  boundsOf,
  observeScaling,
  planSuspension,
  resumeCommand,
  type ScalableTarget,
  type Suspension,
  suspendScaling,
  suspensionEntry,
  targetOf,
} from './scaling.ts'

/** What stopping one service takes. */
export interface StopPlan {
  readonly service: LiveService
  /** The count that is recorded before the stop; undefined where the journal has it. */
  readonly record: number | undefined
  /** Whether a call is needed. */
  readonly send: boolean
  readonly why: string
  readonly suspension: Suspension
}

/** Plans the stop of one service: pure. 0 is never recorded over a real count. */
export function planStop(
  service: LiveService,
  entries: readonly Written[],
  target?: ScalableTarget,
): StopPlan {
  const { desired } = service
  const suspension = planSuspension(target, desired)
  if (desired > 0)
    return { service, record: desired, send: true, why: `it desires ${desired} tasks`, suspension }
  const recorded = recordedCount(entries, service.name)
  const idle = { service, send: false, suspension }
  switch (recorded.is) {
    case 'none':
      return { ...idle, record: 0, why: 'it desires no task' }
    case 'stopped':
      return {
        ...idle,
        record: undefined,
        why: `stopped before; ${recorded.count} tasks are recorded`,
      }
    case 'started':
      return {
        ...idle,
        record: recorded.count,
        why: `its start to ${recorded.count} never arrived`,
      }
  }
}

/** Stops services: autoscaling suspended, counts into the journal, desired 0, then waits until no process of theirs runs. */
export async function stop(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  begun: Begun,
): Promise<Result> {
  const { cluster } = settings
  const daemons = refuseDaemons(begun.services)
  if (daemons) return daemons
  const names = begun.services.map(({ name }) => name)
  const scaling = await observeScaling(run, clients, { cluster, names })
  const first = begun.services.map((service) =>
    planStop(service, begun.entries, targetOf(scaling, service.name)),
  )
  if (run.dryRun) return planned(cluster, first)
  warn(run, { cluster, plans: first, stored: begun.store !== undefined })
  const suspended = await suspend(run, clients, { cluster, plans: first })
  const plans =
    suspended.size === 0 ? first : await recount(clients, { cluster, plans: first, begun })
  const possible = plans.filter(({ service }) => suspended.get(service.name)?.is !== 'not-sent')
  await run.journal.intend(possible.flatMap(entryOf))
  const rows = await carryOut(run, clients, { cluster, plans, suspended })
  return resultOf({ cluster, verb: 'stop', rows })
}

function warn(
  run: Run,
  given: {
    readonly cluster: string
    readonly plans: readonly StopPlan[]
    readonly stored: boolean
  },
): void {
  for (const { service, suspension } of given.plans) {
    if (suspension.is === 'left') run.report.warning(`${service.name}: ${suspension.why}`)
  }
  if (given.stored) return
  run.report.warning(
    'No store is named: the counts stay in this report, and mode start will not find them.',
  )
  for (const { suspension } of given.plans) {
    if (suspension.is !== 'suspend') continue
    const { service, suspended } = suspension.target
    const command = resumeCommand(given.cluster, service, suspended)
    run.report.warning(
      `${service}: its autoscaling stays suspended until you resume it: ${command}`,
    )
  }
}

/** Suspends autoscaling where it is not, so that the counts that are recorded after it move no more. By service. */
async function suspend(
  run: Run,
  clients: EcsClients,
  given: { readonly cluster: string; readonly plans: readonly StopPlan[] },
): Promise<ReadonlyMap<string, Sent>> {
  const targets = given.plans.flatMap(({ suspension }) =>
    suspension.is === 'suspend' ? [suspension.target] : [],
  )
  if (targets.length === 0) return new Map()
  await run.journal.intend(targets.map(suspensionEntry))
  const sent = await inParallel(targets, async ({ service }) => {
    const answer = await suspendScaling(clients, { cluster: given.cluster, service })
    return [service, answer] as const
  })
  return new Map(sent)
}

/** Plans again with what autoscaling made of the services until it was suspended: a higher count is the one to bring back. */
async function recount(
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly StopPlan[]
    readonly begun: { readonly entries: readonly Written[] }
  },
): Promise<readonly StopPlan[]> {
  const { cluster, plans, begun } = given
  const moving = plans.filter(({ suspension }) => suspension.is === 'suspend')
  const names = moving.map(({ service }) => service.name)
  const observed = await observeServices(clients, { cluster, names })
  return plans.map((plan) => {
    const service = serviceOf(observed, plan.service.name)
    return service ? larger(plan, planStop(service, begun.entries)) : plan
  })
}

function larger(first: StopPlan, now: StopPlan): StopPlan {
  const counts = [first.record, now.record].filter((count) => count !== undefined)
  const record = counts.length > 0 ? Math.max(...counts) : undefined
  return { ...now, record, send: first.send || now.send, suspension: first.suspension }
}

/** Refuses DAEMON services: they have no desired count, but one task per host [AWS: service scheduler]. */
export function refuseDaemons(services: readonly LiveService[]): Result | undefined {
  const daemons = services.filter((service) => service.scheduling === 'DAEMON')
  if (daemons.length === 0) return undefined
  const names = daemons.map(({ name }) => name).join(', ')
  return {
    outcome: 'refused',
    headline: `${names}: a DAEMON service has no desired count to change; nothing was changed`,
    next: ['leave them out of services'],
  }
}

function entryOf(plan: StopPlan): readonly Entry[] {
  if (plan.record === undefined) return []
  const detail = { desiredCount: plan.record }
  return [{ component: 'ecs', operation: 'stop', on: plan.service.name, detail }]
}

const changeOf = ({ service }: StopPlan) => `${service.desired} → 0 tasks`

function planned(cluster: string, plans: readonly StopPlan[]): Result {
  const rows = plans.map((plan) =>
    plainRow(plan.service, {
      outcome: 'planned',
      why: [plan.why, ...scalingWords(plan.suspension)].join('; '),
      change: changeOf(plan),
    }),
  )
  const count = plans.filter((plan) => plan.send).length
  return wouldBe(rows, `${count} of ${plans.length} services of ${cluster} would be stopped`)
}

function scalingWords(suspension: Suspension): readonly string[] {
  switch (suspension.is) {
    case 'none':
      return []
    case 'left':
      return [suspension.why]
    case 'suspend':
      return [`its autoscaling (${boundsOf(suspension.target)}) would be suspended first`]
  }
}

/** Nothing is set to 0 whose autoscaling could not be suspended: it would come back by itself. */
async function send(
  clients: EcsClients,
  plan: StopPlan,
  given: { readonly cluster: string; readonly suspended: ReadonlyMap<string, Sent> },
): Promise<Sent> {
  const { name } = plan.service
  const suspended = given.suspended.get(name)
  if (suspended?.is === 'not-sent') {
    const why = `not stopped, because its autoscaling could not be suspended: ${suspended.why}`
    return { ...suspended, why }
  }
  if (!plan.send) return { is: 'sent', deployment: undefined }
  return scale(clients, { cluster: given.cluster, service: name, desiredCount: 0 })
}

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly StopPlan[]
    readonly suspended: ReadonlyMap<string, Sent>
  },
): Promise<readonly Row[]> {
  const { cluster, plans, suspended } = given
  const started = run.clock.now()
  const sent = await inParallel(plans, (plan) => send(clients, plan, given))
  const waiting = plans.filter((_, index) => sent[index]?.is === 'sent')
  const ends = await drain(run, clients, { cluster, services: waiting.map((plan) => plan.service) })
  return plans.map((plan, index): Row => {
    const change = changeOf(plan)
    const answer = sent[index]
    if (answer?.is === 'not-sent') return refusedRow(plan.service, change, answer)
    const end = ends.find(({ service }) => service.name === plan.service.name)
    const { tasks, took = 0, seen = 'nothing' } = end ?? {}
    const moments = momentsOf(plan, end, { started, entries: run.journal.entries() })
    const service = end?.service ?? plan.service
    if (!end?.empty) {
      const why = `out of time; seen last: ${seen}`
      return plainRow(service, { outcome: 'inconclusive', why, change, tasks, took, moments })
    }
    const outcome = plan.send || suspended.has(service.name) ? 'done' : 'unchanged'
    const why = 'no process of it runs'
    return plainRow(service, { outcome, why, change, tasks, took, moments, drained: true })
  })
}

/** A stop ends bad traffic too, unless this record's own code runs there already: then it had ended before. */
function momentsOf(
  { service, send }: StopPlan,
  end: Drained | undefined,
  { started, entries }: { readonly started: number; readonly entries: readonly Written[] },
): Moments {
  const gone = { capacityRestored: null, steady: null }
  const good = lastSent(entries, service.name, 'way-back')?.to === service.taskDefinition
  if (good) return gone
  const at = iso(started + (end?.took ?? 0))
  return { ...gone, badTrafficEnded: end?.empty ? { at, already: !send } : null }
}
