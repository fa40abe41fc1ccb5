import type * as Ecs from '@aws-sdk/client-ecs'

/** The stages that a deployment can be in; the enumeration of the API lacks PRE_PRODUCTION_TRAFFIC_SHIFT, its documentation does not. */
export type Stage = Ecs.ServiceDeploymentLifecycleStage | 'PRE_PRODUCTION_TRAFFIC_SHIFT'

/** One step of a deployment by stages. */
export interface Step {
  readonly stage: Stage
  /** Percent of production traffic that the target revision has from this step on. */
  readonly production?: number
  /** The same for test traffic. */
  readonly test?: number
  /** How long the step lasts at least, in minutes. */
  readonly minutes: number
}

const MINUTES_OF_LINEAR = 6
const PERCENT_OF_LINEAR = 10
const MINUTES_OF_CANARY = 10
const PERCENT_OF_CANARY = 5

/**
 * The steps of a BLUE_GREEN, LINEAR or CANARY deployment [AWS: ServiceDeployment.lifecycleStage, LinearConfiguration,
 * CanaryConfiguration], by how many older revisions were active when it began: the first deployment of a service shifts
 * nothing, and several have to be reconciled first.
 */
export function stepsOf(configuration: Ecs.DeploymentConfiguration, older: number): Step[] {
  const shifts = shiftsOf(configuration).flatMap(({ production, minutes }): Step[] => [
    { stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT', minutes: 0 },
    { stage: 'PRODUCTION_TRAFFIC_SHIFT', production, minutes },
  ])
  return [
    ...(older > 1 ? [{ stage: 'RECONCILE_SERVICE', minutes: 0 } as const] : []),
    { stage: 'PRE_SCALE_UP', minutes: 0 },
    { stage: 'SCALE_UP', minutes: 0 },
    { stage: 'POST_SCALE_UP', minutes: 0 },
    { stage: 'TEST_TRAFFIC_SHIFT', test: 100, minutes: 0 },
    { stage: 'POST_TEST_TRAFFIC_SHIFT', minutes: 0 },
    ...(older > 0 ? shifts : []),
    { stage: 'POST_PRODUCTION_TRAFFIC_SHIFT', minutes: 0 },
    { stage: 'BAKE_TIME', minutes: older > 0 ? (configuration.bakeTimeInMinutes ?? 0) : 0 },
    { stage: 'CLEAN_UP', minutes: 0 },
  ]
}

interface Shift {
  readonly production: number
  readonly minutes: number
}

/** How production traffic moves; no bake time follows the last step. */
function shiftsOf(configuration: Ecs.DeploymentConfiguration): readonly Shift[] {
  const all: Shift = { production: 100, minutes: 0 }
  switch (configuration.strategy) {
    case 'CANARY': {
      const { canaryPercent = PERCENT_OF_CANARY, canaryBakeTimeInMinutes = MINUTES_OF_CANARY } =
        configuration.canaryConfiguration ?? {}
      if (canaryPercent >= 100) return [all]
      return [{ production: canaryPercent, minutes: canaryBakeTimeInMinutes }, all]
    }
    case 'LINEAR': {
      const { stepPercent = PERCENT_OF_LINEAR, stepBakeTimeInMinutes = MINUTES_OF_LINEAR } =
        configuration.linearConfiguration ?? {}
      const before = Array.from({ length: Math.ceil(100 / stepPercent) - 1 }, (_, index) => ({
        production: Math.round(stepPercent * (index + 1) * 10) / 10,
        minutes: stepBakeTimeInMinutes,
      }))
      return [...before, all]
    }
    default:
      return [all]
  }
}

/** True for the strategies that bring a second revision up beside the first one. */
export function goesByStages(configuration: Ecs.DeploymentConfiguration): boolean {
  return configuration.strategy !== undefined && configuration.strategy !== 'ROLLING'
}
