import { isInjected } from './failures.ts'
import { digest12, isAlive, type LiveService, type LiveTask } from './state.ts'

/** Tasks that run the same: one task definition, the same digests by container name. */
export interface Serving {
  /** `family:revision`. */
  readonly taskDefinition: string
  /** `web@4f2a91c0d3e8 proxy@…`. */
  readonly fingerprint: string
  /** RUNNING: they may get requests. */
  readonly running: number
  /** They start, or end. */
  readonly other: number
}

/** Containers by name and digest, as people compare them. */
export const fingerprintText = (
  containers: readonly { readonly name: string; readonly digest?: string | undefined }[],
) =>
  containers
    .filter(({ name }) => !isInjected(name))
    .map(({ name, digest }) => `${name}@${digest12(digest)}`)
    .sort()
    .join(' ')

/** What serves, grouped by what it is: most tasks first. */
export function servingOf(tasks: readonly LiveTask[]): readonly Serving[] {
  const groups = new Map<string, Serving>()
  for (const task of tasks.filter(isAlive)) {
    const { taskDefinition } = task
    const fingerprint = fingerprintText(task.containers)
    const key = `${taskDefinition}\0${fingerprint}`
    const { running = 0, other = 0 } = groups.get(key) ?? {}
    const serves = task.status === 'RUNNING'
    groups.set(key, {
      taskDefinition,
      fingerprint,
      running: running + (serves ? 1 : 0),
      other: other + (serves ? 0 : 1),
    })
  }
  return [...groups.values()].sort((a, b) => b.running - a.running)
}

/** `2 of 2 tasks web:1 (web@4f2a91c0d3e8); 1 task of web:2 starts or ends`. */
export function servingText(service: LiveService, tasks: readonly LiveTask[]): string {
  const found = servingOf(tasks)
  const running = found.filter((one) => one.running > 0)
  const others = found.filter((one) => one.other > 0)
  const parts = [
    ...running.map(
      (one) =>
        `${one.running} of ${service.desired} desired tasks ${one.taskDefinition} (${one.fingerprint})`,
    ),
    ...others.map((one) => `${one.other} of ${one.taskDefinition} starting or ending`),
  ]
  return running.length === 0 ? ['NOTHING', ...parts].join('; ') : parts.join('; ')
}
