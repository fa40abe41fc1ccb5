import {
  type TaskDefinition as Described,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  type Tag,
} from '@aws-sdk/client-ecs'
import { call } from '#aws'
import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import { type Fact, factsOf, ofRevision } from '../environment/facts.ts'
import { COPY_OF, toTaskDefinition } from '../map.ts'
import { activeTaskDefinitions, observeTaskDefinition } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import type { TaskDefinition } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import { sendOnce } from './send.ts'
import { answerOf, lost, wireOf } from './wire.ts'

type Input = RegisterTaskDefinitionCommandInput

/** Why a task definition cannot be used as it is. */
export type CopyReason =
  /** It is INACTIVE: UpdateService refuses it. */
  | 'inactive'
  /** A tag of its images names another image now. */
  | 'moved'

/** A task definition that is registered anew, because the one it is of cannot be used. */
export interface Copy {
  /** `family:revision` of the original. */
  readonly of: string
  readonly reason: CopyReason
  /** The same for copies of the same content. */
  readonly key: string
  /** Kept from every report: it holds the plain values of the environment. */
  readonly input: () => Input
  /** The facts that its description will have. */
  readonly facts: ReadonlySet<Fact>
}

/** A copy that has to be registered, one that was registered before, or why there can be none. */
export type Prepared =
  | { readonly is: 'to-register'; readonly copy: Copy }
  | { readonly is: 'found'; readonly definition: TaskDefinition }
  | { readonly is: 'refused'; readonly why: string }

/** All that RegisterTaskDefinition takes and DescribeTaskDefinition tells [AWS: both]. */
const registrable = [
  'family',
  'taskRoleArn',
  'executionRoleArn',
  'networkMode',
  'containerDefinitions',
  'volumes',
  'placementConstraints',
  'requiresCompatibilities',
  'cpu',
  'memory',
  'pidMode',
  'ipcMode',
  'proxyConfiguration',
  'inferenceAccelerators',
  'ephemeralStorage',
  'runtimePlatform',
  'enableFaultInjection',
] as const

/** How far back a copy that was made before is looked for: copies are young. */
const looked = 20
/** The most tags that a task definition may have [AWS: tag restrictions]. */
const mostTags = 50

/**
 * Prepares the copy of a task definition: from its own description, with every field and tag, its images by digest where
 * `pins` has one. A copy of the same content that was made before is taken. Changes nothing.
 */
export async function prepareCopy(
  clients: EcsClients,
  given: {
    readonly definition: TaskDefinition
    readonly reason: CopyReason
    readonly pins: readonly ExpectedContainer[]
  },
): Promise<Prepared> {
  const { definition, reason, pins } = given
  const { name } = definition
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: name, include: ['TAGS'] })
  const { answer, raw } = await answerOf(clients.ecs, command, name)
  const described = answer.taskDefinition
  if (!described || described.status === 'DELETE_IN_PROGRESS') {
    return { is: 'refused', why: `task definition ${name} is ${described?.status ?? 'gone'}` }
  }
  const plain = inputOf(described)
  const sent = await wireOf(clients.ecs, new RegisterTaskDefinitionCommand(plain), name)
  const members = lost(without(raw), sent)
  if (members.length > 0) return { is: 'refused', why: lossText(name, members) }
  const containerDefinitions = (plain.containerDefinitions ?? []).map((one) => ({
    ...one,
    image: pinned(one.image ?? '', pins.find((pin) => pin.name === one.name)?.digest),
  }))
  const tags = tagsOf(answer.tags ?? [], name, {
    before: plain.containerDefinitions ?? [],
    after: containerDefinitions,
  })
  if (tags.length > mostTags) {
    return { is: 'refused', why: `task definition ${name} has no room for the tag ${COPY_OF}` }
  }
  const input = { ...plain, containerDefinitions, tags: [...tags] }
  const facts = factsOf({ ...described, containerDefinitions })
  const key = [name, ...containerDefinitions.map(({ image }) => image)].join(' ')
  const copy: Copy = { of: name, reason, key, input: () => input, facts }
  const found = await findCopy(clients, copy, definition.family)
  return found ? { is: 'found', definition: found } : { is: 'to-register', copy }
}

function inputOf(described: Described): Input {
  const given = Object.fromEntries(registrable.map((key) => [key, described[key]]))
  const { family = '', containerDefinitions = [] } = described
  return { ...given, family, containerDefinitions }
}

function without(raw: unknown): unknown {
  const { taskDefinition } = raw as { readonly taskDefinition?: object }
  const members = Object.entries(taskDefinition ?? {})
  return Object.fromEntries(members.filter(([name]) => !ofRevision.includes(name)))
}

const lossText = (name: string, members: readonly string[]) =>
  `a copy of task definition ${name} would lose ${members.slice(0, 3).join(', ')}, which this version does not know: ` +
  `register it by hand (aws ecs describe-task-definition --task-definition ${name}, then aws ecs register-task-definition --cli-input-json) and name the new revision in to:`

/** `repo:tag` by digest: `repo@sha256:…`; one that names a digest stays. */
export function pinned(image: string, digest: string | undefined): string {
  if (digest === undefined || image.includes('@')) return image
  const colon = image.lastIndexOf(':')
  const repository = colon > image.lastIndexOf('/') ? image.slice(0, colon) : image
  return `${repository}@${digest}`
}

type Images = readonly { readonly name?: string | undefined; readonly image?: string | undefined }[]

/** The tags of the original, what it is a copy of, and what its images were called, as far as there is room. */
function tagsOf(
  tags: readonly Tag[],
  name: string,
  { before, after }: { readonly before: Images; readonly after: Images },
): readonly Tag[] {
  const own = (key: string) => key === COPY_OF || key.startsWith(`${COPY_OF}:`)
  const kept = tags.filter(({ key = '' }) => !key.startsWith('aws:') && !own(key))
  const named = before.flatMap(({ name: container = '', image = '' }, index) =>
    after[index]?.image === image
      ? []
      : [{ key: `${COPY_OF}:${container}`.slice(0, 128), value: image.slice(-256) }],
  )
  const room = Math.max(0, mostTags - kept.length - 1)
  return [...kept, { key: COPY_OF, value: name }, ...named.slice(0, room)]
}

async function findCopy(
  clients: EcsClients,
  copy: Copy,
  family: string,
): Promise<TaskDefinition | undefined> {
  const arns: string[] = []
  for await (const arn of activeTaskDefinitions(clients, family)) {
    if (arns.push(arn) === looked) break
  }
  const all = await inParallel(arns, (arn) => observeTaskDefinition(clients, arn))
  return all.find((one) => one?.copyOf === copy.of && same(one.facts, copy.facts))
}

/** The same content in any order: ECS promises none. */
function same(a: ReadonlySet<Fact>, b: ReadonlySet<Fact>): boolean {
  const text = (facts: ReadonlySet<Fact>) =>
    JSON.stringify([...facts].map((fact) => JSON.stringify(fact)).sort())
  return text(a) === text(b)
}

/** A registered copy, or why it is not. */
export type Registered =
  | { readonly is: 'registered'; readonly definition: TaskDefinition }
  | { readonly is: 'not-sent'; readonly why: string; readonly next: string }

/** Registers a copy, once: each call that arrives makes another revision. */
export async function registerCopy(run: Run, clients: EcsClients, copy: Copy): Promise<Registered> {
  const input = copy.input()
  const sent = await sendOnce(
    async () => {
      const command = new RegisterTaskDefinitionCommand(input)
      const answer = await call(clients.once, command, `the copy of ${copy.of}`)
      return answer.taskDefinition && toTaskDefinition(answer.taskDefinition, answer.tags)
    },
    async () => {
      await run.clock.sleep(run.pollInterval)
      return findCopy(clients, copy, input.family ?? '')
    },
  )
  return sent.is === 'made' ? { is: 'registered', definition: sent.made } : sent
}
