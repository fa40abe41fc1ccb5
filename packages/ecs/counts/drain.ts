import { isPassing } from '#aws'
import { type Look, type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { observeServices, observeTasks, serviceOf } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { counted } from '../report/table.ts'
import { isAlive, type LiveService, type LiveTask } from '../state.ts'

/** A service that is being emptied. */
export interface Drained {
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  /** True when it desires no task and no process of it runs. */
  readonly empty: boolean
  readonly seen: string
  /** Milliseconds. */
  readonly took: number
}

/** Waits until no process of any of the services runs; those that are not empty in time are returned as they are. */
export async function drain(
  run: Run,
  clients: EcsClients,
  given: { readonly cluster: string; readonly services: readonly LiveService[] },
): Promise<readonly Drained[]> {
  const { cluster, services } = given
  if (services.length === 0) return []
  const started = run.clock.now()
  let all: readonly Drained[] = services.map((service) => ({
    service,
    tasks: [],
    empty: false,
    seen: 'nothing',
    took: 0,
  }))
  const look = async (): Promise<Look<true>> => {
    const names = all.filter((one) => !one.empty).map((one) => one.service.name)
    const observed = await observeServices(clients, { cluster, names })
    all = await inParallel(all, async (one) => {
      const service = serviceOf(observed, one.service.name)
      if (one.empty || !service) return one
      const tasks = await observeTasks(clients, { cluster, service: service.name })
      return { ...judge(service, tasks), took: run.clock.now() - started }
    })
    const open = all.filter((one) => !one.empty)
    if (open.length === 0) return { is: 'found', value: true }
    return {
      is: 'waiting',
      seen: open.map(({ service, seen }) => `${service.name}: ${seen}`).join('; '),
    }
  }
  await until(run, {
    what: `the tasks of ${counted(services.length, 'service')} of ${cluster}`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
  })
  return all
}

/** Judges whether a service is empty. A task in DEPROVISIONING runs nothing any more. */
function judge(service: LiveService, tasks: readonly LiveTask[]): Omit<Drained, 'took'> {
  const alive = tasks.filter(isAlive).length
  const wanted = service.desired === 0 ? '' : `, and ${service.desired} are desired`
  return {
    service,
    tasks,
    empty: service.desired === 0 && alive === 0,
    seen: `${alive} tasks are alive${wanted}`,
  }
}
