import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import { AwsError, type Operation } from '../service.ts'
import { ALL_AT_ONCE, shiftsOf } from './shifts.ts'
import {
  type Application,
  applicationOf,
  type Deployment,
  deploymentsOf,
  type Group,
  groupOf,
  isEnded,
  now,
  type Place,
  type Region,
  regionOf,
  type World,
} from './state.ts'

/** Applications and deployment groups. */
export function groupOperations(world: World): Record<string, Operation> {
  return {
    CreateApplication: (input: CodeDeploy.CreateApplicationCommandInput, caller) => ({
      applicationId: createApplication(world, input, caller).id,
    }),
    ListApplications: (input: CodeDeploy.ListApplicationsCommandInput, caller) => {
      const names = [...regionOf(world, caller).applications.keys()]
      const { items, nextToken } = page(names, input.nextToken)
      return { applications: items, ...nextToken }
    },
    CreateDeploymentGroup: (input: CodeDeploy.CreateDeploymentGroupCommandInput, caller) => ({
      deploymentGroupId: createGroup(world, input, caller).id,
    }),
    GetDeploymentGroup: (input: CodeDeploy.GetDeploymentGroupCommandInput, caller) => {
      const region = regionOf(world, caller)
      const group = groupOf(applicationOf(region, input.applicationName), input.deploymentGroupName)
      return { deploymentGroupInfo: groupView(region, group) }
    },
    BatchGetDeploymentGroups: (input: CodeDeploy.BatchGetDeploymentGroupsCommandInput, caller) => {
      const region = regionOf(world, caller)
      const names = input.deploymentGroupNames ?? []
      if (names.length > 100)
        throw new AwsError('BatchLimitExceededException', 'At most 100 deployment groups.')
      const application = applicationOf(region, input.applicationName)
      return {
        deploymentGroupsInfo: names.map((name) => groupView(region, groupOf(application, name))),
      }
    },
    ListDeploymentGroups: (input: CodeDeploy.ListDeploymentGroupsCommandInput, caller) => {
      const application = applicationOf(regionOf(world, caller), input.applicationName)
      const { items, nextToken } = page([...application.groups.keys()], input.nextToken)
      return { applicationName: application.name, deploymentGroups: items, ...nextToken }
    },
  }
}

/** A page of a list: a hundred, as AWS gives them. */
export function page<Item>(all: readonly Item[], token: string | undefined) {
  const from = Number(token ?? 0)
  const next = from + 100
  const nextToken = next < all.length ? { nextToken: String(next) } : {}
  return { items: all.slice(from, next), nextToken }
}

/** An id that looks like AWS's and repeats from run to run: `d-A1B2C3D4E`. */
export function idOf(world: World, prefix: string): string {
  world.counter += 1
  return `${prefix}${(world.counter * 7_919_777 + 36 ** 8).toString(36).toUpperCase().slice(-9)}`
}

function createApplication(
  world: World,
  input: CodeDeploy.CreateApplicationCommandInput,
  caller: Place,
): Application {
  const { applications } = regionOf(world, caller)
  const name = input.applicationName ?? ''
  if (name === '')
    throw new AwsError('ApplicationNameRequiredException', 'Application name is required.')
  if (applications.has(name))
    throw new AwsError('ApplicationAlreadyExistsException', `Application already exists: ${name}`)
  if (input.computePlatform !== 'ECS')
    throw new AwsError(
      'InvalidComputePlatformException',
      'The sandbox only knows the platform ECS.',
    )
  const made = { id: idOf(world, 'a-'), name, createTime: now(world), groups: new Map() }
  applications.set(name, made)
  return made
}

function createGroup(
  world: World,
  input: CodeDeploy.CreateDeploymentGroupCommandInput,
  caller: Place,
): Group {
  const application = applicationOf(regionOf(world, caller), input.applicationName)
  const name = input.deploymentGroupName ?? ''
  if (name === '')
    throw new AwsError(
      'DeploymentGroupNameRequiredException',
      'A deployment group name is required.',
    )
  if (application.groups.has(name))
    throw new AwsError(
      'DeploymentGroupAlreadyExistsException',
      `Deployment group already exists: ${name}`,
    )
  if (!input.serviceRoleArn) throw new AwsError('RoleRequiredException', 'A role is required.')
  const [served, ...more] = input.ecsServices ?? []
  if (!served || more.length > 0)
    throw new AwsError('InvalidECSServiceException', 'One ECS service must be named.')
  world.ecs.taskSets.find(caller, served.clusterName ?? 'default', served.serviceName ?? '')
  const [pair] = input.loadBalancerInfo?.targetGroupPairInfoList ?? []
  if (pair?.targetGroups?.length !== 2 || !pair.prodTrafficRoute?.listenerArns?.length)
    throw new AwsError(
      'InvalidTargetGroupPairException',
      'A pair of target groups with a production listener must be named.',
    )
  const config = input.deploymentConfigName ?? ALL_AT_ONCE
  shiftsOf(config)
  const { account, region } = caller
  const place = { account, region }
  const group = { id: idOf(world, 'g-'), place, application: application.name, name, input, config }
  application.groups.set(name, group)
  return group
}

function groupView(region: Region, group: Group): CodeDeploy.DeploymentGroupInfo {
  const { input } = group
  const all = deploymentsOf(region, group)
  const [last] = all
  const good = all.find(({ status }) => status === 'Succeeded')
  return {
    applicationName: group.application,
    deploymentGroupId: group.id,
    deploymentGroupName: group.name,
    deploymentConfigName: group.config,
    serviceRoleArn: input.serviceRoleArn ?? '',
    computePlatform: 'ECS',
    deploymentStyle: {
      deploymentType: 'BLUE_GREEN',
      deploymentOption: 'WITH_TRAFFIC_CONTROL',
    },
    ...(input.ecsServices ? { ecsServices: input.ecsServices } : {}),
    ...(input.loadBalancerInfo ? { loadBalancerInfo: input.loadBalancerInfo } : {}),
    ...(input.alarmConfiguration ? { alarmConfiguration: input.alarmConfiguration } : {}),
    autoRollbackConfiguration: input.autoRollbackConfiguration ?? { enabled: false },
    ...(input.blueGreenDeploymentConfiguration
      ? { blueGreenDeploymentConfiguration: input.blueGreenDeploymentConfiguration }
      : {}),
    ...(good ? { targetRevision: good.revision, lastSuccessfulDeployment: lastView(good) } : {}),
    ...(last ? { lastAttemptedDeployment: lastView(last) } : {}),
  }
}

const lastView = (one: Deployment): CodeDeploy.LastDeploymentInfo => ({
  deploymentId: one.id,
  status: one.status,
  createTime: one.createTime,
  ...(isEnded(one) && one.completeTime ? { endTime: one.completeTime } : {}),
})
