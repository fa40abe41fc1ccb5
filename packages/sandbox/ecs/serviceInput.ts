import type * as Ecs from '@aws-sdk/client-ecs'
import { checkDeployments } from './deploymentChecks.ts'
import { checkLaunchType, checkLoadBalancers, invalid } from './lookup.ts'
import type {
  DeploymentConfiguration,
  RevisionConfig,
  ServiceSettings,
  TaskDefinition,
  World,
} from './state.ts'

type Create = Ecs.CreateServiceCommandInput
type Update = Ecs.UpdateServiceCommandInput

const REVISION_FIELDS = [
  'capacityProviderStrategy',
  'platformVersion',
  'networkConfiguration',
  'loadBalancers',
  'serviceRegistries',
  'serviceConnectConfiguration',
  'volumeConfigurations',
  'vpcLatticeConfigurations',
] as const

const SETTING_FIELDS = [
  'desiredCount',
  'healthCheckGracePeriodSeconds',
  'placementConstraints',
  'placementStrategy',
  'enableECSManagedTags',
  'enableExecuteCommand',
  'propagateTags',
  'availabilityZoneRebalancing',
] as const

// How many container instances every cluster seems to have.
const HOSTS = 2

/** What differs by scheduling strategy. */
interface Counts {
  readonly desiredCount: number
  readonly minimumHealthyPercent: number
  readonly maximumPercent: number
}

// UpdateService changes it, but only a later deployment uses it [AWS: UpdateService].
const QUIET_FIELD = 'capacityProviderStrategy'

function pick<T extends object, K extends keyof T>(source: T, keys: readonly K[]): Pick<T, K> {
  const given = keys.filter((key) => source[key] !== undefined)
  return Object.fromEntries(given.map((key) => [key, structuredClone(source[key])])) as Pick<T, K>
}

/** The revision part of CreateService. */
export function createdConfig(
  world: World,
  input: Create,
  taskDefinition: TaskDefinition,
): RevisionConfig {
  const launchType = input.launchType ?? (input.capacityProviderStrategy ? undefined : 'EC2')
  const config = {
    taskDefinition,
    ...(launchType ? { launchType } : {}),
    ...pick(input, REVISION_FIELDS),
  }
  checkConfig(world, config)
  return config
}

/** The revision part after UpdateService, and whether the change makes a deployment. */
export function updatedConfig(
  world: World,
  {
    before,
    input,
    taskDefinition,
  }: {
    readonly before: RevisionConfig
    readonly input: Update
    readonly taskDefinition: TaskDefinition
  },
): { readonly config: RevisionConfig; readonly deploys: boolean } {
  const given = pick(input, REVISION_FIELDS)
  const config: RevisionConfig = { ...before, ...given, taskDefinition }
  checkConfig(world, config)
  const differs = REVISION_FIELDS.filter((field) => field !== QUIET_FIELD).some(
    (field) => JSON.stringify(config[field]) !== JSON.stringify(before[field]),
  )
  const deploys =
    input.forceNewDeployment === true || differs || taskDefinition !== before.taskDefinition
  return { config, deploys }
}

function checkConfig(world: World, config: RevisionConfig): void {
  const { taskDefinition, launchType, networkConfiguration } = config
  checkLaunchType(taskDefinition, launchType)
  const { networkMode } = taskDefinition.content
  if (networkMode === 'awsvpc' && !networkConfiguration?.awsvpcConfiguration?.subnets?.length)
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
  checkLoadBalancers(world, taskDefinition, config.loadBalancers ?? [])
}

/** The settings of CreateService, with AWS's defaults. */
export function createdSettings(input: Create): ServiceSettings {
  if (input.schedulingStrategy === 'DAEMON') return daemonSettings(input)
  const { desiredCount } = input
  if (desiredCount === undefined)
    throw invalid('The desired count must be specified for the REPLICA scheduling strategy.')
  return settingsWith(input, { desiredCount, minimumHealthyPercent: 100, maximumPercent: 200 })
}

function settingsWith(
  input: Create,
  { desiredCount, minimumHealthyPercent, maximumPercent }: Counts,
): ServiceSettings {
  return checkSettings({
    propagateTags: 'NONE',
    enableECSManagedTags: false,
    enableExecuteCommand: false,
    availabilityZoneRebalancing: 'DISABLED',
    ...(input.loadBalancers?.length ? { healthCheckGracePeriodSeconds: 0 } : {}),
    ...pick(input, SETTING_FIELDS),
    desiredCount,
    deploymentConfiguration: merged(
      {
        deploymentCircuitBreaker: { enable: false, rollback: false },
        minimumHealthyPercent,
        maximumPercent,
      },
      input.deploymentConfiguration,
    ),
  })
}

/** The settings after UpdateService: what is not named stays. */
export function updatedSettings(before: ServiceSettings, input: Update): ServiceSettings {
  return checkSettings({
    ...before,
    ...pick(input, SETTING_FIELDS),
    desiredCount: input.desiredCount ?? before.desiredCount,
    deploymentConfiguration: merged(before.deploymentConfiguration, input.deploymentConfiguration),
  })
}

function merged(
  before: DeploymentConfiguration,
  given: Ecs.DeploymentConfiguration | undefined,
): DeploymentConfiguration {
  const named = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  return { ...before, ...structuredClone(Object.fromEntries(named)) }
}

function checkSettings(settings: ServiceSettings): ServiceSettings {
  const { minimumHealthyPercent, maximumPercent } = settings.deploymentConfiguration
  if (settings.desiredCount < 0) throw invalid('desiredCount must not be negative.')
  if (minimumHealthyPercent < 0) throw invalid('minimumHealthyPercent must not be negative.')
  if (maximumPercent < minimumHealthyPercent || maximumPercent < 1)
    throw invalid('The maximumPercent must not be smaller than the minimumHealthyPercent.')
  if (maximumPercent === 100 && minimumHealthyPercent === 100)
    throw invalid(
      'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
    )
  checkDeployments(settings.deploymentConfiguration)
  return settings
}

/** A DAEMON service has one task per container instance, and no desired count [AWS: service scheduler]. */
function daemonSettings(input: Create): ServiceSettings {
  if (input.desiredCount !== undefined)
    throw invalid('The desired count must not be specified for the DAEMON scheduling strategy.')
  if (input.launchType === 'FARGATE')
    throw invalid('The DAEMON scheduling strategy is not supported with the FARGATE launch type.')
  return settingsWith(input, { desiredCount: HOSTS, minimumHealthyPercent: 0, maximumPercent: 100 })
}
