import { now, type Service, type Task, type World } from './state.ts'

const KEPT = 100

/** Adds a service event, newest first; AWS keeps the last hundred. */
export function addEvent(world: World, service: Service, text: string): void {
  put(world, service, `(service ${service.name}) ${text}`)
}

/** Tells of an event of one deployment, where AWS writes service and task set in one bracket. */
export function addTaskSetEvent(
  world: World,
  service: Service,
  [id, text]: readonly [string, string],
) {
  put(world, service, `(service ${service.name}, taskSet ${id}) ${text}`)
}

function put(world: World, service: Service, message: string): void {
  const event = { id: world.ids.uuid(), createdAt: now(world), message }
  service.events = [event, ...service.events].slice(0, KEPT)
  world.log(`ecs: ${message}`)
}

/** `(task a) (task b)`. */
export function taskNames(tasks: readonly Task[]): string {
  return tasks.map((task) => `(task ${task.id})`).join(' ')
}

/** Tells of started tasks. */
export function tellStarted(world: World, service: Service, tasks: readonly Task[]): void {
  addEvent(world, service, `has started ${tasks.length} tasks: ${taskNames(tasks)}.`)
}

/** Tells of stopped tasks, with the load balancer's side of it. */
export function tellStopped(world: World, service: Service, tasks: readonly Task[]): void {
  const behind = tasks.filter((task) => task.targetGroups.length > 0)
  for (const arn of new Set(behind.flatMap((task) => task.targetGroups))) {
    const count = behind.filter((task) => task.targetGroups.includes(arn)).length
    addEvent(world, service, `deregistered ${count} targets in (target-group ${arn})`)
  }
  if (behind.length > 0)
    addEvent(world, service, `has begun draining connections on ${behind.length} tasks.`)
  addEvent(world, service, `has stopped ${tasks.length} running tasks: ${taskNames(tasks)}.`)
}
