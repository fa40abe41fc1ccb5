import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import { observeTaskDefinition } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { defaults, type EcsSettings } from '../settings.ts'
import {
  familyOf,
  type LiveService,
  type Revision,
  revisionOf,
  type ServiceDeployment,
} from '../state.ts'
import { type Candidate, judgeCandidates, type Undone, undoneOf } from './grade.ts'
import { type History, observeHistory } from './history.ts'
import { type Knowledge, ranIn } from './knowledge.ts'

/** A service with everything that it may go back to. */
export interface Past {
  readonly service: LiveService
  readonly family: string
  readonly history: History
  readonly undone: Undone
  /** True where the input named the deployment that is undone, and it is one of this service. */
  readonly isNamed: boolean
  /** Newest first. */
  readonly candidates: readonly Candidate[]
}

/** The family of which a destination of a service must be: its own, unless the input names another. */
export const expectedFamily = (settings: EcsSettings, service: LiveService): string =>
  settings.families?.[service.name] ?? familyOf(service.taskDefinition)

/** Reads the past of services and judges it; read-only. What may not be read is a warning that names the permission. */
export async function observePasts(
  run: Run,
  clients: EcsClients,
  given: {
    readonly settings: EcsSettings
    readonly services: readonly LiveService[]
    readonly knowledge: Knowledge
  },
): Promise<readonly Past[]> {
  const { settings, services, knowledge } = given
  const pasts = await inParallel(services, async (service) => {
    const read = await observeHistory(run, clients, { cluster: settings.cluster, service })
    const history = read.deployments.length > 0 ? read : await fromRollouts(clients, service, read)
    return judgePast({ settings, service, knowledge, history, now: run.clock.now() })
  })
  for (const gap of new Set(pasts.flatMap(({ history }) => history.gaps))) {
    run.report.warning(`the history of the services is not complete: ${gap}`)
  }
  return pasts
}

/** Judges the past of one service: pure. */
export function judgePast(given: {
  readonly settings: EcsSettings
  readonly service: LiveService
  readonly knowledge: Knowledge
  readonly history: History
  readonly now: number
}): Past {
  const { settings, service, knowledge, history, now } = given
  const minSoak = settings.minSoak ?? defaults.minSoak
  const named = deploymentNamed(history, settings.badDeployment)
  const undone = undoneOf(history, minSoak, named)
  const family = expectedFamily(settings, service)
  const candidates = judgeCandidates({
    ...{ service, history, undone, minSoak, family, now },
    verified: ranIn(knowledge.verified, settings.cluster, service.name),
    bad: knowledge.bad,
    pinned: knowledge.pinned,
    minGrade: settings.minGrade ?? defaults.minGrade,
  })
  return { service, family, history, undone, isNamed: named !== undefined, candidates }
}

/** The deployment that an id or ARN names. */
const deploymentNamed = (
  { deployments }: History,
  named: string | undefined,
): ServiceDeployment | undefined =>
  named === undefined
    ? undefined
    : deployments.find(({ arn }) => arn === named || arn.endsWith(`/${named}`))

const verdicts = {
  COMPLETED: 'SUCCESSFUL',
  IN_PROGRESS: 'IN_PROGRESS',
  FAILED: 'STOPPED',
  unknown: 'UNKNOWN',
} as const

/**
 * What DescribeServices alone knows of the past, where service deployments may not be read: the deployments that still have
 * tasks. Images are those of the task definitions, without digests, where the revisions may not be read either.
 */
async function fromRollouts(
  clients: EcsClients,
  service: LiveService,
  read: History,
): Promise<History> {
  const rollouts = await inParallel(service.rollouts, async (rollout) => {
    const arn = revisionOf(service, rollout.id) ?? rollout.id
    const known = read.revisions.find((one) => one.arn === arn)
    const { taskDefinition, createdAt } = rollout
    const images = known ? undefined : await observeTaskDefinition(clients, taskDefinition)
    const containers = known?.containers ?? images?.containers ?? []
    const revision: Revision = { arn, taskDefinition, containers, createdAt }
    const deployment: ServiceDeployment = {
      ...{ arn: rollout.id, status: verdicts[rollout.state], why: rollout.why, target: arn },
      ...{ sources: [], hooks: [], earlySuccess: false },
      // When it came up nobody says, so it has not served for any known time.
      ...{ createdAt, startedAt: 0, finishedAt: 0 },
    }
    return { revision, deployment }
  })
  const newest = (a: { createdAt: number }, b: { createdAt: number }) => b.createdAt - a.createdAt
  return {
    deployments: rollouts.map(({ deployment }) => deployment).sort(newest),
    revisions: rollouts.map(({ revision }) => revision).sort(newest),
    gaps: read.gaps,
  }
}

/** The candidates that nothing speaks against, in the order in which `auto` takes them. */
export const eligible = ({ candidates }: Past): readonly Candidate[] =>
  candidates.filter(({ against }) => against.length === 0)

/** The number of a service revision; undefined where only its deployment is known. */
export function revisionNumber({ arn }: Revision): string | undefined {
  return arn.includes(':service-revision/') ? arn.split('/').at(-1) : undefined
}

/** What names a candidate in `to`. */
export const toOf = ({ revision }: Candidate): string =>
  revisionNumber(revision) ?? revision.taskDefinition
