import { type Entry, iso, type Result, type Run, type Written } from '#core'
import type { Store } from '#store'
import { begin } from './begin.ts'
import type { EcsClients } from './client.ts'
import { type Drained, drain } from './drain.ts'
import type { Moments } from './moments.ts'
import { inParallel } from './parallel.ts'
import { lastSent, recordedCount } from './recorded.ts'
import { type Sent, scale } from './send.ts'
import type { EcsSettings } from './settings.ts'
import type { LiveService } from './state.ts'
import { plainRow, type Row, resultOf, wouldBe } from './table.ts'

/** What stopping one service takes. */
export interface StopPlan {
  readonly service: LiveService
  /** The count that is recorded before the stop; undefined where the journal has it. */
  readonly record: number | undefined
  /** Whether a call is needed. */
  readonly send: boolean
  readonly why: string
}

/** Plans the stop of one service: pure. 0 is never recorded over a real count. */
export function planStop(service: LiveService, entries: readonly Written[]): StopPlan {
  const { desired } = service
  if (desired > 0)
    return { service, record: desired, send: true, why: `it desires ${desired} tasks` }
  const recorded = recordedCount(entries, service.name)
  const idle = { service, send: false }
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

/** Stops services: counts into the journal, then desired 0, then waits until no process of theirs runs. */
export async function stop(
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
  const plans = begun.services.map((service) => planStop(service, begun.entries))
  if (run.dryRun) return planned(cluster, plans)
  if (!store) {
    run.report.warning(
      'No store is named: the counts stay in this report, and mode start will not find them.',
    )
  }
  await run.journal.intend(plans.flatMap(entryOf))
  const rows = await carryOut(run, clients, { cluster, plans })
  return resultOf({ cluster, verb: 'stop', rows })
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
    plainRow(plan.service, { outcome: 'planned', why: plan.why, change: changeOf(plan) }),
  )
  const count = plans.filter((plan) => plan.send).length
  return wouldBe(rows, `${count} of ${plans.length} services of ${cluster} would be stopped`)
}

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: { readonly cluster: string; readonly plans: readonly StopPlan[] },
): Promise<readonly Row[]> {
  const { cluster, plans } = given
  const started = run.clock.now()
  const sent = await inParallel(plans, (plan): Promise<Sent> => {
    const order = { cluster, service: plan.service.name, desiredCount: 0 }
    return plan.send
      ? scale(clients, order)
      : Promise.resolve({ is: 'sent', deployment: undefined })
  })
  const waiting = plans.filter((_, index) => sent[index]?.is === 'sent')
  const ends = await drain(run, clients, { cluster, services: waiting.map((plan) => plan.service) })
  return plans.map((plan, index): Row => {
    const change = changeOf(plan)
    const answer = sent[index]
    if (answer?.is === 'not-sent') {
      const next = [answer.next]
      return plainRow(plan.service, { outcome: 'failed', why: answer.why, change, next })
    }
    const end = ends.find(({ service }) => service.name === plan.service.name)
    const { tasks, took = 0, seen = 'nothing' } = end ?? {}
    const moments = momentsOf(plan, end, { started, entries: run.journal.entries() })
    const service = end?.service ?? plan.service
    if (!end?.empty) {
      const why = `out of time; seen last: ${seen}`
      return plainRow(service, { outcome: 'inconclusive', why, change, tasks, took, moments })
    }
    const outcome = plan.send ? 'done' : 'unchanged'
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
