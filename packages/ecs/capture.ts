import { isDenied } from '#aws'
import { CallError, type Capture, type Captured, messageOf, type Run } from '#core'
import type { Components, ServiceState } from '#store'
import type { EcsClients } from './client.ts'
import { setsOf } from './codedeploy/sets.ts'
import {
  observeRevisions,
  observeServices,
  observeTaskDefinition,
  observeTasks,
  type Services,
} from './observe.ts'
import { inParallel } from './parallel.ts'
import type { SeenGroup } from './preflight/balancing.ts'
import { type Aimed, type Finding, groupsOf, inspectStanding } from './preflight/index.ts'
import { fingerprintText } from './report/serving.ts'
import {
  type AbsentService,
  isCodeDeployed,
  type LiveContainer,
  type LiveService,
  type LiveTask,
  primaryOf,
  revisionOf,
  type TaskDefinition,
  unsupported,
} from './state.ts'

type EcsState = NonNullable<Components['ecs']>

/** What one service adds to a restore point. */
interface Part {
  readonly state?: ServiceState
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly aimed?: Aimed
}

/** `point`: also what the tasks stand on, because a rollback will need it; `now`: only what runs. */
export type Purpose = 'point' | 'now'

/** How the services of a cluster take part in a restore point; read-only. */
export function captureServices(
  clients: EcsClients,
  where: Services,
  purpose: Purpose = 'now',
): Capture<EcsState> {
  return async (_run: Run): Promise<Captured<EcsState>> => {
    const parts = await captureAll(clients, where)
    const standing = purpose === 'point' ? await captureStanding(clients, parts) : parts
    const services = standing.flatMap((part) => part.state ?? [])
    return {
      state: { cluster: where.cluster, services },
      problems: standing.flatMap((part) => part.problems),
      warnings: standing.flatMap((part) => part.warnings),
      rows: services.map((service) => [service.name, describeState(service)] as const),
    }
  }
}

/** A recorded service in one line: `web:7, app@4f2a91c0d3e8, 2 tasks`. */
function describeState(service: ServiceState): string {
  return `${service.taskDefinition}, ${fingerprintText(service.containers)}, ${service.desiredCount} tasks`
}

async function captureAll(clients: EcsClients, where: Services): Promise<readonly Part[]> {
  const observed = await readable(() => observeServices(clients, where))
  if ('problem' in observed) return [{ problems: [observed.problem], warnings: [] }]
  const absent = observed.found.absent.map(absentPart)
  const parts = await inParallel(observed.found.services, (service) =>
    captureService(clients, where.cluster, service),
  )
  return [...absent, ...parts]
}

/**
 * What the tasks stand on, of all services at once: a deployment does not begin when what it would go back to could not be
 * started any more. How target groups check goes into the point: a later change of it fails the tasks of a rollback.
 */
async function captureStanding(
  clients: EcsClients,
  parts: readonly Part[],
): Promise<readonly Part[]> {
  const aimed = parts.flatMap((part) => part.aimed ?? [])
  const { findings, groups } = await inspectStanding(clients, aimed)
  const texts = (wanted: Finding['is']) =>
    findings
      .filter(({ is }) => is === wanted)
      .map(({ service, why, next }) => `service ${service}: ${why}: ${next}`)
  return [
    ...parts.map((part) => withGroups(part, groups)),
    { problems: texts('obstacle'), warnings: texts('doubt') },
  ]
}

function withGroups(part: Part, groups: ReadonlyMap<string, SeenGroup>): Part {
  if (part.state === undefined || part.aimed === undefined) return part
  const arns = groupsOf(part.aimed.service)
  const targetGroups = arns.flatMap((arn) => {
    const seen = groups.get(arn)
    return seen === undefined || seen instanceof CallError ? [] : [seen]
  })
  // Half of them would be taken for all of them.
  const all = targetGroups.length === arns.length && arns.length > 0
  return all ? { ...part, state: { ...part.state, targetGroups } } : part
}

/** A service that this deployment may create has no way back, which is no reason to refuse it; one that drains is in nobody's hands. */
function absentPart({ name, is, why }: AbsentService): Part {
  const text = `service ${name}: ${why}`
  return is === 'DRAINING'
    ? { problems: [text], warnings: [] }
    : { problems: [], warnings: [`${text}: a rollback would leave it as this deployment makes it`] }
}

async function captureService(
  clients: EcsClients,
  cluster: string,
  service: LiveService,
): Promise<Part> {
  const primary = primaryOf(service)
  const revision = primary ? revisionOf(service, primary.id) : undefined
  const definition = await readable(() => observeTaskDefinition(clients, service.taskDefinition))
  const tasks = await readable(() => observeTasks(clients, { cluster, service: service.name }))
  const images = revision
    ? await readable(() => observeRevisions(clients, [revision]))
    : { found: [] }
  const found = 'found' in definition ? definition.found : undefined
  const coming = comingOf(service)
  const containers = digests({
    service,
    definition: found,
    tasks: 'found' in tasks ? tasks.found : [],
    revision: 'found' in images ? (images.found[0]?.containers ?? []) : [],
  })
  return {
    state: {
      name: service.name,
      taskDefinition: service.taskDefinition,
      ...(found?.copyOf === undefined ? {} : { copyOf: found.copyOf }),
      desiredCount: service.desired,
      ...(coming ? { coming } : {}),
      ...(revision ? { serviceRevision: revision.split('/').at(-1) ?? revision } : {}),
      containers: containers.map(({ name, image, digest }) => ({
        name,
        image,
        ...(digest ? { digest } : {}),
      })),
    },
    ...('found' in definition && definition.found
      ? { aimed: { service, target: { definition: definition.found, recorded: containers } } }
      : {}),
    problems: [
      ...[definition, tasks].flatMap((read) => ('problem' in read ? [read.problem] : [])),
      ...unready(service, 'found' in definition ? definition : undefined),
    ],
    warnings: [
      ...('problem' in images ? [images.problem] : []),
      ...inactive(service, found),
      ...doubts(service, containers),
    ],
  }
}

/** A newer task set may get the traffic any time. */
function comingOf(service: LiveService): ServiceState['coming'] {
  const coming = isCodeDeployed(service) ? setsOf(service)?.coming : undefined
  return coming && { taskSet: coming.id, taskDefinition: coming.taskDefinition }
}

/** Why this service could not be rolled back. */
function unready(
  service: LiveService,
  definition: { readonly found: TaskDefinition | undefined } | undefined,
): readonly string[] {
  const problems: string[] = []
  const foreign = unsupported(service)
  if (foreign !== undefined) problems.push(`service ${service.name}: ${foreign}`)
  const status = definition?.found?.status ?? 'gone'
  if (definition && status !== 'ACTIVE' && status !== 'INACTIVE') {
    problems.push(
      `service ${service.name}: task definition ${service.taskDefinition} is ${status}; a rollback could not return to it: register it again and deploy it`,
    )
  }
  return problems
}

/** A rollback registers a copy of it, which needs more permissions than others do. */
function inactive(service: LiveService, definition: TaskDefinition | undefined): readonly string[] {
  return definition?.status === 'INACTIVE'
    ? [
        `service ${service.name}: task definition ${service.taskDefinition} is INACTIVE; a rollback to it registers a copy, which needs ecs:RegisterTaskDefinition, ecs:TagResource and iam:PassRole`,
      ]
    : []
}

/** What makes the captured facts less certain. */
function doubts(service: LiveService, containers: readonly LiveContainer[]): readonly string[] {
  const warnings: string[] = []
  const primary = primaryOf(service)
  const settled = primary?.state === 'COMPLETED' || primary?.state === 'unknown'
  const coming = comingOf(service)
  // An older task set only waits for its end.
  const others = isCodeDeployed(service) ? coming !== undefined : service.rollouts.length > 1
  if (!settled || others) {
    const is = coming
      ? `${coming.taskDefinition} comes`
      : `${primary?.taskDefinition ?? 'none'} is ${primary?.state ?? 'unknown'}`
    warnings.push(
      `service ${service.name}: a deployment is under way (${is}); what it ends in is not known`,
    )
  }
  const unknown = containers.filter(({ digest }) => digest === undefined).map(({ name }) => name)
  if (unknown.length > 0 || containers.length === 0) {
    warnings.push(
      `service ${service.name}: the image digest of ${unknown.join(', ') || 'its containers'} is not known; a rollback to this point could not be proven`,
    )
  }
  return warnings
}

/**
 * The containers of the task definition with the digests that its RUNNING tasks have; where none runs, the digest of
 * the service revision. Tasks that differ have no one digest; under CodeDeploy those of the PRIMARY task set count. Injected sidecars are not in the task definition and left out.
 */
export function digests(found: {
  readonly service: LiveService
  readonly definition: TaskDefinition | undefined
  readonly tasks: readonly LiveTask[]
  readonly revision: readonly LiveContainer[]
}): readonly LiveContainer[] {
  const { service } = found
  const set = isCodeDeployed(service) ? primaryOf(service)?.id : undefined
  const running = found.tasks.filter(
    (task) =>
      task.status === 'RUNNING' &&
      task.taskDefinition === service.taskDefinition &&
      (set === undefined || task.startedBy === set),
  )
  const declared = found.definition?.containers ?? found.revision
  return declared.map(({ name, image }) => {
    const seen = new Set(
      running.flatMap((task) => task.containers.find((one) => one.name === name)?.digest ?? []),
    )
    const revised = found.revision.find((one) => one.name === name)?.digest
    const digest = seen.size > 1 ? undefined : ([...seen][0] ?? revised)
    return digest === undefined ? { name, image } : { name, image, digest }
  })
}

/** A read that may be forbidden: the missing permission is a finding, everything else is thrown. */
async function readable<Found>(
  read: () => Promise<Found>,
): Promise<{ readonly found: Found } | { readonly problem: string }> {
  try {
    return { found: await read() }
  } catch (thrown) {
    if (thrown instanceof CallError && (isDenied(thrown) || isNoCluster(thrown))) {
      return { problem: `${messageOf(thrown)}; ${thrown.next}` }
    }
    throw thrown
  }
}

const isNoCluster = (thrown: CallError) => thrown.code === 'ClusterNotFoundException'
