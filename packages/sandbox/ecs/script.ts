import { primaryOf } from './deployments.ts'
import { addEvent } from './events.ts'
import { taskChanged, wake } from './scheduler.ts'
import type { Revision, Service, World } from './state.ts'
import { isWanted, stopTask } from './tasks.ts'
import type { Scripted, Trouble, Where } from './trouble.ts'

/** What AWS's platform does to running tasks, with the reason that a stopped task shows. */
const INTERRUPTIONS = {
  SpotInterruption: 'Your Spot Task was interrupted.',
  TerminationNotice: 'Your Spot Task was interrupted.',
  InfrastructureHealth: 'The infrastructure of the task is unhealthy.',
} as const

export type Interruption = keyof typeof INTERRUPTIONS

/** Which service is meant; every one of that name when no cluster is said. */
export interface Named {
  readonly service: string
  readonly cluster?: string
}

/** How tasks are interrupted, and which: all that run unless it says otherwise. */
export interface Interrupted {
  readonly code: Interruption
  /** `family:revision`. */
  readonly taskDefinition?: string
  readonly count?: number
}

/** What a test lets go wrong, beyond what it can do by AWS's own calls. */
export interface Script {
  /** Lets something go wrong from now on; the answer ends it. */
  trouble(rule: Trouble & Where): () => void
  /** Ends everything that was scripted to go wrong. */
  calm(): void
  troubles(): readonly Scripted[]
  /** Ends running tasks of a service as the platform does. */
  interrupt(what: Named & Interrupted): void
  /** Adds a service event, for texts that nothing here causes. */
  say(named: Named, text: string): void
  /** Makes `family:revision` what ECS thinks was completed last: where its rollbacks go. */
  completedLast(named: Named, taskDefinition: string): void
  /** The service is gone, as an INACTIVE one is some time after its deletion: MISSING, with its deployments and tasks. */
  forget(named: Named): void
  /** Describe and List do not know deployments yet that are younger than this; 0 ends it. */
  hideDeployments(milliseconds: number): void
  /** Where StopServiceDeployment goes from now on. */
  stopGoesTo(where: World['stopGoesTo']): void
}

/** The script of a simulated ECS. */
export function scriptOf(world: World): Script {
  return {
    trouble: (rule) => {
      const end = world.troubles.add(rule)
      return () => {
        end()
        wakeAll(world)
      }
    },
    calm: () => {
      world.troubles.clear()
      wakeAll(world)
    },
    troubles: () => world.troubles.list(),
    interrupt: (what) => {
      for (const service of found(world, what)) interrupt(world, service, what)
    },
    say: (named, text) => {
      for (const service of found(world, named)) addEvent(world, service, text)
    },
    completedLast: (named, taskDefinition) => {
      for (const service of found(world, named))
        service.lastCompleted = revisionOf(service, taskDefinition)
    },
    forget: (named) => {
      for (const service of found(world, named)) forget(world, service)
    },
    hideDeployments: (milliseconds) => {
      world.hiddenDeployments = milliseconds
    },
    stopGoesTo: (where) => {
      world.stopGoesTo = where
    },
  }
}

function services(world: World): readonly Service[] {
  const clusters = [...world.regions.values()].flatMap((region) => [...region.clusters.values()])
  return clusters.flatMap((cluster) => [...cluster.services.values()])
}

function wakeAll(world: World): void {
  for (const service of services(world)) wake(world, service)
}

function found(world: World, { service, cluster }: Named): readonly Service[] {
  const all = services(world).filter(
    (one) => one.name === service && (cluster === undefined || one.cluster.name === cluster),
  )
  if (all.length === 0) throw new Error(`There is no service "${service}".`)
  return all
}

function forget(world: World, service: Service): void {
  const { services: known, tasks } = service.cluster
  service.status = 'INACTIVE'
  known.delete(service.name)
  for (const task of [...tasks.values()])
    if (task.service === service) {
      const cause = {
        code: 'ServiceSchedulerInitiated',
        reason: 'Service deleted.',
        gone: true,
      } as const
      void stopTask(world, task, { cause, changed: () => undefined })
      tasks.delete(task.id)
    }
}

function interrupt(
  world: World,
  service: Service,
  { code, taskDefinition, count = Number.POSITIVE_INFINITY }: Interrupted,
): void {
  if (!(code in INTERRUPTIONS)) throw new Error(`There is no interruption "${code}".`)
  const running = [...service.cluster.tasks.values()].filter(
    (task) => task.service === service && isWanted(task) && task.lastStatus === 'RUNNING',
  )
  const meant = running.filter(
    ({ taskDefinition: { family, revision } }) =>
      taskDefinition === undefined || taskDefinition === `${family}:${revision}`,
  )
  const cause = { code, reason: INTERRUPTIONS[code] }
  for (const task of meant.slice(0, count)) {
    // Not the release's fault, so the circuit breaker does not count it.
    task.judged = true
    service.steady = false
    void stopTask(world, task, { cause, changed: (one) => taskChanged(world, one) })
  }
}

function revisionOf(service: Service, taskDefinition: string): Revision {
  const named = service.revisions.filter((one) => {
    const { family, revision } = one.config.taskDefinition
    return `${family}:${revision}` === taskDefinition
  })
  const other = named.find((one) => one !== primaryOf(service).revision) ?? named[0]
  if (!other) throw new Error(`${service.name} was never deployed with "${taskDefinition}".`)
  return other
}
