import { type Balancers, balancers } from '../balancer/balancers.ts'
import type { TargetGroup } from '../balancer/targetGroup.ts'
import type { Clock, Timer } from '../clock.ts'
import { type ImageCatalogue, imageCatalogue } from '../processes/images.ts'
import type { Runtime } from '../processes/runtime.ts'
import type { Admin, Ground, Service } from '../service.ts'
import { adminPages } from './admin.ts'
import type { AlarmState } from './alarms.ts'
import { clusterOperations } from './clusters.ts'
import { deploymentOperations } from './deploymentOperations.ts'
import { addEvent } from './events.ts'
import { idSource } from './ids.ts'
import { protectionOperations } from './protection.ts'
import { wake } from './scheduler.ts'
import { type Script, scriptOf } from './script.ts'
import { serviceOperations } from './services.ts'
import type { Task, World } from './state.ts'
import { tagOperations } from './tags.ts'
import { taskDefinitionOperations } from './taskDefinitions.ts'
import { taskOperations } from './taskOperations.ts'
import { type TaskSets, taskSets } from './taskSets.ts'
import { targetId } from './tasks.ts'
import { FARGATE_TIMINGS, type Timings } from './timings.ts'
import { noTroubles } from './trouble.ts'

/** What the simulated ECS needs from its surroundings. */
export interface EcsPorts {
  readonly runtime: Runtime
  /** The value of a secret or parameter; rejects with an error that has AWS's `code` and `message`. */
  readonly resolveSecret: (valueFrom: string, account: string, region: string) => Promise<string>
  /** The named alarms of CloudWatch that exist; without it deployments have none. */
  readonly alarms?: (
    names: readonly string[],
    place: { readonly account: string; readonly region: string },
  ) => readonly AlarmState[]
  readonly timings?: Partial<Timings>
  /** For how much simulated time DescribeServices may show the state before the last mutating call; 0 by default. */
  readonly staleReadsMs?: number
}

/** The simulated ECS, with what only a sandbox has. */
export interface EcsService extends Service {
  readonly name: 'ecs'
  readonly images: ImageCatalogue
  readonly balancers: Balancers
  /** What CodeDeploy does to services. */
  readonly taskSets: TaskSets
  /** Lets things go wrong. */
  readonly script: Script
  readonly admin: Readonly<Record<string, Admin>>
  close(): Promise<void>
}

/** A simulated Amazon ECS in which containers run where the runtime puts them. */
export function ecsService(ground: Ground, ports: EcsPorts): EcsService {
  const { clock, cancelAll } = cancellable(ground.clock)
  const world: World = {
    clock,
    folder: ground.folder,
    log: ground.log,
    timings: { ...FARGATE_TIMINGS, ...ports.timings },
    ids: idSource(),
    images: imageCatalogue(clock),
    balancers: balancers(clock),
    runtime: ports.runtime,
    troubles: noTroubles(),
    resolveSecret: ports.resolveSecret,
    alarms: ports.alarms ?? (() => []),
    regions: new Map(),
    staleReads: ports.staleReadsMs ?? 0,
    hiddenDeployments: 0,
    stopGoesTo: 'last-completed',
    closed: false,
  }
  world.balancers.onGroup((group) => group.onChange((id) => targetChanged(world, group, id)))
  return {
    name: 'ecs',
    operations: {
      ...clusterOperations(world),
      ...taskDefinitionOperations(world),
      ...serviceOperations(world),
      ...deploymentOperations(world),
      ...taskOperations(world),
      ...protectionOperations(world),
      ...tagOperations(world),
    },
    images: world.images,
    balancers: world.balancers,
    taskSets: taskSets(world, (service) => wake(world, service)),
    script: scriptOf(world),
    admin: adminPages(world),
    close: async () => {
      world.closed = true
      cancelAll()
      await world.balancers.close()
      await world.runtime.close()
    },
  }
}

/** A clock whose timers can all be dropped at once, so that a closed sandbox keeps no process alive. */
export function cancellable(clock: Clock): { clock: Clock; cancelAll: () => void } {
  const timers = new Set<Timer>()
  const after: Clock['after'] = (milliseconds, run) => {
    const timer = clock.after(milliseconds, () => {
      timers.delete(timer)
      return run()
    })
    timers.add(timer)
    const cancel = () => {
      timers.delete(timer)
      timer.cancel()
    }
    return { cancel }
  }
  const cancelAll = () => {
    for (const timer of timers) timer.cancel()
    timers.clear()
  }
  return { clock: { ...clock, after }, cancelAll }
}

function targetChanged(world: World, group: TargetGroup, id: string): void {
  const found = ownerOf(world, id)
  if (!found?.task.service) return
  const { task, port } = found
  const health = group.health(id)
  if (health?.state === 'unhealthy')
    addEvent(
      world,
      found.task.service,
      `(task ${task.id}) (port ${port}) is unhealthy in (target-group ${group.arn}) due to (reason ${health.description})`,
    )
  wake(world, found.task.service)
}

function ownerOf(world: World, id: string): { task: Task; port: number | undefined } | undefined {
  const [taskId = ''] = id.split('/')
  for (const region of world.regions.values())
    for (const cluster of region.clusters.values()) {
      const task = cluster.tasks.get(taskId)
      const container = task?.containers.find((one) => targetId(task, one) === id)
      if (task) return { task, port: container?.definition.portMappings?.[0]?.containerPort }
    }
  return undefined
}
