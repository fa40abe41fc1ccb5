import type { EcsClients } from '../client.ts'
import { observeRevisions } from '../observe.ts'
import type { EcsSettings } from '../settings.ts'
import type { LiveService, Revision, TaskDefinition } from '../state.ts'
import type { Aim, DefinitionOf } from './aims.ts'
import { type Destination, destinationText } from './destination.ts'
import { byGrade, type Candidate } from './grade.ts'
import type { Knowledge } from './knowledge.ts'
import { findNamed, foreignTo, type Match, type Wanted } from './named.ts'
import { type Past, revisionNumber } from './past.ts'
import { revisionArn, targetOf } from './target.ts'

/** Aims at what a person named: its grade is told, and asked of nobody. */
export async function aimAtNamed(
  clients: EcsClients,
  given: {
    readonly past: Past
    readonly settings: EcsSettings
    readonly destination: Destination
    readonly knowledge: Knowledge
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { past, settings, destination, knowledge, definitionOf } = given
  switch (destination.by) {
    case 'revision':
      return aimAtDefinition(past, {
        settings,
        name: destination.taskDefinition,
        definitionOf,
      })
    case 'service-revision':
      return aimAtRevision(clients, past, { destination, definitionOf })
    case 'tag':
    case 'digest':
    case 'commit':
      return aimAtMatch(clients, past, {
        wanted: destination,
        knowledge,
        cluster: settings.cluster,
        definitionOf,
      })
    case 'point':
    case 'previous-distinct':
      throw new Error(`${destination.by} is a choice and names nothing`)
  }
}

async function aimAtDefinition(
  past: Past,
  given: {
    readonly settings: EcsSettings
    readonly name: string
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { settings, name, definitionOf } = given
  const { service } = past
  const foreign = foreignTo(service, { by: 'revision', taskDefinition: name }, settings)
  if (foreign !== undefined) return { is: 'refused', why: foreign }
  const definition = await definitionOf(name)
  if (!definition) return { is: 'refused', why: `task definition ${name} does not exist` }
  const ran = bestOf(past.candidates.filter(({ revision }) => revision.taskDefinition === name))
  return {
    is: 'target',
    target: targetOf(service, definition, {
      revision: ran?.revision,
      grade: ran?.grade ?? (past.history.gaps.length > 0 ? undefined : 'G0'),
      why: `${name} was named${although(ran)}`,
    }),
  }
}

/** What is known against something that a person named: it is done all the same, and said. */
const although = (candidate: Candidate | undefined): string =>
  candidate === undefined || candidate.objections.length === 0
    ? ''
    : `, although ${candidate.objections.join('; ')}`

const bestOf = (candidates: readonly Candidate[]): Candidate | undefined =>
  [...candidates].sort(byGrade)[0]

async function aimAtRevision(
  clients: EcsClients,
  past: Past,
  given: {
    readonly destination: Extract<Destination, { by: 'service-revision' }>
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { destination, definitionOf } = given
  const { service, candidates } = past
  const { revision: number } = destination
  const absent = { is: 'left-alone', why: `it has no service revision ${number}` } as const
  if (destination.service !== undefined && destination.service !== service.name) return absent
  const known = candidates.find(({ revision }) => revisionNumber(revision) === number)
  const revision = known?.revision ?? (await revisionByNumber(clients, service, number))
  if (revision === undefined) return absent
  const definition = await definitionOf(revision.taskDefinition)
  if (!definition) {
    return { is: 'refused', why: `task definition ${revision.taskDefinition} is gone` }
  }
  const why = `service revision ${number} was named${although(known)}`
  return {
    is: 'target',
    target: targetOf(service, definition, { revision, grade: known?.grade, why }),
  }
}

/** A revision that is older than ECS's list of deployments: it is kept as long as its service. */
async function revisionByNumber(
  clients: EcsClients,
  { revisions }: LiveService,
  number: string,
): Promise<Revision | undefined> {
  const [beside] = revisions
  if (beside === undefined) return undefined
  const arn = beside.replace(/\d+$/, number)
  return (await observeRevisions(clients, [arn]))[0]
}

async function aimAtMatch(
  clients: EcsClients,
  past: Past,
  given: Pick<Parameters<typeof findNamed>[1], 'knowledge' | 'cluster'> & {
    readonly wanted: Wanted
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { service, family } = past
  const { wanted, cluster, definitionOf } = given
  const meant = await findNamed(clients, { ...given, past })
  if (meant.is === 'ambiguous') return { is: 'refused', why: meant.why }
  if (meant.is === 'none') return { is: 'left-alone', why: withoutMatch(wanted, family) }
  const { match } = meant
  const { taskDefinition } = match.revision
  const definition = await definitionOf(taskDefinition)
  if (!definition) return { is: 'refused', why: `task definition ${taskDefinition} is gone` }
  const why = `${definition.name} is ${destinationText(wanted)} (by ${match.by})${although(match.candidate)}`
  return {
    is: 'target',
    target: targetOf(service, definition, {
      revision: {
        ...match.revision,
        arn: arnOf(match, definition, { cluster, service: service.name }),
      },
      grade: match.verified ? 'G3' : (match.candidate?.grade ?? 'G0'),
      why,
    }),
  }
}

function withoutMatch(wanted: Wanted, family: string): string {
  switch (wanted.by) {
    case 'tag':
      return `nothing that ran, and no task definition of ${family}, has an image tagged ${wanted.tag}`
    case 'digest':
      return `no container of it ran ${wanted.digest}, and no task definition of ${family} names it`
    case 'commit':
      return `no image tag, task definition of ${family} or restore point names the commit ${wanted.commit}`
  }
}

/** What a restore point calls a revision is its number. */
function arnOf(
  { revision }: Match,
  definition: TaskDefinition,
  where: { readonly cluster: string; readonly service: string },
): string {
  if (revision.arn === '' || revision.arn.startsWith('arn:')) return revision.arn
  return revisionArn(definition, { ...where, number: revision.arn }) ?? ''
}
