import { isPassing } from '#aws'
import { CallError } from '#core'
import type { EcsClients } from '../client.ts'
import {
  observeRevisions,
  observeServiceDeployments,
  observeServices,
  serviceOf,
} from '../observe.ts'
import {
  type AbsentService,
  type LiveService,
  primaryOf,
  type Revision,
  revisionOf,
  type ServiceDeployment,
} from '../state.ts'
import type { Progress } from './progress.ts'
import { hintsAtVerdict } from './signs.ts'

/** What one look found of one service. */
export interface Sight {
  readonly service: LiveService | undefined
  readonly absent: AbsentService | undefined
  /** The service deployment that matters, where it had to be read and could be. */
  readonly deployment?: ServiceDeployment | undefined
  /** What the primary deployment starts, where it had to be read and could be. */
  readonly revision?: Revision | undefined
  /** Why one of them could not be read, with what to do. */
  readonly unread: { readonly deployment?: string; readonly revision?: string }
}

/**
 * Looks at services in as few calls as there can be: ten per DescribeServices, and only for those that need it twenty per
 * DescribeServiceDeployments and DescribeServiceRevisions.
 */
export async function sightsOf(
  clients: EcsClients,
  cluster: string,
  open: readonly Progress[],
): Promise<ReadonlyMap<string, Sight>> {
  const names = open.map((one) => one.watch.service.name)
  const observed = await observeServices(clients, { cluster, names })
  const wanted = open.map((one) => {
    const name = one.watch.service.name
    const service = serviceOf(observed, name)
    return { name, service, ...(service ? needsOf(one, service) : {}) }
  })
  const [deployments, revisions] = await Promise.all([
    readable(wanted, 'deployment', (arns) => observeServiceDeployments(clients, arns)),
    readable(wanted, 'revision', (arns) => observeRevisions(clients, arns)),
  ])
  return new Map(
    wanted.map(({ name, service, deployment, revision }) => [
      name,
      {
        service,
        absent: observed.absent.find((one) => one.name === name),
        deployment: deployments.found.find(({ arn }) => arn === deployment),
        revision: revisions.found.find(({ arn }) => arn === revision),
        unread: {
          ...(deployment && deployments.why !== undefined && { deployment: deployments.why }),
          ...(revision && revisions.why !== undefined && { revision: revisions.why }),
        },
      },
    ]),
  )
}

/** What a look has to read of a service beside the service itself, by ARN. */
interface Needs {
  readonly deployment?: string | undefined
  readonly revision?: string | undefined
}

function needsOf(one: Progress, service: LiveService): Needs {
  const primary = primaryOf(service)
  // A revision tells its digests once a task has pulled the images.
  const pulled = primary && (primary.state !== 'IN_PROGRESS' || primary.running >= service.desired)
  const unknown = one.expected === undefined && pulled
  return {
    deployment: needsVerdict(one, service)
      ? (one.watched.takesBack ?? service.serviceDeployment)
      : undefined,
    revision: primary && unknown ? revisionOf(service, primary.id) : undefined,
  }
}

/** A rolling deployment is told by the service alone until something fails. */
function needsVerdict(one: Progress, service: LiveService): boolean {
  if (service.strategy !== 'ROLLING' || one.watched.takesBack !== undefined) return true
  const primary = primaryOf(service)
  const began = primary?.createdAt ?? 0
  return (
    (primary?.failedTasks ?? 0) > 0 ||
    service.events.some((event) => event.at >= began && hintsAtVerdict(event))
  )
}

/** A thing that may not be read is doubt about it, and never stops a watch; one that could not be read just now is read later. */
async function readable<Thing>(
  wanted: readonly Needs[],
  of: keyof Needs,
  read: (arns: readonly string[]) => Promise<readonly Thing[]>,
): Promise<{ readonly found: readonly Thing[]; readonly why?: string }> {
  const arns = [...new Set(wanted.flatMap((one) => one[of] ?? []))]
  if (arns.length === 0) return { found: [] }
  try {
    return { found: await read(arns) }
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return isPassing(thrown)
      ? { found: [] }
      : { found: [], why: `${thrown.message}; ${thrown.next}` }
  }
}
