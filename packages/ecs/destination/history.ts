import { isDenied } from '#aws'
import { CallError, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { listDeployments, observeRevisions, observeServiceDeployments } from '../observe.ts'
import type { ListedDeployment, LiveService, Revision, ServiceDeployment } from '../state.ts'

/** What ECS still knows of a service's past. */
export interface History {
  /** Newest first. */
  readonly deployments: readonly ServiceDeployment[]
  /** Newest first: all that these deployments started, replaced or went back to, and what runs. */
  readonly revisions: readonly Revision[]
  /** No deployment since then is missing in the list; left out where some may be. */
  readonly since?: number
  /** Why something is missing: denied permissions, a longer past. */
  readonly gaps: readonly string[]
}

const DAY = 24 * 3_600_000
/**
 * ECS keeps deployments for 90 days and refuses a `createdAt.after` before them ("View service history using Amazon ECS
 * service deployments"; hashicorp/terraform-provider-aws#43502): a day less, because clocks differ.
 */
const past = 89 * DAY
/** So many deployments are looked at, the newest: ten calls for a service. */
const most = 100
/** Pages of a hundred that are listed: their order is nowhere promised. */
const pages = 5

/** Reads a service's past; what may not be read is a gap that names the permission, and what is known otherwise is kept. */
export async function observeHistory(
  run: Pick<Run, 'clock'>,
  clients: Pick<EcsClients, 'ecs'>,
  { cluster, service }: { readonly cluster: string; readonly service: LiveService },
): Promise<History> {
  const since = run.clock.now() - past
  const listed = await orGap(() => list(clients, { cluster, service: service.name }, since), [])
  const newest = [...listed.value].sort((a, b) => b.createdAt - a.createdAt).slice(0, most)
  const arns = newest.flatMap(({ arn }) => (arn === '' ? [] : arn))
  const known = arns.length > 0 ? arns : [service.serviceDeployment ?? []].flat()
  const described = await orGap(() => observeServiceDeployments(clients, known), [])
  const deployments = [...described.value].sort((a, b) => b.createdAt - a.createdAt)
  const named = deployments.flatMap(({ target, sources, rolledBackTo }) => [
    target ?? [],
    ...sources,
    rolledBackTo ?? [],
  ])
  const wanted = [...new Set([...service.revisions, ...named.flat()])]
  const revisions = await orGap(() => observeRevisions(clients, wanted), [])
  const more =
    listed.value.length > most ? [`only the newest ${most} deployments were looked at`] : []
  return {
    deployments,
    revisions: [...revisions.value].sort((a, b) => b.createdAt - a.createdAt),
    ...(listed.gaps.length > 0 || more.length > 0 ? {} : { since }),
    gaps: [...new Set([...listed.gaps, ...described.gaps, ...revisions.gaps, ...more])],
  }
}

async function list(
  clients: Pick<EcsClients, 'ecs'>,
  where: { readonly cluster: string; readonly service: string },
  since: number,
): Promise<readonly ListedDeployment[]> {
  const found: (readonly ListedDeployment[])[] = []
  for await (const page of listDeployments(clients, {
    ...where,
    createdAt: { after: new Date(since) },
  })) {
    if (found.push(page) === pages) break
  }
  return found.flat()
}

/** What a look found; nothing, and the reason, where the role may not look. */
async function orGap<T>(
  look: () => Promise<T>,
  without: T,
): Promise<{ readonly value: T; readonly gaps: readonly string[] }> {
  try {
    return { value: await look(), gaps: [] }
  } catch (thrown) {
    if (!(thrown instanceof CallError) || !isDenied(thrown)) throw thrown
    return { value: without, gaps: [`${thrown.action} is denied: ${thrown.next}`] }
  }
}
