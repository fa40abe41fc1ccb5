import { createHash } from 'node:crypto'

/** One task that is to be run once, to its end. */
export interface TaskOrder {
  readonly cluster: string
  /** `family:revision` or its ARN, never a bare family: which code runs is decided before. */
  readonly taskDefinition: string
  /** The container that the command is for; its exit code is the task's. */
  readonly container: string
  /** Replaces the container's command; nothing is passed through a shell. */
  readonly command: readonly string[]
  /** Set over the container's own variables. Whoever may describe tasks can read them: never a secret. */
  readonly environment?: Readonly<Record<string, string>>
  /** The service of the cluster whose network, launch type or capacity providers, and platform version are used. */
  readonly service: string
  /** Names the task in ECS: a task that has it is this one, and is not started again. */
  readonly startedBy: string
  /** Lets ECS itself tell a repeated request from a new one. */
  readonly clientToken: string
}

/** How long `startedBy` may be, and of what [AWS: RunTask]. */
const longest = 128
const foreign = /[^A-Za-z0-9/_-]/g

/**
 * What names a task so that any later run finds it again. `name` says which work it is, and which try: another try of
 * work that failed needs another name, or it finds the task that failed.
 */
export function tokensOf(name: string): Pick<TaskOrder, 'startedBy' | 'clientToken'> {
  const clientToken = createHash('sha256').update(name).digest('hex')
  const plain = name.replace(foreign, '-')
  const same = plain === name && name.length <= longest
  const startedBy = same ? name : `${plain.slice(0, longest - 9)}-${clientToken.slice(0, 8)}`
  return { startedBy, clientToken }
}
