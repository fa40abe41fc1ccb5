import { shortName } from '#aws'
import { commitsIn, type Sought, tagOf } from '#store'
import type { EcsClients } from '../client.ts'
import { activeTaskDefinitions, observeTagged, type Tagged } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import type { EcsSettings } from '../settings.ts'
import { familyOf, type LiveService, type Revision } from '../state.ts'
import { commitsOf, commitTokens, distinctCommits, isCommit } from './commits.ts'
import type { Destination } from './destination.ts'
import { byGrade, type Candidate } from './grade.ts'
import { type Knowledge, ranIn } from './knowledge.ts'
import { expectedFamily, type Past, revisionNumber } from './past.ts'

/** What ran, or was registered, that a tag, a digest or a commit means. */
export interface Match {
  readonly revision: Revision
  /** Undefined for what only a restore point, or only a registration, knows. */
  readonly candidate: Candidate | undefined
  /** `image tag v41`, `environment variable GIT_SHA`, `restore point production/1/after`. */
  readonly by: string
  /** The commit that it names. */
  readonly commit: string
  /** True where a verified point has it. */
  readonly verified: boolean
}

/** The one that is meant, or why there is none. */
export type Meant =
  | { readonly is: 'one'; readonly match: Match }
  | { readonly is: 'none' }
  | { readonly is: 'ambiguous'; readonly why: string }

/** A destination that is looked for among what ran. */
export type Wanted = Sought | Extract<Destination, { by: 'digest' }>

/** So many task definitions of a family are looked at, the newest, ACTIVE and INACTIVE each. */
const most = 100

/**
 * Finds what a tag, a digest or a commit means for one service: among what ECS and the restore points say ran, and only then
 * among what is registered. ARNs are never looked at, and of several the best known and then the newest is meant.
 */
export async function findNamed(
  clients: EcsClients,
  given: {
    readonly wanted: Wanted
    readonly past: Past
    readonly knowledge: Knowledge
    readonly cluster: string
  },
): Promise<Meant> {
  const { wanted, past } = given
  const ran = [...inHistory(wanted, past), ...inPoints(given)]
  const meant = oneOf(wanted, ran)
  if (meant.is !== 'none') return meant
  return oneOf(wanted, await inRegistered(clients, wanted, past))
}

/** Of one commit the best: graded best, then newest. Two commits that begin alike are not for us to choose between. */
function oneOf(wanted: Wanted, matches: readonly Match[]): Meant {
  const commits = wanted.by === 'commit' ? distinctCommits(matches.map(({ commit }) => commit)) : []
  if (wanted.by === 'commit' && commits.length > 1) {
    const all = matches.map(({ revision, by }) => `${revision.taskDefinition} (${by})`)
    return {
      is: 'ambiguous',
      why: `sha:${wanted.commit} is the beginning of ${commits.length} commits: ${[...new Set(all)].join(', ')}`,
    }
  }
  const [match] = [...matches].sort(
    (a, b) =>
      Number(b.verified) - Number(a.verified) ||
      (a.candidate && b.candidate ? byGrade(a.candidate, b.candidate) : 0) ||
      Number(b.candidate !== undefined) - Number(a.candidate !== undefined) ||
      b.revision.createdAt - a.revision.createdAt,
  )
  return match ? { is: 'one', match } : { is: 'none' }
}

/** The service revisions that ECS still knows. */
const inHistory = (wanted: Wanted, past: Past): readonly Match[] =>
  past.candidates
    .filter(({ revision }) => familyOf(revision.taskDefinition) === past.family)
    .flatMap((candidate) =>
      imagesWith(wanted, candidate.revision).map((found) => ({
        ...found,
        ...{ revision: candidate.revision, candidate, verified: candidate.grade === 'G3' },
      })),
    )

type Found = Pick<Match, 'by' | 'commit'>

/** What the images of a revision say: one container is enough, because sidecars have tags of their own. */
function imagesWith(
  wanted: Wanted,
  { containers }: Pick<Revision, 'containers'>,
): readonly Found[] {
  switch (wanted.by) {
    case 'tag':
      return containers.some(({ image }) => tagOf(image) === wanted.tag)
        ? [{ by: `image tag ${wanted.tag}`, commit: '' }]
        : []
    case 'digest':
      return containers.some(
        ({ image, digest }) => (digest ?? image.split('@')[1]) === wanted.digest,
      )
        ? [{ by: 'the digest of a container', commit: '' }]
        : []
    case 'commit':
      return containers.flatMap(({ image }) => {
        const tag = tagOf(image) ?? ''
        const commit = commitTokens(tag).find((token) => isCommit(token, wanted.commit))
        return commit === undefined ? [] : [{ by: `image tag ${tag}`, commit }]
      })
  }
}

/** What restore points say ran: by commit, or by digest where ECS has forgotten it. */
function inPoints(given: {
  readonly wanted: Wanted
  readonly past: Past
  readonly knowledge: Knowledge
  readonly cluster: string
}): readonly Match[] {
  const { wanted, past, knowledge, cluster } = given
  return knowledge.points.flatMap((point) => {
    const [ran] = ranIn([point], cluster, past.service.name)
    if (ran === undefined || familyOf(ran.taskDefinition) !== past.family) return []
    const commits = wanted.by === 'commit' ? commitsIn([point], wanted.commit) : []
    const named =
      wanted.by === 'digest' &&
      imagesWith(wanted, { containers: ran.containers.map(known) }).length > 0
    const found = [...commits, ...(named ? [''] : [])]
    const candidate = past.candidates.find(
      ({ revision }) => revisionNumber(revision) === ran.serviceRevision,
    )
    const { taskDefinition } = ran
    const containers = ran.containers.map(known)
    const revision = candidate?.revision ?? {
      ...{ arn: ran.serviceRevision ?? '', taskDefinition, containers },
      createdAt: Date.parse(point.takenAt),
    }
    const verified = knowledge.verified.includes(point)
    return found.map((commit) => ({
      ...{ revision, candidate, commit, verified },
      by: `restore point ${point.id}`,
    }))
  })
}

const known = ({
  name,
  image,
  digest,
}: {
  name: string
  image: string
  digest?: string | undefined
}) => ({
  ...{ name, image },
  ...(digest === undefined ? {} : { digest }),
})

/** Task definitions of the family: their images, and for a commit also their tags and variables. */
async function inRegistered(
  clients: EcsClients,
  wanted: Wanted,
  { family, candidates }: Past,
): Promise<readonly Match[]> {
  for (const status of ['ACTIVE', 'INACTIVE'] as const) {
    const names = await newestNames(clients, family, status)
    const matches = await matching(clients, wanted, names)
    const found = matches.map((match) => {
      const ran = candidates.find(
        ({ revision }) => revision.taskDefinition === match.revision.taskDefinition,
      )
      return ran ? { ...match, revision: ran.revision, candidate: ran } : match
    })
    if (found.length > 0) return found
  }
  return []
}

async function newestNames(
  clients: EcsClients,
  family: string,
  status: 'ACTIVE' | 'INACTIVE',
): Promise<readonly string[]> {
  const names: string[] = []
  for await (const arn of activeTaskDefinitions(clients, family, status)) {
    names.push(shortName(arn))
    if (names.length >= most) break
  }
  return names
}

/** Eight at a time, so that a tag of last week costs a few calls; of a commit all, because two may begin alike. */
async function matching(
  clients: EcsClients,
  wanted: Wanted,
  names: readonly string[],
): Promise<readonly Match[]> {
  const width = wanted.by === 'commit' ? names.length : 8
  for (let index = 0; index < names.length; index += width) {
    const part = names.slice(index, index + width)
    const looked = await inParallel(part, (name) => observeTagged(clients, name))
    const found = looked.flatMap((one) => (one ? registeredWith(wanted, one) : []))
    if (found.length > 0) return found
  }
  return []
}

function registeredWith(wanted: Wanted, { definition, tags }: Tagged): readonly Match[] {
  const named =
    wanted.by === 'commit'
      ? commitsOf(definition.facts, tags).filter(({ commit }) => isCommit(commit, wanted.commit))
      : []
  const revision: Revision = {
    arn: '',
    taskDefinition: definition.name,
    containers: definition.containers,
    // Revisions of a family count upwards.
    createdAt: Number(definition.name.slice(definition.name.lastIndexOf(':') + 1)),
  }
  return [...imagesWith(wanted, definition), ...named].map((found) => ({
    ...found,
    ...{ revision, candidate: undefined, verified: false },
  }))
}

/** Why a task definition that was named is not one of a service; undefined when it is, or nothing of the kind was named. */
export function foreignTo(
  service: LiveService,
  destination: Destination | undefined,
  settings: EcsSettings,
): string | undefined {
  if (destination?.by !== 'revision') return undefined
  const family = expectedFamily(settings, service)
  return familyOf(destination.taskDefinition) === family
    ? undefined
    : `${destination.taskDefinition} is not of its family ${family}: name only services of one family, or a map of services to families`
}
