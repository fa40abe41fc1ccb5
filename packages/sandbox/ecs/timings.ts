/** How long things take, in simulated milliseconds; a Fargate task needs about 55 s from nothing to RUNNING. */
export interface Timings {
  /** From a change to the scheduler's next look at the service. */
  readonly schedulerTick: number
  /** PROVISIONING: the network interface. */
  readonly provisioning: number
  /** PENDING: pulling images, fetching secrets. */
  readonly pulling: number
  /** ACTIVATING: registering in load balancers. */
  readonly activating: number
  /** DEPROVISIONING: detaching the network interface. */
  readonly deprovisioning: number
  /** From ROLLBACK_REQUESTED to ROLLBACK_IN_PROGRESS. */
  readonly rollbackRequest: number
  /** How often ECS looks at deployment alarms. */
  readonly alarmInterval: number
  /** How long each stage of a BLUE_GREEN, LINEAR or CANARY deployment lasts at least. */
  readonly lifecycleStage: number
  /** A task without load balancer and health check counts as healthy so long after RUNNING [AWS: minimumHealthyPercent]. */
  readonly healthyWithoutCheck: number
  /** Default of a container's stopTimeout. */
  readonly stopTimeout: number
  /** How long a stopped task can be described. */
  readonly stoppedTaskRetention: number
  /** The first pause of the scheduler after repeated launch failures; doubled up to the longest. */
  readonly firstLaunchPause: number
  readonly longestLaunchPause: number
}

/** Times like those of AWS Fargate. */
export const FARGATE_TIMINGS: Timings = {
  schedulerTick: 2000,
  provisioning: 15_000,
  pulling: 28_000,
  activating: 10_000,
  deprovisioning: 10_000,
  rollbackRequest: 2000,
  lifecycleStage: 5000,
  alarmInterval: 10_000,
  healthyWithoutCheck: 40_000,
  stopTimeout: 30_000,
  stoppedTaskRetention: 3_600_000,
  firstLaunchPause: 30_000,
  longestLaunchPause: 27 * 60_000,
}
