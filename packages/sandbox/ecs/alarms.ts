import { now, type Service, type World } from './state.ts'

/** What ECS looks at in a CloudWatch alarm. */
export interface AlarmState {
  readonly name: string
  readonly state: string
  /** Period times evaluation periods: how long ECS keeps watching after the rollout. */
  readonly spanMs: number
}

/** The alarms of one deployment. */
export interface AlarmWatch {
  readonly names: readonly string[]
  /** False when one of them was in ALARM at the start: then none counts for this deployment [AWS: deployment alarms]. */
  readonly watched: boolean
  readonly spanMs: number
  readonly triggered: string[]
}

/** The watch of a deployment that begins now; undefined when the service has no deployment alarms. */
export function beginWatch(world: World, service: Service): AlarmWatch | undefined {
  const { alarms } = service.settings.deploymentConfiguration
  if (!alarms?.enable) return undefined
  const names = alarms.alarmNames ?? []
  const found = world.alarms(names, service.cluster.region)
  const watched = !found.some((one) => one.state === 'ALARM')
  const spanMs = Math.max(0, ...found.map((one) => one.spanMs))
  return { names, watched, spanMs, triggered: [] }
}

/** The alarms that went into ALARM, noted in the deployment. */
export function noticeAlarms(world: World, service: Service): readonly string[] {
  const [current] = service.history
  const watch = current?.alarms
  if (!current || !watch?.watched || current.status !== 'IN_PROGRESS') return []
  const found = world.alarms(watch.names, service.cluster.region)
  const names = found.filter((one) => one.state === 'ALARM').map((one) => one.name)
  watch.triggered.push(...names)
  if (names.length > 0) current.updatedAt = now(world)
  return names
}

/** True while the state of alarms can end the deployment. */
export function isWatching(service: Service): boolean {
  const [current] = service.history
  return current?.alarms?.watched === true && current.status === 'IN_PROGRESS'
}
