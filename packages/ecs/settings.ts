import { InputError } from '#core'
import type { Destination } from './destination/destination.ts'
import type { Grade } from './rollback/plan.ts'
import type { Patience } from './watch/step.ts'

export const modes = ['rollback', 'stop', 'start', 'redeploy', 'list'] as const
export type Mode = (typeof modes)[number]

/** The grades from the best to none, as `min-grade` takes them. */
export const grades = ['G3', 'G2', 'G1', 'G0'] as const satisfies readonly Grade[]

/** A tag that the services carry. */
export interface Tag {
  readonly key: string
  readonly value: string
}

/** What the action does, to which services. */
export interface EcsSettings {
  readonly mode: Mode
  readonly cluster: string
  /** Empty where a tag names them. */
  readonly services: readonly string[]
  readonly tagged?: Tag | undefined
  /** The family of a service's task definitions, where it is another than that of what runs. */
  readonly families?: Readonly<Record<string, string>>
  /** Only for `rollback`; the record's own destination when it names none. */
  readonly destination: Destination | undefined
  readonly record: string | undefined
  /** What a destination that nobody named must have been at least. */
  readonly minGrade?: Grade
  /** How long something must have served to count as soaked, in milliseconds. */
  readonly minSoak?: number
  /** The service deployment that is undone: ARN or id. The newest of each service when left out. */
  readonly badDeployment?: string | undefined
  /** True when a service that the destination says nothing of refuses all. */
  readonly requireAll?: boolean
  /** How long is enough while deployments are watched. */
  readonly patience?: Patience
  /** Only for `rollback`: all services at once, or one after the other as they were named. */
  readonly order: Order
  /** Only for `rollback`: ECS's own rollbacks are switched off while ours is watched. */
  readonly protectRollback: boolean
}

export const orders = ['parallel', 'declared'] as const
export type Order = (typeof orders)[number]

/** What the settings are where nothing else is said; action.yml says the same. */
export const defaults = { minGrade: 'G1', minSoak: 30 * 60_000, capacity: 10 * 60_000 } as const

/** Which services the input names. */
export type Chosen =
  | { readonly by: 'names'; readonly names: readonly string[] }
  | { readonly by: 'map'; readonly map: Readonly<Record<string, string>> }
  | ({ readonly by: 'tag' } & Tag)

/** The inputs of the action that settings are made of. */
export interface EcsInputs {
  readonly mode: Mode
  readonly cluster?: string | undefined
  readonly services?: Chosen | undefined
  readonly to: Destination
  readonly record?: string | undefined
  readonly 'min-grade'?: Grade | undefined
  readonly 'min-soak'?: number | undefined
  readonly 'bad-deployment'?: string | undefined
  readonly 'require-all'?: boolean | undefined
  readonly 'capacity-timeout'?: number | undefined
  readonly 'stable-for'?: number | undefined
  readonly order?: Order | undefined
  readonly 'protect-rollback'?: boolean | undefined
}

/** The part of an environment's configuration that settings are made of. */
export interface EcsEnvironment {
  readonly services?:
    | {
        readonly cluster: string
        readonly names: readonly string[]
        readonly writers?: readonly string[] | undefined
      }
    | undefined
}

/** Where the modes write down what they change: one that changes nothing needs no record. */
export const journalOf = ({ mode }: Pick<EcsInputs, 'mode'>) =>
  mode === 'list' ? 'none' : 'record'

/** Merges inputs over the configuration. Throws `InputError` with every problem. */
export function settings(given: EcsInputs, environment: EcsEnvironment | undefined): EcsSettings {
  const configured = environment?.services
  const cluster = given.cluster ?? configured?.cluster
  const services = chosen(given.services, configured)
  const problems = [
    ...(cluster === undefined
      ? ['cluster: give it, or services.cluster in the configuration of the environment']
      : []),
    ...('problem' in services ? [services.problem] : []),
    ...misplaced(given),
    ...elsewhere(given.to, cluster),
  ]
  if (cluster === undefined || 'problem' in services || problems.length > 0) {
    throw new InputError(problems)
  }
  const goes = given.mode === 'rollback' && given.record === undefined
  return {
    mode: given.mode,
    cluster,
    ...services,
    destination: goes ? given.to : undefined,
    record: given.record,
    minGrade: given['min-grade'] ?? defaults.minGrade,
    minSoak: given['min-soak'] ?? defaults.minSoak,
    badDeployment: given['bad-deployment'],
    requireAll: given['require-all'] ?? false,
    patience: {
      capacity: given['capacity-timeout'] ?? defaults.capacity,
      stable: given['stable-for'],
    },
    order: given.order ?? 'parallel',
    protectRollback: given['protect-rollback'] ?? false,
  }
}

type Which = Pick<EcsSettings, 'services' | 'tagged' | 'families'>

/** The word `writers` stands for the services that the configuration names as such, all of them where it names none. */
function chosen(
  given: Chosen | undefined,
  configured: EcsEnvironment['services'],
): Which | { readonly problem: string } {
  if (given?.by === 'tag') return { services: [], tagged: { key: given.key, value: given.value } }
  if (given?.by === 'map') return { services: Object.keys(given.map), families: given.map }
  const writers = given?.names.length === 1 && given.names[0] === 'writers'
  if (given && !writers) return { services: given.names }
  if (!configured) {
    return {
      problem: writers
        ? 'services: writers needs services in the configuration of the environment'
        : 'services: give them, or services.names in the configuration of the environment',
    }
  }
  return { services: writers ? (configured.writers ?? configured.names) : configured.names }
}

/** Inputs that say nothing in this mode, or beside a record: somebody expects something of them. */
function misplaced(given: EcsInputs): readonly string[] {
  const { mode, record, services } = given
  const ofRecord = mode === 'rollback' && record !== undefined
  const choosing = [
    ...(isAuto(given.to) ? [] : ['to']),
    ...(given['bad-deployment'] === undefined ? [] : ['bad-deployment']),
    ...((given['min-grade'] ?? defaults.minGrade) === defaults.minGrade ? [] : ['min-grade']),
    ...((given['min-soak'] ?? defaults.minSoak) === defaults.minSoak ? [] : ['min-soak']),
  ]
  const listed = mode === 'list' ? choosing.filter((name) => name === 'to') : choosing
  const all = given['require-all'] === true && mode !== 'rollback' ? ['require-all'] : []
  const map = services?.by === 'map' && mode !== 'rollback' && mode !== 'list'
  if (ofRecord) {
    return choosing.map(
      (name) =>
        `${name}: the destination is the one of the record: leave it out when record is given`,
    )
  }
  return [
    ...(mode === 'rollback' ? [] : [...listed, ...all]).map(
      (name) => `${name}: mode ${mode} has no destination: leave it out`,
    ),
    ...(map ? [`services: mode ${mode} has no destination: name services without families`] : []),
    ...(mode === 'list' && record !== undefined
      ? ['record: mode list changes nothing: leave it out']
      : []),
  ]
}

const isAuto = (to: Destination) => to.by === 'point' && to.to === 'auto'

/** An ARN that is of another cluster is a wrong input before anybody is asked. */
function elsewhere(to: Destination, cluster: string | undefined): readonly string[] {
  const other = to.by === 'service-revision' ? to.cluster : undefined
  return other === undefined || cluster === undefined || other === cluster
    ? []
    : [`to: the service revision is of cluster ${other}, not of ${cluster}`]
}
