import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import { AwsError, type Operation } from '../service.ts'
import { appSpecOf, contentFor, revisionOf } from './appspec.ts'
import { idOf, page } from './groups.ts'
import { end, play } from './play.ts'
import { shiftsOf } from './shifts.ts'
import {
  applicationOf,
  type Deployment,
  deploymentOf,
  deploymentsOf,
  type Group,
  groupOf,
  isEnded,
  now,
  type Place,
  regionOf,
  type World,
} from './state.ts'
import { targetOf, targetStatus } from './targets.ts'

/** Deployments and their targets. */
export function deploymentOperations(world: World): Record<string, Operation> {
  const find = (input: { deploymentId?: string | undefined }, caller: Place) =>
    deploymentOf(regionOf(world, caller), input.deploymentId)
  return {
    CreateDeployment: (input: CodeDeploy.CreateDeploymentCommandInput, caller) => ({
      deploymentId: create(world, input, caller).id,
    }),
    GetDeployment: (input: CodeDeploy.GetDeploymentCommandInput, caller) => ({
      deploymentInfo: infoOf(find(input, caller)),
    }),
    BatchGetDeployments: (input: CodeDeploy.BatchGetDeploymentsCommandInput, caller) => {
      const ids = input.deploymentIds ?? []
      if (ids.length > 25)
        throw new AwsError('BatchLimitExceededException', 'At most 25 deployments.')
      return { deploymentsInfo: ids.map((deploymentId) => infoOf(find({ deploymentId }, caller))) }
    },
    ListDeployments: (input: CodeDeploy.ListDeploymentsCommandInput, caller) =>
      list(world, input, caller),
    StopDeployment: (input: CodeDeploy.StopDeploymentCommandInput, caller) =>
      stop(world, find(input, caller), input.autoRollbackEnabled),
    ContinueDeployment: (input: CodeDeploy.ContinueDeploymentCommandInput, caller) => {
      const one = find(input, caller)
      if (one.status !== 'Ready' || !one.proceed)
        throw new AwsError(
          'DeploymentIsNotInReadyStateException',
          `The deployment ${one.id} is not in the Ready state.`,
        )
      one.proceed()
      return {}
    },
    GetDeploymentTarget: (input: CodeDeploy.GetDeploymentTargetCommandInput, caller) => ({
      deploymentTarget: targetOf(world, find(input, caller), input.targetId),
    }),
    BatchGetDeploymentTargets: (
      input: CodeDeploy.BatchGetDeploymentTargetsCommandInput,
      caller,
    ) => {
      const one = find(input, caller)
      return { deploymentTargets: (input.targetIds ?? []).map((id) => targetOf(world, one, id)) }
    },
    ListDeploymentTargets: (input: CodeDeploy.ListDeploymentTargetsCommandInput, caller) => ({
      targetIds: [targetOf(world, find(input, caller)).ecsTarget.targetId],
    }),
  }
}

function list(world: World, input: CodeDeploy.ListDeploymentsCommandInput, caller: Place) {
  const region = regionOf(world, caller)
  const group = input.deploymentGroupName
    ? groupOf(applicationOf(region, input.applicationName), input.deploymentGroupName)
    : undefined
  const all = group
    ? deploymentsOf(region, group)
    : [...region.deployments.values()]
        .filter((one) => !input.applicationName || one.group.application === input.applicationName)
        .reverse()
  const { start, end: until } = input.createTimeRange ?? {}
  const chosen = all
    .filter(
      ({ status }) => !input.includeOnlyStatuses || input.includeOnlyStatuses.includes(status),
    )
    .filter(({ createTime }) => (!start || createTime >= start) && (!until || createTime <= until))
  const { items, nextToken } = page(
    chosen.map(({ id }) => id),
    input.nextToken,
  )
  return { deployments: items, ...nextToken }
}

function create(
  world: World,
  input: CodeDeploy.CreateDeploymentCommandInput,
  caller: Place,
): Deployment {
  const region = regionOf(world, caller)
  const group = groupOf(applicationOf(region, input.applicationName), input.deploymentGroupName)
  const active = deploymentsOf(region, group).find((one) => !isEnded(one))
  if (active)
    throw new AwsError(
      'DeploymentLimitExceededException',
      `The Deployment Group '${group.name}' already has an active Deployment '${active.id}'`,
    )
  appSpecOf(input.revision)
  const config = input.deploymentConfigName ?? group.config
  shiftsOf(config)
  return begin(world, group, {
    revision: input.revision ?? {},
    config,
    creator: 'user',
    autoRollback: input.autoRollbackConfiguration ??
      group.input.autoRollbackConfiguration ?? { enabled: false },
    ...(input.description ? { description: input.description } : {}),
    ...(input.overrideAlarmConfiguration ? { override: input.overrideAlarmConfiguration } : {}),
  })
}

type Begin = Pick<Deployment, 'revision' | 'config' | 'creator' | 'autoRollback'> &
  Partial<Pick<Deployment, 'description' | 'override' | 'rollback' | 'original' | 'replacement'>>

function begin(world: World, group: Group, given: Begin): Deployment {
  const region = regionOf(world, group.place)
  const [served] = group.input.ecsServices ?? []
  const service = world.ecs.taskSets.find(
    group.place,
    served?.clusterName ?? 'default',
    served?.serviceName ?? '',
  )
  const good = deploymentsOf(region, group).find(({ status }) => status === 'Succeeded')
  const one: Deployment = {
    id: idOf(world, 'd-'),
    group,
    service,
    appSpec: appSpecOf(given.revision),
    ...(good ? { previousRevision: good.revision } : {}),
    createTime: now(world),
    alarms: group.input.alarmConfiguration,
    events: [],
    status: 'Created',
    updated: now(world),
    ...given,
  }
  region.deployments.set(one.id, one)
  void play(world, one, (failed, why) => goBack(world, failed, why))
  return one
}

/**
 * Going back is a deployment of its own, of what ran before. It keeps the labels of the one that it undoes. The texts are ours.
 */
function goBack(world: World, failed: Deployment, why: string): void {
  const { group, original, replacement, service } = failed
  const set = original?.set ?? service.taskSets?.find(({ status }) => status === 'PRIMARY')
  const { config } = set?.revision ?? service
  const good = failed.previousRevision
  const known = good && appSpecOf(good).taskDefinition === config.taskDefinition.arn
  const back = begin(world, group, {
    revision: known
      ? good
      : revisionOf(contentFor(config.taskDefinition.arn, config.loadBalancers?.[0])),
    config: 'CodeDeployDefault.ECSAllAtOnce',
    creator: 'codeDeployRollback',
    autoRollback: { enabled: false },
    override: { enabled: false },
    rollback: {
      rollbackTriggeringDeploymentId: failed.id,
      rollbackMessage: `Rollback of ${failed.id}: ${why}`,
    },
    ...(original ? { original: { ...original } } : {}),
    ...(replacement ? { replacement: { ...replacement } } : {}),
  })
  failed.rollback = {
    rollbackDeploymentId: back.id,
    rollbackMessage: `Rolled back by ${back.id}: ${why}`,
  }
}

function stop(world: World, one: Deployment, rollback: boolean | undefined) {
  if (isEnded(one))
    throw new AwsError(
      'DeploymentAlreadyCompletedException',
      `The deployment ${one.id} is already completed.`,
    )
  const { enabled, events } = one.autoRollback
  const configured = enabled === true && events?.includes('DEPLOYMENT_STOP_ON_REQUEST') === true
  world.clock.after(1000, () => {
    if (isEnded(one)) return
    one.error = { code: 'MANUAL_STOP', message: 'The deployment was stopped by a user.' }
    end(world, one, 'Stopped')
    const back = one.creator === 'user' && (rollback ?? configured)
    if (back) goBack(world, one, 'The deployment was stopped by a user.')
  })
  return { status: 'Pending', statusMessage: 'Stopping the deployment.' }
}

function infoOf(one: Deployment): CodeDeploy.DeploymentInfo {
  const { group, rollback } = one
  const { blueGreenDeploymentConfiguration, loadBalancerInfo } = group.input
  return {
    applicationName: group.application,
    deploymentGroupName: group.name,
    deploymentConfigName: one.config,
    deploymentId: one.id,
    revision: one.revision,
    ...(one.previousRevision ? { previousRevision: one.previousRevision } : {}),
    status: one.status,
    ...(one.error ? { errorInformation: one.error } : {}),
    createTime: one.createTime,
    ...(one.startTime ? { startTime: one.startTime } : {}),
    ...(one.completeTime ? { completeTime: one.completeTime } : {}),
    deploymentOverview: overviewOf(one),
    ...(one.description ? { description: one.description } : {}),
    creator: one.creator,
    ignoreApplicationStopFailures: false,
    updateOutdatedInstancesOnly: false,
    autoRollbackConfiguration: one.autoRollback,
    ...(rollback ? { rollbackInfo: rollback } : {}),
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    ...(blueGreenDeploymentConfiguration ? { blueGreenDeploymentConfiguration } : {}),
    ...(loadBalancerInfo ? { loadBalancerInfo } : {}),
    fileExistsBehavior: 'DISALLOW',
    computePlatform: 'ECS',
    ...(one.override ? { overrideAlarmConfiguration: one.override } : {}),
  }
}

function overviewOf(one: Deployment): CodeDeploy.DeploymentOverview {
  const status = targetStatus(one)
  const counts = ['Pending', 'InProgress', 'Succeeded', 'Failed', 'Skipped', 'Ready'].map(
    (name) => [name, name === status ? 1 : 0] as const,
  )
  return Object.fromEntries(counts)
}
