import type { Digest } from '#aws'
import type { TaskDefinition } from '../state.ts'
import type { Fact, FactKind } from './facts.ts'

/** One thing in which two task definitions differ: names and kinds, and digests in place of values. */
export interface Difference {
  /** Empty for the task itself. */
  readonly container: string
  readonly kind: FactKind | 'container'
  /** Empty where there is only one of its kind. */
  readonly name: string
  /** `moved`: a secret or file of the same name is read from another place, version or key. */
  readonly change: 'added' | 'removed' | 'changed' | 'moved'
  /** Of the value before; equal values of the same thing have equal digests, in this run only. */
  readonly from?: string
  readonly to?: string
  /** The value before, of what cannot be a password: images, sizes, ports, names of roles, where secrets are read from. */
  readonly was?: string
  readonly is?: string
}

/**
 * In what `b` differs from `a`, container by container: pure. Of a container that only one of them has, nothing more is
 * told. No value is in the answer.
 */
export function diffOf(
  a: TaskDefinition,
  b: TaskDefinition,
  digest: Digest,
): readonly Difference[] {
  const before = namesOf(a)
  const after = namesOf(b)
  const shared = before.filter((name) => after.includes(name))
  return [
    ...whole(before, shared, 'removed'),
    ...whole(after, shared, 'added'),
    ...['', ...shared].flatMap((container) =>
      partsOf(factsIn(a, container), factsIn(b, container), digest),
    ),
  ]
}

const namesOf = ({ containers }: TaskDefinition) => containers.map(({ name }) => name)

const whole = (names: readonly string[], shared: readonly string[], change: 'added' | 'removed') =>
  names
    .filter((name) => !shared.includes(name))
    .map((container): Difference => ({ container, kind: 'container', name: '', change }))

/** The facts of one container by kind and name; of a name that is there twice the last counts, as for ECS. */
const factsIn = ({ facts }: TaskDefinition, container: string): ReadonlyMap<string, Fact> =>
  new Map(
    [...facts]
      .filter((fact) => fact.container === container)
      .map((fact) => [`${fact.kind}\0${fact.name}`, fact]),
  )

function partsOf(
  before: ReadonlyMap<string, Fact>,
  after: ReadonlyMap<string, Fact>,
  digest: Digest,
): readonly Difference[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])]
  return keys.flatMap((key) => difference(before.get(key), after.get(key), digest) ?? [])
}

function difference(
  before: Fact | undefined,
  after: Fact | undefined,
  digest: Digest,
): Difference | undefined {
  const fact = after ?? before
  if (!fact || before?.value === after?.value) return undefined
  const { container, kind, name } = fact
  const shown = (one: Fact) => digest(`${container}\0${kind}\0${name}`, one.value)
  return {
    container,
    kind,
    name,
    change: changeOf(before, after),
    ...(before ? { from: shown(before) } : {}),
    ...(after ? { to: shown(after) } : {}),
    ...(before?.shown === undefined ? {} : { was: before.shown }),
    ...(after?.shown === undefined ? {} : { is: after.shown }),
  }
}

function changeOf(before: Fact | undefined, after: Fact | undefined): Difference['change'] {
  if (!before) return 'added'
  if (!after) return 'removed'
  return after.kind === 'secret' || after.kind === 'environment-file' ? 'moved' : 'changed'
}
