import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError } from '../service.ts'
import { invalid } from './lookup.ts'
import { goesByStages } from './stages.ts'
import type { DeploymentConfiguration } from './state.ts'

const STRATEGIES = ['ROLLING', 'BLUE_GREEN', 'LINEAR', 'CANARY']
const LONGEST = 1440
const LONGEST_PAUSE = 20_160
const NO_PAUSE: readonly string[] = ['TEST_TRAFFIC_SHIFT', 'PRODUCTION_TRAFFIC_SHIFT']

/** Refuses what AWS refuses in a deployment configuration, and what the sandbox would otherwise ignore. */
export function checkDeployments(configuration: DeploymentConfiguration): void {
  const { strategy = 'ROLLING', bakeTimeInMinutes } = configuration
  if (!STRATEGIES.includes(strategy)) throw invalid(`The strategy ${strategy} is not valid.`)
  if (bakeTimeInMinutes !== undefined) inRange('bakeTimeInMinutes', bakeTimeInMinutes, [0, LONGEST])
  checkSteps(configuration)
  for (const hook of configuration.lifecycleHooks ?? []) checkHook(configuration, hook)
  checkEarly(configuration)
}

const NAMES: Readonly<Record<string, string>> = {
  BLUE_GREEN: 'Blue/green',
  LINEAR: 'linear',
  CANARY: 'canary',
}

/** Refuses load balancers between which traffic cannot be shifted [AWS: troubleshooting blue/green deployments]. */
export function checkPairs(
  loadBalancers: readonly Ecs.LoadBalancer[],
  { strategy = 'ROLLING' }: Pick<DeploymentConfiguration, 'strategy'>,
): void {
  const pairs = loadBalancers.flatMap((one) => one.advancedConfiguration ?? [])
  if (pairs.length === 0 && strategy === 'ROLLING') return
  if (pairs.length === 0 && loadBalancers.length > 0)
    throw new AwsError(
      'ClientException',
      `advancedConfiguration field is required for all loadBalancers when using the ${NAMES[strategy]} deployment strategy`,
    )
  if (pairs.length < loadBalancers.length)
    throw invalid(
      'Either all or none of the provided loadBalancers must have advancedConfiguration defined',
    )
  for (const { productionListenerRule: rule, testListenerRule } of pairs)
    if (rule && rule === testListenerRule)
      throw invalid(
        `The following rules cannot be used as both production and test listener rules: ${rule}`,
      )
}

function inRange(name: string, value: number, [least, most]: readonly [number, number]): void {
  if (!(value >= least && value <= most))
    throw invalid(`${name} must be between ${least} and ${most}.`)
}

function checkSteps(configuration: DeploymentConfiguration): void {
  const { strategy, linearConfiguration: linear, canaryConfiguration: canary } = configuration
  if (linear && strategy !== 'LINEAR')
    throw invalid('linearConfiguration is only valid when the deployment strategy is LINEAR.')
  if (canary && strategy !== 'CANARY')
    throw invalid('canaryConfiguration is only valid when the deployment strategy is CANARY.')
  inRange('stepPercent', linear?.stepPercent ?? 10, [3, 100])
  inRange('stepBakeTimeInMinutes', linear?.stepBakeTimeInMinutes ?? 6, [0, LONGEST])
  inRange('canaryPercent', canary?.canaryPercent ?? 5, [0.1, 100])
  inRange('canaryBakeTimeInMinutes', canary?.canaryBakeTimeInMinutes ?? 10, [0, LONGEST])
}

function checkHook(
  configuration: DeploymentConfiguration,
  hook: Ecs.DeploymentLifecycleHook,
): void {
  if (!goesByStages(configuration))
    throw invalid('lifecycleHooks are not supported with the ROLLING deployment strategy.')
  if (hook.targetType !== 'PAUSE')
    throw new AwsError(
      'UnsupportedFeatureException',
      'The sandbox does not simulate: lifecycle hooks that call a function.',
    )
  const stages = hook.lifecycleStages ?? []
  if (stages.length === 0) throw invalid('A lifecycle hook needs lifecycleStages.')
  const wrong = stages.filter((stage) => NO_PAUSE.includes(stage))
  if (wrong.length > 0)
    throw invalid(`PAUSE hooks cannot be configured at the lifecycle stages ${wrong.join(', ')}.`)
  const { timeoutInMinutes = LONGEST } = hook.timeoutConfiguration ?? {}
  inRange('timeoutInMinutes', timeoutInMinutes, [1, LONGEST_PAUSE])
}

function checkEarly(configuration: DeploymentConfiguration): void {
  const { earlySuccessCriteria: early, minimumHealthyPercent } = configuration
  if (!early?.enable) return
  if (goesByStages(configuration))
    throw invalid('earlySuccessCriteria can be used only with the ROLLING deployment strategy.')
  const { healthyPercent, sourceServiceRevisionCleanup: cleanup } = early
  if (healthyPercent === undefined || !cleanup)
    throw invalid('earlySuccessCriteria needs healthyPercent and sourceServiceRevisionCleanup.')
  inRange('healthyPercent', healthyPercent, [0, 100])
  if (healthyPercent < minimumHealthyPercent)
    throw invalid('healthyPercent must not be smaller than minimumHealthyPercent.')
}
