import type { Run } from '#core'
import {
  beforeId,
  deploymentId,
  findDestination,
  type Point,
  readPoint,
  readRecord,
  readVerified,
  type ServiceState,
  type Store,
  tagOf,
} from '#store'
import type { EcsClients } from './client.ts'
import { type Destination, destinationText } from './destination.ts'
import type { ExpectedContainer } from './judge.ts'
import { activeTaskDefinitions, observeTaskDefinition } from './observe.ts'
import { inParallel } from './parallel.ts'
import { sameFamily, type Target } from './plan.ts'
import type { EcsSettings } from './settings.ts'
import { familyOf, type LiveService, type TaskDefinition } from './state.ts'

/** What a destination means for one service. */
export type Aim =
  | { readonly is: 'target'; readonly target: Target }
  | { readonly is: 'left-alone'; readonly why: string }
  | { readonly is: 'refused'; readonly why: string }

/** What a destination means for all services, or why there is none. */
export type Aims =
  | { readonly is: 'aims'; readonly of: ReadonlyMap<string, Aim>; readonly why: string }
  | { readonly is: 'none'; readonly why: string; readonly next: readonly string[] }

/** Finds out what the destination means for each service; read-only. */
export async function aim(
  run: Run,
  clients: EcsClients,
  given: {
    readonly settings: EcsSettings
    readonly store: Store | undefined
    readonly services: readonly LiveService[]
  },
): Promise<Aims> {
  const { settings, store, services } = given
  const { destination } = settings
  if (destination === undefined || destination.by === 'point') {
    const to = destination?.to ?? 'auto'
    return aimAtPoint(run, clients, { settings, store, services, to })
  }
  const points = store ? await knownPoints(run, store) : []
  const targets = await inParallel(services, async (service) => {
    const aimed = await aimAtDefinition(clients, service, destination)
    return [service.name, withRecorded(aimed, points)] as const
  })
  const of = new Map(targets)
  const hits = [...of.values()].some((one) => one.is !== 'left-alone')
  if (hits) return { is: 'aims', of, why: `${destinationText(destination)} was named` }
  return {
    is: 'none',
    why: `no ACTIVE task definition of any of these services has an image with ${destinationText(destination)}`,
    next: [
      'look at the tags that were deployed, then name one of them, or family:revision, in to:',
    ],
  }
}

async function aimAtPoint(
  run: Run,
  clients: EcsClients,
  given: {
    readonly settings: EcsSettings
    readonly store: Store | undefined
    readonly services: readonly LiveService[]
    readonly to: string
  },
): Promise<Aims> {
  const { settings, store, services } = given
  if (store === undefined) {
    return none(`to: ${given.to} is a restore point, and no store is named`, [
      'give the input environment with store or a configuration file, or name family:revision or tag:<image tag> in to:',
    ])
  }
  const found = await findPoint(run, store, settings.record, given.to)
  if ('why' in found) {
    return none(found.why, [
      'name a point, family:revision or tag:<image tag> in to:, or deploy a fix',
      'to stop the services meanwhile, run this action with mode: stop',
    ])
  }
  const { point } = found
  const { ecs } = point.components
  if (!ecs) return none(`${point.id} has no ECS services`, ['name another destination in to:'])
  if (ecs.cluster !== settings.cluster) {
    return none(`${point.id} is of cluster ${ecs.cluster}, not of ${settings.cluster}`, [
      'give the cluster of the point, or another destination in to:',
    ])
  }
  const targets = await inParallel(services, async ({ name }) => {
    const recorded = ecs.services.find((service) => service.name === name)
    return [name, await aimAtRecorded(clients, recorded, point)] as const
  })
  return { is: 'aims', of: new Map(targets), why: found.because }
}

const none = (why: string, next: readonly string[]): Aims => ({ is: 'none', why, next })

/** The point that a record goes back to, or that `to` names. */
async function findPoint(
  run: Run,
  store: Store,
  record: string | undefined,
  to: string,
): Promise<{ readonly point: Point; readonly because: string } | { readonly why: string }> {
  if (record !== undefined) {
    const open = await readRecord(store, record)
    if (!open) return { why: `there is no record ${record}` }
    const point = await readPoint(store, open.to)
    return point
      ? { point, because: `${open.to} is the destination of ${record}` }
      : { why: `the destination of ${record}, ${open.to}, is not in the store` }
  }
  const undone = deploymentId(store.environment, run.identity.runId)
  const found = await findDestination(store, to, undone)
  return found.is === 'point' ? { point: found.point, because: found.why } : { why: found.why }
}

async function aimAtRecorded(
  clients: EcsClients,
  recorded: ServiceState | undefined,
  point: Point,
): Promise<Aim> {
  if (!recorded) {
    return { is: 'refused', why: `${point.id} does not have it: leave it out of services` }
  }
  const definition = await observeTaskDefinition(clients, recorded.taskDefinition)
  if (!definition) {
    return { is: 'refused', why: `task definition ${recorded.taskDefinition} is gone` }
  }
  return {
    is: 'target',
    target: {
      service: recorded.name,
      definition,
      recorded: recorded.containers,
      point,
      why: `${point.id} recorded ${definition.name}`,
    },
  }
}

async function aimAtDefinition(
  clients: EcsClients,
  service: LiveService,
  destination: Exclude<Destination, { by: 'point' }>,
): Promise<Aim> {
  if (destination.by === 'tag') return aimAtTag(clients, service, destination.tag)
  const name = destination.taskDefinition
  if (!sameFamily(service, name)) {
    return {
      is: 'refused',
      why: `${name} is not of its family ${familyOf(service.taskDefinition)}: name only services of one family`,
    }
  }
  const definition = await observeTaskDefinition(clients, name)
  if (!definition) return { is: 'refused', why: `task definition ${name} does not exist` }
  return { is: 'target', target: targetOf(service, definition, `${name} was named`) }
}

/** The newest ACTIVE revision of the service's family in which some image has the tag; ARNs are never looked at. */
async function aimAtTag(clients: EcsClients, service: LiveService, tag: string): Promise<Aim> {
  const family = familyOf(service.taskDefinition)
  for await (const arn of activeTaskDefinitions(clients, family)) {
    const definition = await observeTaskDefinition(clients, arn)
    if (definition?.containers.some(({ image }) => tagOf(image) === tag)) {
      const why = `${definition.name} is the newest with an image tagged ${tag}`
      return { is: 'target', target: targetOf(service, definition, why) }
    }
  }
  return {
    is: 'left-alone',
    why: `no ACTIVE task definition of ${family} has an image tagged ${tag}`,
  }
}

const targetOf = (service: LiveService, definition: TaskDefinition, why: string): Target => ({
  service: service.name,
  definition,
  recorded: undefined,
  why,
})

/** The points that may know which digests a task definition ran with. */
export async function knownPoints(run: Run, store: Store): Promise<readonly Point[]> {
  const before = beforeId(deploymentId(store.environment, run.identity.runId))
  const points = await Promise.all([readVerified(store), readPoint(store, before)])
  return points.filter((point) => point !== undefined)
}

/** The digests that some point recorded for a task definition, where it recorded all of them. */
export function recordedDigests(
  points: readonly Point[],
  service: string,
  taskDefinition: string,
): readonly ExpectedContainer[] | undefined {
  return recordedIn(points, service, taskDefinition)?.state.containers
}

function recordedIn(points: readonly Point[], service: string, taskDefinition: string) {
  return points
    .flatMap((point) => (point.components.ecs?.services ?? []).map((state) => ({ point, state })))
    .find(
      ({ state }) =>
        state.name === service &&
        state.taskDefinition === taskDefinition &&
        state.containers.length > 0 &&
        state.containers.every(({ digest }) => digest !== undefined),
    )
}

function withRecorded(aimed: Aim, points: readonly Point[]): Aim {
  if (aimed.is !== 'target') return aimed
  const { service, definition } = aimed.target
  const found = recordedIn(points, service, definition.name)
  const { point } = found ?? {}
  const target = { ...aimed.target, recorded: found?.state.containers, ...(point && { point }) }
  return { is: 'target', target }
}
