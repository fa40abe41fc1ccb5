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
  stillVerified,
} from '#store'
import type { EcsClients } from '../client.ts'
import { observeRevisions, observeTaskDefinition } from '../observe.ts'
import { inParallel, onceEach } from '../parallel.ts'
import type { Grade } from '../rollback/plan.ts'
import type { EcsSettings } from '../settings.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import { type Aim, type Aims, type DefinitionOf, type Given, none } from './aims.ts'
import { aimByHistory } from './by-history.ts'
import { codeOf } from './fingerprint.ts'
import { readKnowledge } from './knowledge.ts'
import { observePasts } from './past.ts'
import { recordedOf, revisionArn } from './target.ts'
import { unlessTheirs, withoutBad } from './theirs.ts'

/** Finds out what the destination means for each service; read-only. */
export async function aim(run: Run, clients: EcsClients, given: Given): Promise<Aims> {
  const aims = await aimAll(run, clients, given)
  if (aims.is === 'none') return aims
  const of = new Map([...aims.of].map(([name, one]) => [name, required(given.settings, one)]))
  tellTargets(run, [...of.values()])
  return { ...aims, of }
}

/** A service of which the destination says nothing is a warning, unless all of them must go there. */
const required = ({ requireAll }: EcsSettings, aimed: Aim): Aim =>
  requireAll === true && aimed.is === 'left-alone'
    ? { is: 'refused', why: `${aimed.why}, and require-all is set` }
    : aimed

/** Says why each service goes where; what is less than verified is a warning, and loudest where nothing shows that it ever served. */
function tellTargets(run: Run, aims: readonly Aim[]): void {
  for (const aimed of aims) {
    if (aimed.is !== 'target') continue
    const { service, definition, grade, why } = aimed.target
    run.report.info(`${service} goes to ${definition.name}: ${why}`)
    const doubt = grade === undefined ? undefined : doubts[grade]
    if (doubt !== undefined)
      run.report.warning(`${service}: ${definition.name} is ${grade}: ${doubt}`)
  }
}

const byEcs = "no restore point verified it, ECS's own history is all that speaks for it"
const doubts: Readonly<Record<Grade, string | undefined>> = {
  G3: undefined,
  G2: byEcs,
  G1: byEcs,
  G0: 'NOTHING SHOWS THAT IT EVER SERVED WELL: be ready to name another destination',
}

async function aimAll(run: Run, clients: EcsClients, given: Given): Promise<Aims> {
  const { settings, store } = given
  const { destination } = settings
  const to = destination ?? { by: 'point', to: 'auto' }
  if (to.by !== 'point')
    return aimByHistory(run, clients, { ...given, destination: to, before: '' })
  const falls = to.to === 'auto' && settings.record === undefined
  if (store === undefined) {
    if (falls) return aimByHistory(run, clients, { ...given, destination: to, before: '' })
    return none(`to: ${to.to} is a restore point, and no store is named`, [
      'give the input environment with store or a configuration file, or name another destination in to:',
    ])
  }
  const found = await findPoint(run, store, settings.record, to.to)
  if ('point' in found) return aimAtPoint(run, clients, { ...given, store, ...found })
  if (falls && !found.held) {
    const before = `${found.why}, so ECS's own history decides: `
    return aimByHistory(run, clients, { ...given, destination: to, before })
  }
  return none(found.why, [
    'name a point, previous-distinct, family:revision or tag:<image tag> in to:, or deploy a fix',
    'to see what there is, run this action with mode: list',
    'to stop the services meanwhile, run it with mode: stop',
  ])
}

async function aimAtPoint(
  run: Run,
  clients: EcsClients,
  given: Given & { readonly store: Store; readonly point: Point; readonly because: string },
): Promise<Aims> {
  const { settings, services, point, because, store } = given
  const { ecs } = point.components
  if (!ecs) return none(`${point.id} has no ECS services`, ['name another destination in to:'])
  if (ecs.cluster !== settings.cluster) {
    return none(`${point.id} is of cluster ${ecs.cluster}, not of ${settings.cluster}`, [
      'give the cluster of the point, or another destination in to:',
    ])
  }
  const definitionOf = onceEach((name) => observeTaskDefinition(clients, name))
  const targets = await inParallel(services, async ({ name }) => {
    const recorded = ecs.services.find((service) => service.name === name)
    const of = { point, cluster: ecs.cluster, definitionOf }
    return [name, await aimAtRecorded(clients, recorded, of)] as const
  })
  const aims = {
    is: 'aims',
    of: new Map<string, Aim>(targets),
    why: because,
    sections: [],
  } as const
  if (settings.badDeployment === undefined) return aims
  const knowledge = await readKnowledge(store)
  const pasts = await observePasts(run, clients, { settings, services, knowledge })
  return withoutBad(settings, pasts) ?? unlessTheirs(given, pasts, aims)
}

/** The point that a record goes back to, or that `to` names. */
async function findPoint(
  run: Run,
  store: Store,
  record: string | undefined,
  to: string,
): Promise<
  | { readonly point: Point; readonly because: string }
  | { readonly why: string; readonly held?: true }
> {
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
  return found.is === 'point' ? { point: found.point, because: found.why } : found
}

async function aimAtRecorded(
  clients: EcsClients,
  recorded: ServiceState | undefined,
  given: {
    readonly point: Point
    readonly cluster: string
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { point, cluster, definitionOf } = given
  if (!recorded) {
    return { is: 'refused', why: `${point.id} does not have it: leave it out of services` }
  }
  const definition = await definitionOf(recorded.taskDefinition)
  if (!definition) {
    return { is: 'refused', why: `task definition ${recorded.taskDefinition} is gone` }
  }
  const { name, serviceRevision } = recorded
  const revision = revisionArn(definition, { cluster, service: name, number: serviceRevision })
  const isComplete = codeOf(recorded.containers) !== undefined
  const digests = isComplete ? recorded.containers : await digestsOf(clients, revision)
  return {
    is: 'target',
    target: {
      service: name,
      definition,
      ...(stillVerified([point]).length > 0 ? { grade: 'G3' as const } : {}),
      ...(revision === undefined ? {} : { revision }),
      recorded: digests ?? recorded.containers,
      point,
      why: `${point.id} recorded ${definition.name}`,
    },
  }
}

/** The digests that ECS fixed for a revision, where it says all of them and may be asked. */
async function digestsOf(
  clients: EcsClients,
  revision: string | undefined,
): Promise<readonly ExpectedContainer[] | undefined> {
  if (revision === undefined) return undefined
  const [found] = await observeRevisions(clients, [revision]).catch(() => [])
  return found && recordedOf(found.containers)
}

/** The points that may know which digests a task definition ran with. */
export async function knownPoints(run: Run, store: Store): Promise<readonly Point[]> {
  const before = beforeId(deploymentId(store.environment, run.identity.runId))
  const points = await Promise.all([readVerified(store), readPoint(store, before)])
  return points.filter((point) => point !== undefined)
}
