import { isDenied } from '#aws'
import { CallError, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { listDeployments, observeRevisions, observeServiceDeployments } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import {
  type ListedDeployment,
  type LiveService,
  primaryOf,
  revisionOf,
  type ServiceDeployment,
} from '../state.ts'
import { isGoingBack, isInFlight, type Situation } from './dispatch.ts'

type Looking = Pick<EcsClients, 'ecs'>

/**
 * Reads the state of what is deployed, batched over all services. What may not be read is a warning that names the
 * permission; its services are then judged by `deployments` of DescribeServices alone.
 */
export async function observeSituations(
  run: Run,
  clients: Looking,
  given: { readonly cluster: string; readonly services: readonly LiveService[] },
): Promise<ReadonlyMap<string, Situation>> {
  const { cluster } = given
  const services = given.services.filter(({ controller }) => controller === 'ECS')
  const arns = services.flatMap(({ serviceDeployment }) => serviceDeployment ?? [])
  const deployments = await allowed(run, () => observeServiceDeployments(clients, arns), [])
  const found = await inParallel(services, async (service) => {
    const current = deployments.find(({ arn }) => arn === service.serviceDeployment)
    const choice = current && (await choiceOf(run, clients, { cluster, service, current }))
    return { service, current, choice, live: liveOf(service, current) }
  })
  const wanted = [
    ...new Set(found.flatMap(({ choice, live }) => [choice ?? [], live ?? []].flat())),
  ]
  const revisions = await allowed(run, () => observeRevisions(clients, wanted), [])
  const revision = (arn: string | undefined) => revisions.find((one) => one.arn === arn)
  return new Map(
    found.map(({ service, current, choice, live }) => [
      service.name,
      { current, choice: revision(choice), live: revision(live) },
    ]),
  )
}

async function allowed<Found>(
  run: Run,
  read: () => Promise<Found>,
  otherwise: Found,
): Promise<Found> {
  try {
    return await read()
  } catch (thrown) {
    if (!(thrown instanceof CallError) || !isDenied(thrown)) throw thrown
    run.report.warning(
      `${thrown.message}; ${thrown.next}. Without it a deployment that is under way is replaced by a new one, not taken back by ECS`,
    )
    return otherwise
  }
}

/** The revision that serves, or that is being deployed. */
function liveOf(service: LiveService, current: ServiceDeployment | undefined): string | undefined {
  const primary = primaryOf(service)
  return current?.rolledBackTo ?? current?.target ?? (primary && revisionOf(service, primary.id))
}

/** Where ECS goes back to: what it says, else the last successful one, else the only revision that is being replaced. */
async function choiceOf(
  run: Run,
  clients: Looking,
  given: {
    readonly cluster: string
    readonly service: LiveService
    readonly current: ServiceDeployment
  },
): Promise<string | undefined> {
  const { current } = given
  if (!isInFlight(current) && !isGoingBack(current)) return undefined
  if (current.rolledBackTo !== undefined) return current.rolledBackTo
  const last = await allowed(run, () => lastSuccessful(clients, given), undefined)
  return last ?? (current.sources.length === 1 ? current.sources[0] : undefined)
}

/** The revision of the last deployment that ended well. */
async function lastSuccessful(
  clients: Looking,
  given: {
    readonly cluster: string
    readonly service: LiveService
    readonly current: ServiceDeployment
  },
): Promise<string | undefined> {
  const { cluster, service, current } = given
  const ended: ListedDeployment[] = []
  for await (const page of listDeployments(clients, {
    cluster,
    service: service.name,
    status: ['SUCCESSFUL', 'ROLLBACK_SUCCESSFUL'],
  })) {
    ended.push(...page)
  }
  const [last] = ended
    .filter(({ arn }) => arn !== current.arn)
    .sort((a, b) => b.finishedAt - a.finishedAt)
  if (last?.status !== 'ROLLBACK_SUCCESSFUL') return last?.target
  const [described] = await observeServiceDeployments(clients, [last.arn])
  return described?.rolledBackTo
}
