import type { Container, Task, World } from './state.ts'
import { isWanted, type TaskListener } from './tasks.ts'
import { strikes } from './trouble.ts'

const SECOND = 1000

/**
 * Looks at a container with a `healthCheck` at its interval, from its start on. The command is not run: it passes unless a
 * scripted trouble says otherwise. Failures in `startPeriod` do not count, `retries` in a row make it UNHEALTHY [AWS: HealthCheck].
 */
export function watchHealth(
  world: World,
  { task, container, changed }: { task: Task; container: Container; changed: TaskListener },
): void {
  const check = container.definition.healthCheck
  if (!check) return
  const { interval = 30, retries = 3, startPeriod = 0 } = check
  const began = world.clock.now()
  let failures = 0
  const look = (): void => {
    if (world.closed || !isWanted(task) || container.lastStatus !== 'RUNNING') return
    const fails = strikes(world.troubles, task, { kinds: ['container-unhealthy'], container })
    const counts = world.clock.since(began) >= startPeriod * SECOND
    failures = fails ? failures + (counts ? 1 : 0) : 0
    const status = fails ? (failures >= retries ? 'UNHEALTHY' : container.health) : 'HEALTHY'
    if (status !== container.health) {
      container.health = status
      task.version += 1
      changed(task)
    }
    world.clock.after(interval * SECOND, look)
  }
  world.clock.after(interval * SECOND, look)
}

const isEssential = ({ definition }: Container) => definition.essential !== false

/** A task's health by the checks of its essential containers; UNKNOWN while one of them has not passed, or there are none. */
export function taskHealth(task: Task): Container['health'] {
  const checked = task.containers.filter((one) => isEssential(one) && one.definition.healthCheck)
  if (checked.some((one) => one.health === 'UNHEALTHY')) return 'UNHEALTHY'
  if (checked.length === 0 || checked.some((one) => one.health === 'UNKNOWN')) return 'UNKNOWN'
  return 'HEALTHY'
}

/** True when a health check of an essential container decides about the task. */
export function hasHealthCheck(task: Task): boolean {
  return task.containers.some((one) => isEssential(one) && one.definition.healthCheck)
}
