import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import { AwsError } from '../service.ts'
import type { Deployment, Shown, World } from './state.ts'

/** How the one target of a deployment stands. */
export function targetStatus({ status }: Deployment): CodeDeploy.TargetStatus {
  switch (status) {
    case 'Created':
    case 'Queued':
      return 'Pending'
    case 'Stopped':
      return 'Skipped'
    case 'Baking':
      return 'InProgress'
    default:
      return status
  }
}

/** The one target of a deployment, `<cluster>:<service>`; DeploymentTargetDoesNotExistException for another one. */
export function targetOf(world: World, one: Deployment, id?: string) {
  const { service } = one
  const targetId = `${service.cluster.name}:${service.name}`
  if (id !== undefined && id !== targetId)
    throw new AwsError(
      'DeploymentTargetDoesNotExistException',
      `The deployment target ${id} does not exist.`,
    )
  const shown = [one.original, one.replacement].filter((set): set is Shown => set !== undefined)
  const ecsTarget = {
    deploymentId: one.id,
    targetId,
    targetArn: service.arn,
    lastUpdatedAt: one.updated,
    lifecycleEvents: [...one.events],
    status: targetStatus(one),
    taskSetsInfo: shown.map((set) => setView(world, one, set)),
  }
  return { deploymentTargetType: 'ECSTarget', ecsTarget }
}

function setView(world: World, { service }: Deployment, one: Shown): CodeDeploy.ECSTaskSet {
  const { set, label, targetGroup, weight } = one
  const there = service.taskSets?.includes(set) ?? false
  const counts = there ? world.ecs.taskSets.counts(service, set) : one.last
  return {
    identifer: set.id,
    desiredCount: counts.desired,
    pendingCount: counts.pending,
    runningCount: counts.running,
    status: there ? set.status : one.last.status,
    trafficWeight: weight,
    targetGroup: { name: targetGroup },
    taskSetLabel: label,
  }
}
