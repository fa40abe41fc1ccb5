import type * as Ecs from '@aws-sdk/client-ecs'
import type { Balancers } from '../balancer/balancers.ts'
import type { Clock, Timer } from '../clock.ts'
import type { ImageCatalogue } from '../processes/images.ts'
import type { Running, Runtime } from '../processes/runtime.ts'
import type { AlarmState, AlarmWatch } from './alarms.ts'
import type { Ids } from './ids.ts'
import type { Step } from './stages.ts'
import type { TaskSet } from './taskSets.ts'
import type { Timings } from './timings.ts'
import type { Troubles } from './trouble.ts'

/** Everything that the simulated ECS is made of and knows. Records are mutable; what is read from them is copied out. */
export interface World {
  readonly clock: Clock
  readonly folder: string
  readonly log: (line: string) => void
  readonly timings: Timings
  readonly ids: Ids
  readonly images: ImageCatalogue
  readonly balancers: Balancers
  readonly runtime: Runtime
  readonly troubles: Troubles
  /** Rejects with an error whose `code` and `message` are AWS's when the value cannot be read. */
  readonly resolveSecret: (valueFrom: string, account: string, region: string) => Promise<string>
  /** The named alarms that exist. */
  readonly alarms: (
    names: readonly string[],
    place: Pick<Region, 'account' | 'region'>,
  ) => readonly AlarmState[]
  readonly regions: Map<string, Region>
  /** How long DescribeServices may still show a service as it was before the last mutating call, in simulated ms. */
  staleReads: number
  /** How old a service deployment must be to be known to Describe and List, in simulated ms. */
  hiddenDeployments: number
  /** Where StopServiceDeployment goes; which of them AWS takes is not documented. */
  stopGoesTo: 'last-completed' | 'source'
  closed: boolean
}

/** One account's ECS in one region. */
export interface Region {
  readonly account: string
  readonly region: string
  readonly clusters: Map<string, Cluster>
  readonly families: Map<string, TaskDefinition[]>
}

/** A cluster with its services and tasks. */
export interface Cluster {
  readonly region: Region
  readonly name: string
  readonly arn: string
  readonly settings: Ecs.ClusterSetting[]
  readonly services: Map<string, Service>
  readonly tasks: Map<string, Task>
  status: 'ACTIVE' | 'INACTIVE'
  tags: Map<string, string>
}

/** A task definition revision: what was registered, and what became of it. */
export interface TaskDefinition {
  readonly arn: string
  readonly family: string
  readonly revision: number
  readonly content: Ecs.RegisterTaskDefinitionCommandInput
  readonly registeredAt: Date
  readonly registeredBy: string
  status: 'ACTIVE' | 'INACTIVE'
  deregisteredAt?: Date
  tags: Map<string, string>
}

/** The part of a service whose change makes a new revision, and so a deployment. */
export type RevisionConfig = Pick<
  Ecs.CreateServiceCommandInput,
  | 'launchType'
  | 'capacityProviderStrategy'
  | 'platformVersion'
  | 'networkConfiguration'
  | 'loadBalancers'
  | 'serviceRegistries'
  | 'serviceConnectConfiguration'
  | 'volumeConfigurations'
  | 'vpcLatticeConfigurations'
> & { readonly taskDefinition: TaskDefinition }

/** The part of a service that can change without a deployment. */
export type ServiceSettings = Pick<
  Ecs.CreateServiceCommandInput,
  | 'healthCheckGracePeriodSeconds'
  | 'placementConstraints'
  | 'placementStrategy'
  | 'enableECSManagedTags'
  | 'enableExecuteCommand'
  | 'propagateTags'
  | 'availabilityZoneRebalancing'
> & {
  readonly desiredCount: number
  readonly deploymentConfiguration: DeploymentConfiguration
}

/** A deployment configuration with its defaults filled in. */
export type DeploymentConfiguration = Ecs.DeploymentConfiguration & {
  readonly minimumHealthyPercent: number
  readonly maximumPercent: number
}

/** A container image of a revision; the digest is fixed by the first successful look-up. */
export interface RevisionImage {
  readonly containerName: string
  readonly image: string
  digest?: string
}

/** An immutable service revision. */
export interface Revision {
  /** 19 digits, shared with the deployment id `ecs-svc/<number>`. */
  readonly number: string
  readonly arn: string
  readonly config: RevisionConfig
  readonly images: RevisionImage[]
  /** By configured target group: the one of the pair in which this revision's tasks are registered. */
  readonly targetGroups: ReadonlyMap<string, string>
  readonly createdAt: Date
}

/** A row of DescribeServices' `deployments`. An ECS-made rollback brings an old one back under its old id. */
export interface Deployment {
  readonly id: string
  readonly revision: Revision
  readonly createdAt: Date
  status: 'PRIMARY' | 'ACTIVE'
  rolloutState: Ecs.DeploymentRolloutState
  rolloutStateReason: string
  failedTasks: number
  updatedAt: Date
}

/** A lifecycle hook that was reached. */
export interface HookRun {
  readonly id: string
  /** The index of the step that it holds up. */
  readonly step: number
  readonly expiresAt: Date
  readonly timeoutAction: Ecs.DeploymentLifecycleHookAction
  status: Ecs.DeploymentLifecycleHookStatus
}

/** How far a BLUE_GREEN, LINEAR or CANARY deployment has come. */
export interface Progress {
  /** The revision that had the production traffic when it began; a first deployment has none. */
  readonly source?: Revision
  readonly steps: readonly Step[]
  /** The index of the current step. */
  step: number
  /** When the current step began. */
  since: number
  readonly hooks: HookRun[]
}

/** Percent of production and test traffic by revision, in services whose deployments go by stages. */
export interface Traffic {
  readonly production: ReadonlyMap<Revision, number>
  readonly test: ReadonlyMap<Revision, number>
}

/** A service deployment: the history entry of one change. */
export interface ServiceDeployment {
  readonly arn: string
  readonly target: Revision
  readonly sources: readonly Revision[]
  readonly configuration: DeploymentConfiguration
  readonly createdAt: Date
  status: Ecs.ServiceDeploymentStatus
  statusReason?: string
  startedAt?: Date
  finishedAt?: Date
  stoppedAt?: Date
  updatedAt: Date
  rollback?: { readonly reason: string; readonly startedAt: Date; readonly revision: Revision }
  breakerTriggered: boolean
  /** Failed tasks that the circuit breaker has counted. */
  failureCount: number
  readonly alarms?: AlarmWatch
  /** When a rolling deployment had reached its goal and began to bake. */
  bakingSince?: number
  /** Only in deployments by stages. */
  progress?: Progress
  /** Task counts per revision ARN, frozen when the deployment finished. */
  counts?: Map<string, TaskCounts>
}

/** Requested, running and pending tasks of one revision. */
export interface TaskCounts {
  readonly requested: number
  readonly running: number
  readonly pending: number
  readonly production?: number
  readonly test?: number
}

/** A service. */
export interface Service {
  readonly cluster: Cluster
  readonly name: string
  readonly arn: string
  readonly createdAt: Date
  readonly createdBy: string
  readonly controller: Ecs.DeploymentControllerType
  readonly scheduling: Ecs.SchedulingStrategy
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE'
  config: RevisionConfig
  settings: ServiceSettings
  /** Newest change first; the PRIMARY one is always the first. */
  deployments: Deployment[]
  /** Of controller CODE_DEPLOY, which has no deployments; newest first. */
  taskSets?: readonly TaskSet[]
  /** Newest first. */
  history: ServiceDeployment[]
  revisions: Revision[]
  /** Set by the first deployment by stages. */
  traffic?: Traffic
  /** The revision to which ECS itself would roll back. */
  lastCompleted?: Revision
  /** Newest first. */
  events: Ecs.ServiceEvent[]
  tags: Map<string, string>
  steady: boolean
  warnedOfPercent: boolean
  /** What the last event about placement or protection said: duplicates are suppressed. */
  warned?: string
  launchFailures: number
  launchNotBefore: number
  tick?: Timer
  /** The next look at the alarms. */
  alarmTick?: Timer
  staleUntil: number
  staleView?: Ecs.Service | 'missing'
}

/** One container of a task. */
export interface Container {
  readonly definition: Ecs.ContainerDefinition
  readonly arn: string
  readonly logFile: string
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED'
  imageDigest?: string
  port?: number
  running?: Running
  exitCode?: number
  reason?: string
  health: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY'
  /** How a scripted end looks, whatever the program's own exit code is. */
  end?: { readonly code: number; readonly reason?: string }
}

export type TaskStatus =
  | 'PROVISIONING'
  | 'PENDING'
  | 'ACTIVATING'
  | 'RUNNING'
  | 'DEACTIVATING'
  | 'STOPPING'
  | 'DEPROVISIONING'
  | 'STOPPED'

/** The RunTask request that started a task: its client token, and everything else that it said. */
export interface Request {
  readonly token: string
  readonly parameters: string
}

/** A task. */
export interface Task {
  readonly id: string
  readonly arn: string
  readonly cluster: Cluster
  readonly taskDefinition: TaskDefinition
  readonly service?: Service
  readonly revision?: Revision
  readonly startedBy?: string
  readonly request?: Request
  readonly group: string
  readonly launchType: Ecs.LaunchType
  readonly overrides: Ecs.TaskOverride
  readonly containers: readonly Container[]
  readonly createdAt: Date
  readonly tags: Map<string, string>
  desiredStatus: 'RUNNING' | 'STOPPED'
  lastStatus: TaskStatus
  version: number
  pullStartedAt?: Date
  pullStoppedAt?: Date
  startedAt?: Date
  stoppingAt?: Date
  executionStoppedAt?: Date
  stoppedAt?: Date
  stopCode?: Ecs.TaskStopCode
  stoppedReason?: string
  /** No scale-in and no deployment ends it before. */
  protectedUntil?: number
  /** Target groups in which the task is or was registered. */
  targetGroups: string[]
  /** Once true, it counted as healthy for its deployment. */
  wasHealthy: boolean
  /** The end of the task has been looked at by the scheduler. */
  judged: boolean
}

/** The simulated now, as a Date. */
export function now(world: World): Date {
  return new Date(world.clock.now())
}

/** Resolves after simulated time; safe under a virtual clock, whose own `sleep` would move the time. */
export function delay(world: World, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void world.clock.after(milliseconds, resolve))
}
