import type * as Ecs from '@aws-sdk/client-ecs'

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
 * people keep passwords in `environment` and in commands.
 */
export interface Fact {
  /** Empty for the task itself. */
  readonly container: string
  readonly kind: FactKind
  /** Tells facts of a kind from each other; empty where there is only one. */
  readonly name: string
  readonly value: string
}

/** Everything that a task definition says. A set, because JSON of a set shows nothing of it. */
export function factsOf(definition: Ecs.TaskDefinition): ReadonlySet<Fact> {
  const containers = definition.containerDefinitions ?? []
  return new Set([...taskFacts(definition), ...containers.flatMap(containerFacts)])
}

type Part = Omit<Fact, 'container'>

/** A fact of which there is one at most; none where nothing is said. */
function single(kind: FactKind, value: unknown): readonly Part[] {
  if (value === undefined || value === null || value === '') return []
  return [{ kind, name: '', value: typeof value === 'string' ? value : canonical(value) }]
}

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
    ...single('cpu', cpu),
    ...single('memory', memory),
    ...single('task-role', taskRoleArn),
    ...single('execution-role', executionRoleArn),
    ...single('other', other(rest, ofRevision)),
  ]
  return parts.map((part) => ({ container: '', ...part }))
}

/** What differs between any two revisions, or follows from the rest. */
const ofRevision = [
  'taskDefinitionArn',
  'family',
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
    ...single('image', image),
    ...single('command', given(command)),
    ...single('entry-point', given(entryPoint)),
    ...single('health-check', healthCheck),
    ...single('cpu', cpu || undefined),
    ...named('memory', [
      ['limit', memory],
      ['reservation', memoryReservation],
    ]),
    ...named('port', (portMappings ?? []).map(portOf)),
    ...named(
      'environment',
      (environment ?? []).map((one) => [one.name ?? '', one.value ?? '']),
    ),
    ...named(
      'environment-file',
      (environmentFiles ?? []).map(({ value = '' }) => [value.split('/').at(-1) ?? '', value]),
    ),
    ...named(
      'secret',
      [...(secrets ?? []), ...secretOptions].map((one) => [one.name ?? '', one.valueFrom]),
    ),
    ...named('secret', [['(registry)', repositoryCredentials?.credentialsParameter]]),
    ...single('other', other({ ...remaining, logConfiguration }, [])),
  ]
  return parts.map((part) => ({ container: name, ...part }))
}

const given = (list: readonly string[] | undefined) => (list?.length ? list : undefined)

const named = (
  kind: FactKind,
  facts: readonly (readonly [string, string | number | undefined])[],
): readonly Part[] =>
  facts.flatMap(([name, value]) => (value === undefined ? [] : [{ kind, name, value: `${value}` }]))

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
