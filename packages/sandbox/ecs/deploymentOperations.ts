import type * as Ecs from '@aws-sdk/client-ecs'
import { AwsError, type Caller, type Operation } from '../service.ts'
import { failDeployment, isFinished, REQUESTED } from './deployments.ts'
import { clusterOf, invalid, nameOf, regionOf, serviceOf } from './lookup.ts'
import { pageOf } from './paging.ts'
import { wake } from './scheduler.ts'
import { briefView, revisionView, serviceDeploymentView } from './serviceViews.ts'
import { now, type Revision, type Service, type ServiceDeployment, type World } from './state.ts'

const DAY = 24 * 3600 * 1000
const HISTORY = 90 * DAY

/** ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment, ContinueServiceDeployment. */
export function deploymentOperations(world: World): Record<string, Operation> {
  return {
    ListServiceDeployments: (input: Ecs.ListServiceDeploymentsCommandInput, caller) => {
      const service = serviceOf(clusterOf(regionOf(world, caller), input.cluster), input.service)
      const found = listed(world, service, input)
      const { items, ...rest } = pageOf(found, { ...input, maxResults: input.maxResults ?? 20 })
      return { serviceDeployments: items.map((one) => briefView(service, one)), ...rest }
    },
    DescribeServiceDeployments: (input: Ecs.DescribeServiceDeploymentsCommandInput, caller) => {
      const arns = limited(input.serviceDeploymentArns)
      const found = arns.map((arn) => {
        const one = findDeployment(world, arn, caller)
        return one && isKnown(world, one.deployment) ? one : undefined
      })
      return {
        serviceDeployments: found.flatMap((one) =>
          one ? [serviceDeploymentView(one.service, one.deployment)] : [],
        ),
        failures: missing(arns, found),
      }
    },
    DescribeServiceRevisions: (input: Ecs.DescribeServiceRevisionsCommandInput, caller) => {
      const arns = limited(input.serviceRevisionArns)
      const found = arns.map((arn) => findRevision(world, arn, caller))
      return {
        serviceRevisions: found.flatMap((one) =>
          one ? [revisionView(one.service, one.revision)] : [],
        ),
        failures: missing(arns, found),
      }
    },
    StopServiceDeployment: (input: Ecs.StopServiceDeploymentCommandInput, caller) =>
      stop(world, input, caller),
    ContinueServiceDeployment: (input: Ecs.ContinueServiceDeploymentCommandInput, caller) =>
      resume(world, input, caller),
  }
}

function limited(arns: readonly string[] | undefined): readonly string[] {
  if (!arns?.length || arns.length > 20)
    throw invalid('The number of ARNs must be between 1 and 20.')
  return arns
}

function missing(arns: readonly string[], found: readonly unknown[]): Ecs.Failure[] {
  return arns
    .filter((_, index) => !found[index])
    .map((arn) => ({ arn, reason: 'MISSING', detail: 'The resource could not be found.' }))
}

function listed(
  world: World,
  service: Service,
  input: Ecs.ListServiceDeploymentsCommandInput,
): readonly ServiceDeployment[] {
  const oldest = world.clock.now() - HISTORY
  const { before, after } = input.createdAt ?? {}
  if (after && new Date(after).getTime() < oldest)
    throw invalid('The createdAt after value must be within the last 90 days.')
  return service.history
    .filter((one) => isKnown(world, one))
    .filter((one) => one.createdAt.getTime() >= oldest)
    .filter((one) => !input.status?.length || input.status.includes(one.status))
    .filter((one) => !before || one.createdAt < new Date(before))
    .filter((one) => !after || one.createdAt > new Date(after))
}

/** Reads are eventually consistent: they may not know a young deployment yet. */
function isKnown(world: World, one: ServiceDeployment): boolean {
  return world.clock.since(one.createdAt.getTime()) >= world.hiddenDeployments
}

/** The service in `…:service-deployment/<cluster>/<service>/<id>` or `…:service-revision/…`, if it is the caller's. */
function ownerOf(world: World, arn: string, caller: Caller): Service | undefined {
  const [, , , , , path = ''] = arn.split(':')
  const [, clusterName = '', serviceName = ''] = path.split('/')
  return regionOf(world, caller).clusters.get(clusterName)?.services.get(serviceName)
}

function findDeployment(world: World, arn: string, caller: Caller) {
  const service = ownerOf(world, arn, caller)
  const deployment = service?.history.find((one) => one.arn === arn)
  return service && deployment ? { service, deployment } : undefined
}

function findRevision(
  world: World,
  arn: string,
  caller: Caller,
): { readonly service: Service; readonly revision: Revision } | undefined {
  const service = ownerOf(world, arn, caller)
  const revision = service?.revisions.find((one) => one.number === nameOf(arn))
  return service && revision ? { service, revision } : undefined
}

function stop(world: World, input: Ecs.StopServiceDeploymentCommandInput, caller: Caller) {
  const arn = input.serviceDeploymentArn ?? ''
  const found = findDeployment(world, arn, caller)
  if (!found)
    throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
  if (input.stopType && input.stopType !== 'ROLLBACK')
    throw invalid(`The stop type ${input.stopType} is not valid. The valid value is ROLLBACK.`)
  const { service, deployment } = found
  if (isFinished(deployment))
    throw new AwsError(
      'ConflictException',
      `The service deployment is already in a terminal state: ${deployment.status}.`,
    )
  if (deployment.status === 'PENDING' || deployment.status === 'IN_PROGRESS')
    requestRollback(world, service, deployment)
  return { serviceDeploymentArn: arn }
}

/** Continues by default [AWS: ContinueServiceDeployment]; only an IN_PROGRESS deployment whose pause waits can be continued. */
function resume(world: World, input: Ecs.ContinueServiceDeploymentCommandInput, caller: Caller) {
  const arn = input.serviceDeploymentArn ?? ''
  const found = findDeployment(world, arn, caller)
  if (!found)
    throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
  const { service, deployment } = found
  const { action = 'CONTINUE' } = input
  if (action !== 'CONTINUE' && action !== 'ROLLBACK')
    throw invalid(`The action ${action} is not valid. Valid values are CONTINUE and ROLLBACK.`)
  const hook = deployment.progress?.hooks.find((one) => one.id === input.hookId)
  if (!hook) throw invalid(`The hook ${input.hookId} does not exist in the service deployment.`)
  if (deployment.status !== 'IN_PROGRESS' || hook.status !== 'AWAITING_ACTION')
    throw new AwsError(
      'ConflictException',
      `The hook ${hook.id} is not awaiting an action: ${hook.status} in a deployment that is ${deployment.status}.`,
    )
  hook.status = action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED'
  deployment.updatedAt = now(world)
  if (action === 'ROLLBACK') requestRollback(world, service, deployment)
  wake(world, service)
  return { serviceDeploymentArn: arn }
}

function requestRollback(world: World, service: Service, deployment: ServiceDeployment): void {
  deployment.status = 'ROLLBACK_REQUESTED'
  deployment.startedAt ??= now(world)
  deployment.updatedAt = now(world)
  world.clock.after(world.timings.rollbackRequest, () => {
    // Something else may have ended it meanwhile: the circuit breaker, or a newer deployment.
    if (deployment.status !== 'ROLLBACK_REQUESTED') return
    failDeployment(world, service, { failure: REQUESTED, rollback: true })
    wake(world, service)
  })
}
