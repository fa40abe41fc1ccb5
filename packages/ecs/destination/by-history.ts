import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import { observeTaskDefinition } from '../observe.ts'
import { inParallel, onceEach } from '../parallel.ts'
import { defaults, type EcsSettings } from '../settings.ts'
import { type Aim, type Aims, type DefinitionOf, type Given, none } from './aims.ts'
import { aimAtNamed } from './by-name.ts'
import { candidatesTable, othersIn, rejections } from './candidates.ts'
import { type Destination, destinationText } from './destination.ts'
import { compareCode } from './fingerprint.ts'
import { atLeast, byGrade } from './grade.ts'
import { type Knowledge, readKnowledge } from './knowledge.ts'
import { eligible, observePasts, type Past } from './past.ts'
import { newestRegistered } from './registered.ts'
import { targetOf, withPoint } from './target.ts'
import { unlessTheirs, withoutBad } from './theirs.ts'

type Judged = Given & {
  readonly destination: Destination
  /** Why no restore point decides, as the beginning of a sentence. */
  readonly before: string
}

/** Aims by what ECS, and the store where there is one, know of what ran. */
export async function aimByHistory(run: Run, clients: EcsClients, given: Judged): Promise<Aims> {
  const { settings, store, services, destination, before } = given
  const knowledge = await readKnowledge(store)
  const pasts = await observePasts(run, clients, { settings, services, knowledge })
  const missing = withoutBad(settings, pasts)
  if (missing) return missing
  const chosen = isChoice(destination)
  const definitionOf = onceEach((name) => observeTaskDefinition(clients, name))
  const targets = await inParallel(pasts, async (past) => {
    const aimed = await (chosen
      ? aimAtBest(clients, { past, settings, destination, before, definitionOf })
      : aimAtNamed(clients, { past, settings, destination, knowledge, definitionOf }))
    return [past.service.name, knownTo(knowledge, aimed)] as const
  })
  if (chosen) for (const past of pasts) for (const line of rejections(past)) run.report.info(line)
  const aims: Aims = {
    is: 'aims',
    of: new Map<string, Aim>(targets),
    why: chosen
      ? `${before}${destinationText(destination)} by ECS's history`
      : `${destinationText(destination)} was named`,
    sections: chosen ? pasts.map(candidatesTable) : [],
  }
  return isHopeless(aims)
    ? hopeless(given, aims, pasts)
    : unlessTheirs(given, pasts, withOthers(aims, pasts))
}

/** Tells of each target where else its service could go: what is eligible and other code, the best grade first. */
function withOthers(
  aims: Extract<Aims, { is: 'aims' }>,
  pasts: readonly Past[],
): Extract<Aims, { is: 'aims' }> {
  const of = new Map(
    [...aims.of].map(([name, one]) => {
      const past = pasts.find(({ service }) => service.name === name)
      if (one.is !== 'target' || !past) return [name, one] as const
      return [
        name,
        { is: 'target', target: { ...one.target, others: othersIn(past, one.target) } },
      ] as const
    }),
  )
  return { ...aims, of }
}

/** Whether a destination leaves the choice to us. */
const isChoice = (destination: Destination) =>
  destination.by === 'point' || destination.by === 'previous-distinct'

const isHopeless = ({ of }: Extract<Aims, { is: 'aims' }>) =>
  [...of.values()].every(({ is }) => is === 'left-alone')

/** The refusal where no service has the destination at all. */
function hopeless(
  { destination }: Judged,
  aims: Extract<Aims, { is: 'aims' }>,
  pasts: readonly Past[],
): Aims {
  const reasons = [...aims.of].flatMap(([name, one]) =>
    one.is === 'left-alone' ? [`${name}: ${one.why}`] : [],
  )
  const [first = ''] = reasons
  const many = pasts.length > 1
  return none(
    many ? `none of these services has ${destinationText(destination)}: ${first}` : first,
    [
      ...(many ? reasons : []),
      'run this action with mode: list: it shows what there is to go back to, and what to give in to:',
    ],
    pasts.map(candidatesTable),
  )
}

/** The best that nothing speaks against, and for previous-distinct the newest. */
async function aimAtBest(
  clients: EcsClients,
  given: {
    readonly past: Past
    readonly settings: EcsSettings
    readonly destination: Destination
    readonly before: string
    readonly definitionOf: DefinitionOf
  },
): Promise<Aim> {
  const { past, settings, destination, before, definitionOf } = given
  const { service, undone } = past
  const newest = eligible(past)
  // What was put back already is the answer: a second run must not choose again.
  const back = newest.filter(({ revision }) => revision.arn === undone.returned?.arn)
  const order = destination.by === 'previous-distinct' ? newest : [...newest].sort(byGrade)
  for (const candidate of [...back, ...order]) {
    const { revision, grade, why } = candidate
    const definition = await definitionOf(revision.taskDefinition)
    if (definition === undefined || definition.status === 'DELETE_IN_PROGRESS') continue
    const returned = back.includes(candidate)
    const because = returned
      ? `it was put back already, over ${undone.bad?.taskDefinition}; to go further back name what is undone in bad-deployment, or a destination`
      : `${grade}: ${why}`
    return {
      is: 'target',
      target: targetOf(service, definition, { revision, grade, why: because }),
    }
  }
  const registered = await aimAtRegistered(clients, past, settings)
  return registered ?? { is: 'refused', why: `${before}${nothingFor(past)}` }
}

/** Only with `min-grade: G0`: the newest registered task definition whose images differ, without any sign that it works. */
async function aimAtRegistered(
  clients: EcsClients,
  past: Past,
  settings: EcsSettings,
): Promise<Aim | undefined> {
  const { service, undone, candidates } = past
  if (!atLeast('G0', settings.minGrade ?? defaults.minGrade)) return undefined
  const known = candidates.map(({ revision }) => revision.taskDefinition)
  const definition = await newestRegistered(clients, past.family, {
    below: undone.bad?.taskDefinition ?? service.taskDefinition,
    fits: (one) =>
      !known.includes(one.name) &&
      compareCode(one.containers, undone.bad?.containers ?? []) === 'different',
  })
  if (definition === undefined) return undefined
  const why = `${definition.name} is only registered: ECS has no deployment of it`
  return { is: 'target', target: targetOf(service, definition, { grade: 'G0', why }) }
}

function nothingFor({ history, candidates, undone }: Past): string {
  if (undone.bad === undefined) return 'ECS shows no deployment of it: nothing is undone'
  const others = candidates.filter(({ revision }) => revision.arn !== undone.bad?.arn)
  if (history.deployments.length <= 1 && others.length === 0) {
    return `${undone.bad.taskDefinition} is the first deployment that ECS knows of: there is nothing before it`
  }
  const [first] = others
  const example =
    first === undefined ? '' : ` (${first.revision.taskDefinition}: ${first.against.join('; ')})`
  return `nothing that ran before ${undone.bad.taskDefinition} may be gone back to${example}`
}

/** What was verified says more of a target than what only was recorded. */
const knownTo = ({ verified, points }: Knowledge, aimed: Aim): Aim =>
  aimed.is === 'target'
    ? { is: 'target', target: withPoint(aimed.target, [...verified, ...points]) }
    : aimed
