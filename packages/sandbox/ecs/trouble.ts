import type { Probe } from '../processes/runtime.ts'
import type { Container, Service, Task } from './state.ts'

/** What may go wrong with tasks, by the name of the cause. */
export type Kind = Trouble['is']

/** Something that goes wrong. All times are simulated milliseconds. */
export type Trouble =
  /** The task never starts: TaskFailedToStart. */
  | { readonly is: StartTrouble }
  /** A container ends by itself, 500 ms after its start unless said otherwise; `reason` is the container's. */
  | {
      readonly is: 'exit'
      readonly code: number
      readonly afterMs?: number
      readonly reason?: string
      readonly container?: string
    }
  | { readonly is: 'out-of-memory'; readonly afterMs?: number; readonly container?: string }
  /** The container's `healthCheck` fails from now on. */
  | { readonly is: 'container-unhealthy'; readonly container?: string }
  /** The health checks of target groups see this from now on, whatever the program answers. */
  | { readonly is: 'target-unhealthy'; readonly status: number | 'timeout' }
  /** Nothing can be placed. */
  | { readonly is: PlacementTrouble }
  /** Stopping takes so much longer. */
  | { readonly is: 'slow-stop'; readonly ms: number }

export type StartTrouble =
  | 'registry-timeout'
  | 'registry-auth'
  | 'image-not-found'
  | 'secrets-timeout'
  | 'network-interface'
  | 'file-system'
  | 'log-driver'
  | 'assume-role'

export type PlacementTrouble = 'no-capacity' | 'vcpu-quota' | 'no-instance'

/** Whom it strikes: everybody unless it says otherwise. */
export interface Where {
  readonly cluster?: string
  readonly service?: string
  /** `family:revision`. */
  readonly taskDefinition?: string
  /** A reference as the task definition writes it. */
  readonly image?: string
  /** Only so many tasks. */
  readonly times?: number
}

/** One scripted trouble with the tasks that it has struck. */
export interface Scripted {
  readonly rule: Trouble & Where
  readonly struck: Set<string>
}

/** What is scripted to go wrong. */
export interface Troubles {
  /** From now on it goes wrong; the answer ends it. */
  add(rule: Trouble & Where): () => void
  clear(): void
  list(): readonly Scripted[]
}

/** Nothing goes wrong yet. */
export function noTroubles(): Troubles {
  let all: Scripted[] = []
  return {
    add: (rule) => {
      const one: Scripted = { rule, struck: new Set() }
      all.push(one)
      return () => {
        all = all.filter((each) => each !== one)
      }
    },
    clear: () => {
      all = []
    },
    list: () => all,
  }
}

type Of<K extends Kind> = Extract<Trouble, { readonly is: K }> & Where

/** The trouble of one of these kinds that strikes a task, which is noted. */
export function strikes<K extends Kind>(
  troubles: Troubles,
  task: Task,
  { kinds, container }: { readonly kinds: readonly K[]; readonly container?: Container },
): Of<K> | undefined {
  const found = troubles.list().find(({ rule, struck }) => {
    if (!(kinds as readonly Kind[]).includes(rule.is)) return false
    const named = 'container' in rule ? rule.container : undefined
    if (named && container?.definition.name !== named) return false
    if (!concerns(rule, task, container)) return false
    return struck.has(task.id) || struck.size < (rule.times ?? Number.POSITIVE_INFINITY)
  })
  found?.struck.add(task.id)
  return found?.rule as Of<K> | undefined
}

function concerns(rule: Where, task: Task, container: Container | undefined): boolean {
  const { family, revision } = task.taskDefinition
  const images = (container ? [container] : task.containers).map((one) => one.definition.image)
  return (
    fits(rule.cluster, task.cluster.name) &&
    fits(rule.service, task.service?.name) &&
    fits(rule.taskDefinition, `${family}:${revision}`) &&
    (rule.image === undefined || images.includes(rule.image))
  )
}

const fits = (wanted: string | undefined, is: string | undefined) =>
  wanted === undefined || wanted === is

const PLACEMENT: Readonly<Record<PlacementTrouble, string>> = {
  'no-capacity':
    'was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
  'vcpu-quota':
    'was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently.',
  'no-instance':
    'was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.',
}
const MORE =
  ' For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.'

/** Why nothing of a service can be placed, as its event says it. */
export function placementTrouble(troubles: Troubles, service: Service): string | undefined {
  const { family, revision } = service.config.taskDefinition
  const found = troubles
    .list()
    .find(
      ({ rule }) =>
        rule.is in PLACEMENT &&
        fits(rule.cluster, service.cluster.name) &&
        fits(rule.service, service.name) &&
        fits(rule.taskDefinition, `${family}:${revision}`),
    )
  return found && `${PLACEMENT[found.rule.is as PlacementTrouble]}${MORE}`
}

const RETRIED = 'has been retried'

/** Why a task does not start, in AWS's words as they appear in public logs. */
export function startReason(kind: StartTrouble, task: Task): string {
  const image = task.containers[0]?.definition.image ?? ''
  const { account, region } = task.cluster.region
  switch (kind) {
    case 'registry-timeout':
      return `CannotPullContainerError: pull image manifest ${RETRIED} 7 time(s): failed to resolve ref ${image}: failed to do request: Head "https://${image}": dial tcp 10.0.0.1:443: i/o timeout`
    case 'registry-auth':
      return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call ${RETRIED} 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.${region}.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout`
    case 'image-not-found':
      return `CannotPullContainerError: pull image manifest ${RETRIED} 1 time(s): failed to resolve ref ${image}: ${image}: not found`
    case 'secrets-timeout':
      return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call ${RETRIED} 5 time(s): failed to fetch secret from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded: dial tcp 10.0.0.1:443: i/o timeout`
    case 'network-interface':
      return 'ResourceInitializationError: unable to create network interface: InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request.'
    case 'file-system':
      return `ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-0123456789abcdef0.efs.${region}.amazonaws.com" - check that your file system ID is correct`
    case 'log-driver':
      return `ResourceInitializationError: failed to validate logger args: create stream ${RETRIED} 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1`
    case 'assume-role':
      return `ECS was unable to assume the role 'arn:aws:iam::${account}:role/execution' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.`
  }
}

export const START_TROUBLES: readonly StartTrouble[] = [
  'registry-timeout',
  'registry-auth',
  'image-not-found',
  'secrets-timeout',
  'network-interface',
  'file-system',
  'log-driver',
  'assume-role',
]

/** What a health check of a target group sees of a task that is in trouble. */
export function scriptedProbe(troubles: Troubles, task: Task): Probe | undefined {
  const found = strikes(troubles, task, { kinds: ['target-unhealthy'] })
  if (!found) return undefined
  return found.status === 'timeout' ? { kind: 'timeout' } : { kind: 'answer', status: found.status }
}
