import type * as Ecs from '@aws-sdk/client-ecs'
import { shortName } from '#aws'
import { checkText, imageText, placeText, portText } from '../report/shown.ts'

/** What kinds of things a task definition says, as far as two of them are compared. */
export type FactKind =
  | 'environment'
  | 'environment-file'
  | 'secret'
  | 'image'
  | 'command'
  | 'entry-point'
  | 'cpu'
  | 'memory'
  | 'port'
  | 'health-check'
  | 'task-role'
  | 'execution-role'
  /** Everything else, as one. */
  | 'other'

/**
 * One thing that a task definition says. The value stays in memory: it is compared, never shown or recorded, because
 * people keep passwords in `environment` and in commands. Only what cannot be one may be shown: an image, a size, a port, the
 * name of a role, where a secret is read from.
 */
export interface Fact {
  /** Empty for the task itself. */
  readonly container: string
  readonly kind: FactKind
  /** Tells facts of a kind from each other; empty where there is only one. */
  readonly name: string
  readonly value: string
  /** What of it may be shown; left out where a password may be in it. */
  readonly shown?: string
}

/** Everything that a task definition says. A set, because JSON of a set shows nothing of it. */
export function factsOf(definition: Ecs.TaskDefinition): ReadonlySet<Fact> {
  const containers = definition.containerDefinitions ?? []
  return new Set([...taskFacts(definition), ...containers.flatMap(containerFacts)])
}

type Part = Omit<Fact, 'container'>

/** A fact of which there is one at most; none where nothing is said. */
function single(kind: FactKind, value: unknown, show?: (value: string) => string): readonly Part[] {
  if (value === undefined || value === null || value === '') return []
  const text = typeof value === 'string' ? value : canonical(value)
  return [{ kind, name: '', value: text, ...(show && { shown: show(text) }) }]
}

const itself = (value: string) => value

function taskFacts(definition: Ecs.TaskDefinition): readonly Fact[] {
  const {
    cpu,
    memory,
    taskRoleArn,
    executionRoleArn,
    containerDefinitions: _,
    ...rest
  } = definition
  const parts = [
    ...single('cpu', cpu, itself),
    ...single('memory', memory, itself),
    ...single('task-role', taskRoleArn, shortName),
    ...single('execution-role', executionRoleArn, shortName),
    ...single('other', other(rest, ['family', ...ofRevision])),
  ]
  return parts.map((part) => ({ container: '', ...part }))
}

/** What a description tells of a revision, and no registration takes: it differs between any two, or follows from the rest. */
export const ofRevision = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
]

function containerFacts(definition: Ecs.ContainerDefinition): readonly Fact[] {
  const { name = '', image, command, entryPoint, healthCheck, ...rest } = definition
  const { cpu, memory, memoryReservation, portMappings, ...more } = rest
  const { environment, environmentFiles, secrets, repositoryCredentials, ...remaining } = more
  const { secretOptions = [], ...logConfiguration } = remaining.logConfiguration ?? {}
  const parts: readonly Part[] = [
    ...single('image', image, imageText),
    ...single('command', given(command)),
    ...single('entry-point', given(entryPoint)),
    ...single('health-check', healthCheck, () => checkText(healthCheck ?? {})),
    ...single('cpu', cpu || undefined, itself),
    ...named('memory', itself, [
      ['limit', memory],
      ['reservation', memoryReservation],
    ]),
    ...named('port', portText, (portMappings ?? []).map(portOf)),
    ...named(
      'environment',
      undefined,
      (environment ?? []).map((one) => [one.name ?? '', one.value ?? '']),
    ),
    ...named(
      'environment-file',
      placeText,
      (environmentFiles ?? []).map(({ value = '' }) => [value.split('/').at(-1) ?? '', value]),
    ),
    ...named(
      'secret',
      placeText,
      [...(secrets ?? []), ...secretOptions].map((one) => [one.name ?? '', one.valueFrom]),
    ),
    ...named('secret', placeText, [['(registry)', repositoryCredentials?.credentialsParameter]]),
    ...single('other', other({ ...remaining, logConfiguration }, [])),
  ]
  return parts.map((part) => ({ container: name, ...part }))
}

const given = (list: readonly string[] | undefined) => (list?.length ? list : undefined)

const named = (
  kind: FactKind,
  show: ((value: string) => string) | undefined,
  facts: readonly (readonly [string, string | number | undefined])[],
): readonly Part[] =>
  facts.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ kind, name, value: `${value}`, ...(show && { shown: show(`${value}`) }) }],
  )

function portOf(mapping: Ecs.PortMapping): readonly [string, string] {
  const { containerPort, containerPortRange, protocol = 'tcp', ...rest } = mapping
  return [`${containerPort ?? containerPortRange ?? ''}/${protocol}`, canonical(rest)]
}

/** What is said beside the kinds that have a name; empty lists and objects say nothing. */
function other(rest: object, without: readonly string[]): object | undefined {
  const said = Object.entries(rest).filter(
    ([name, value]) => !without.includes(name) && !/^(\[\]|\{\})?$/.test(canonical(value ?? '')),
  )
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

/** JSON in which the order of members does not matter. */
function canonical(value: unknown): string {
  if (value === '') return ''
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
