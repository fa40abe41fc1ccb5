import type { Fact } from './environment/facts.ts'

/** What ECS says now, mapped once to plain data. Times are milliseconds since the epoch, by ECS's clock. */

/** One deployment of a service: a row of DescribeServices' `deployments`. */
export interface Rollout {
  /** `ecs-svc/<number>`; ECS brings an old one back under its old id when it rolls back by itself. */
  readonly id: string
  readonly primary: boolean
  /** `family:revision`. */
  readonly taskDefinition: string
  /** `unknown` where ECS reports none: controllers other than its own. */
  readonly state: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'unknown'
  /** ECS's reason for the state, empty when it gives none. */
  readonly why: string
  readonly failedTasks: number
  readonly running: number
  readonly desired: number
  readonly createdAt: number
}

/** An event of a service. */
export interface ServiceEvent {
  readonly id: string
  readonly at: number
  readonly message: string
}

/** A service that exists and is ACTIVE. */
export interface LiveService {
  readonly name: string
  readonly controller: 'ECS' | 'CODE_DEPLOY' | 'EXTERNAL'
  /** `ROLLING`, or one of ECS's own traffic-shifting strategies. */
  readonly strategy: string
  readonly scheduling: 'REPLICA' | 'DAEMON'
  /** `family:revision`. */
  readonly taskDefinition: string
  readonly desired: number
  readonly running: number
  readonly pending: number
  /** Newest first, as ECS lists them. */
  readonly rollouts: readonly Rollout[]
  /** Newest first, at most 100. */
  readonly events: readonly ServiceEvent[]
  /** ARNs of the service revisions that have tasks or get them. */
  readonly revisions: readonly string[]
  /** ARN of the service deployment that is the current one, where ECS reports it. */
  readonly serviceDeployment?: string
  /** Names of the containers that load balancers send traffic to. */
  readonly balanced: readonly string[]
  /** What CodeDeploy deploys in place of deployments; left out for services that ECS deploys. */
  readonly taskSets?: readonly TaskSet[]
  /** Where load balancers send traffic to: to which port of which container. */
  readonly loadBalancers: readonly LoadBalancer[]
  /** So long, in milliseconds, health checks do not count after a task has started. */
  readonly grace?: number
  /** How many tasks, in percent of the desired ones, must stay and may be there while a deployment is under way. */
  readonly percent?: { readonly least: number; readonly most: number }
}

/** Where a load balancer finds a service. */
export interface LoadBalancer {
  /** ARN; left out for a Classic Load Balancer. */
  readonly targetGroup?: string
  readonly container: string
  readonly port: number
}

/** A task set of a service that CodeDeploy deploys. */
export interface TaskSet {
  /** `ecs-svc/<number>`, which its tasks carry as `startedBy`. */
  readonly id: string
  /** PRIMARY serves production traffic; ACTIVE and DRAINING do not [AWS: TaskSet]. */
  readonly status: string
  /** `family:revision`. */
  readonly taskDefinition: string
  /** The id of the CodeDeploy deployment that made it; the first one has none. */
  readonly deployment?: string
  readonly desired: number
  readonly running: number
}

/** Tells whether CodeDeploy deploys a service. */
export const isCodeDeployed = ({ controller }: LiveService) => controller === 'CODE_DEPLOY'

/** Why a service is deployed in a way that this version cannot take back; undefined when it can. */
export function unsupported({ controller }: LiveService): string | undefined {
  return controller === 'EXTERNAL'
    ? 'its deployment controller is EXTERNAL: only what makes its task sets can take it back: have that make a task set of the destination, make it primary (aws ecs update-service-primary-task-set), then delete the bad one'
    : undefined
}

/** Tells whether a service's deployments shift traffic (blue/green, linear, canary) instead of replacing task by task. */
export const shiftsTraffic = ({ strategy }: LiveService) => strategy !== 'ROLLING'

/** A service that cannot be worked with, by name. */
export interface AbsentService {
  readonly name: string
  /** `MISSING`, `DRAINING`, `INACTIVE`. */
  readonly is: string
  /** One clause: `it does not exist in cluster production`. */
  readonly why: string
}

/** What one look at some services found. */
export interface Observed {
  readonly services: readonly LiveService[]
  readonly absent: readonly AbsentService[]
}

/** One container of a task. */
export interface LiveContainer {
  readonly name: string
  readonly image: string
  /** `sha256:…`, where ECS reports it. */
  readonly digest?: string
  readonly exitCode?: number
  readonly reason?: string
}

/** A task of a service. */
export interface LiveTask {
  /** The last part of its ARN. */
  readonly id: string
  /** `family:revision`. */
  readonly taskDefinition: string
  /** The id of the deployment that started it. */
  readonly startedBy: string
  readonly desiredStatus: 'RUNNING' | 'STOPPED'
  /** `RUNNING`, `DEACTIVATING`, `STOPPED` and the others of the task life cycle. */
  readonly status: string
  readonly health: 'HEALTHY' | 'UNHEALTHY' | 'UNKNOWN'
  readonly stopCode?: string
  readonly stoppedReason?: string
  readonly createdAt: number
  /** When it became RUNNING. */
  readonly startedAt?: number
  /** When ECS began to end it. */
  readonly stoppingAt?: number
  readonly stoppedAt?: number
  readonly containers: readonly LiveContainer[]
}

/** A service revision: what a deployment starts, images by digest. */
export interface Revision {
  readonly arn: string
  /** `family:revision`. */
  readonly taskDefinition: string
  readonly containers: readonly LiveContainer[]
  readonly createdAt: number
}

/** A service deployment as the list of them has it. */
export interface ListedDeployment {
  readonly arn: string
  readonly status: string
  /** ARN of the revision that it deploys. */
  readonly target?: string
  readonly createdAt: number
  /** 0 where it has not happened. */
  readonly finishedAt: number
}

/** A lifecycle hook of a service deployment that waits or waited: Lambda or PAUSE. */
export interface LifecycleHook {
  readonly id: string
  /** `PAUSE`, `AWS_LAMBDA`. */
  readonly type: string
  /** `AWAITING_ACTION` while it waits for ContinueServiceDeployment. */
  readonly status: string
  /** When ECS stops waiting by itself; 0 where it does not say. */
  readonly expiresAt: number
  /** What ECS does then: `ROLLBACK` or `CONTINUE`, empty where it does not say. */
  readonly timeoutAction: string
}

/** A service deployment: the history entry of one change, with ECS's own verdict. */
export interface ServiceDeployment {
  readonly arn: string
  /** `SUCCESSFUL`, `ROLLBACK_IN_PROGRESS` and the others. */
  readonly status: string
  readonly why: string
  /** ARN of the revision that it deploys. */
  readonly target?: string
  /** How many tasks of it run, of those that it asked for, where ECS says so. */
  readonly tasks?: { readonly running: number; readonly requested: number }
  /** ARNs of the revisions that it replaces. */
  readonly sources: readonly string[]
  /** The part of the production traffic, in percent, that goes to a revision, by its ARN; only where ECS shifts traffic. */
  readonly traffic?: Readonly<Record<string, number>>
  /** ARN of the revision that ECS went back to. */
  readonly rolledBackTo?: string
  /** When ECS began to go back. */
  readonly rolledBackAt?: number
  /** `PRE_SCALE_UP`, `BAKE_TIME` and the others; only of blue/green, linear and canary deployments. */
  readonly stage?: string
  readonly hooks: readonly LifecycleHook[]
  readonly breaker?: {
    readonly status: string
    readonly failures: number
    readonly threshold: number
  }
  readonly alarms?: {
    readonly status: string
    /** Names of all that watch it, and of those that went off. */
    readonly names?: readonly string[]
    readonly triggered: readonly string[]
  }
  /** True where SUCCESSFUL may come before all tasks are healthy (`earlySuccessCriteria`). */
  readonly earlySuccess: boolean
  readonly createdAt: number
  /** 0 where it has not happened. */
  readonly startedAt: number
  readonly finishedAt: number
}

/** The hook at which a service deployment waits for ContinueServiceDeployment. */
export const pausedAt = ({ hooks }: ServiceDeployment) =>
  hooks.find(({ status }) => status === 'AWAITING_ACTION')

/** The options of the awslogs driver; a stream is called `prefix/container/task id`. */
export interface LogPlace {
  readonly group: string
  readonly region: string
  readonly prefix: string
}

/** A task definition. */
export interface TaskDefinition {
  readonly arn: string
  /** `family:revision`. */
  readonly name: string
  readonly family: string
  readonly status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS'
  readonly containers: readonly {
    readonly name: string
    readonly image: string
    /** Where the awslogs driver writes what it prints. */
    readonly log?: LogPlace
  }[]
  /** Who registered it: the last part of an ARN. */
  readonly registeredBy?: string
  /** What its tasks are started with: compared, never shown. */
  readonly facts: ReadonlySet<Fact>
  /** `family:revision` that a rollback made it a copy of. */
  readonly copyOf?: string
}

/** The deployment that ECS works towards. */
export function primaryOf(service: LiveService): Rollout | undefined {
  return service.rollouts.find((rollout) => rollout.primary)
}

/** The family of `family:revision`. */
export function familyOf(taskDefinition: string): string {
  return taskDefinition.slice(0, taskDefinition.lastIndexOf(':'))
}

/**
 * The revision that a deployment starts: `ecs-svc/<number>` and the revision's ARN end in the same number
 * (hashicorp/terraform-provider-aws relies on it); the only revision there is when none does.
 */
export function revisionOf(service: LiveService, deployment: string): string | undefined {
  const number = deployment.split('/').at(-1) ?? deployment
  const named = service.revisions.find((arn) => arn.endsWith(`/${number}`))
  return named ?? (service.revisions.length === 1 ? service.revisions[0] : undefined)
}

/** Tells whether processes of a task may still run: DEPROVISIONING comes after the containers ended. */
export function isAlive(task: LiveTask): boolean {
  return task.status !== 'STOPPED' && task.status !== 'DEPROVISIONING'
}

/** The first twelve digits of a digest, as people compare them. */
export function digest12(digest: string | undefined): string {
  return digest === undefined ? 'unknown' : digest.replace(/^sha256:/, '').slice(0, 12)
}
