import { InputError } from '#core'
import { type Destination, parseDestination } from './destination.ts'
import type { Patience } from './step.ts'

export const modes = ['rollback', 'stop', 'start', 'redeploy'] as const
export type Mode = (typeof modes)[number]

/** What the action does, to which services. */
export interface EcsSettings {
  readonly mode: Mode
  readonly cluster: string
  readonly services: readonly string[]
  /** Only for `rollback`; the record's own destination when it names none. */
  readonly destination: Destination | undefined
  readonly record: string | undefined
  /** How long is enough while deployments are watched. */
  readonly patience?: Patience
  /** Only for `rollback`: all services at once, or one after the other as they were named. */
  readonly order: Order
  /** Only for `rollback`: ECS's own rollbacks are switched off while ours is watched. */
  readonly protectRollback: boolean
}

export const orders = ['parallel', 'declared'] as const
export type Order = (typeof orders)[number]

/** The inputs of the action that settings are made of. */
export interface EcsInputs {
  readonly mode: Mode
  readonly cluster?: string | undefined
  readonly services?: readonly string[] | undefined
  readonly to: string
  readonly record?: string | undefined
  readonly 'capacity-timeout'?: number
  readonly 'stable-for'?: number
  readonly order?: Order
  readonly 'protect-rollback'?: boolean
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

/** Merges inputs over the configuration. Throws `InputError` with every problem. */
export function settings(given: EcsInputs, environment: EcsEnvironment | undefined): EcsSettings {
  const configured = environment?.services
  const cluster = given.cluster ?? configured?.cluster
  const services = chosen(given.services, configured)
  const to = destinationOf(given)
  const problems = [
    ...(cluster === undefined
      ? ['cluster: give it, or services.cluster in the configuration of the environment']
      : []),
    ...('problem' in services ? [services.problem] : []),
    ...('problem' in to ? [to.problem] : []),
  ]
  if (cluster === undefined || 'problem' in services || 'problem' in to) {
    throw new InputError(problems)
  }
  return {
    mode: given.mode,
    cluster,
    services: services.names,
    destination: to.destination,
    record: given.record,
    patience: { capacity: given['capacity-timeout'], stable: given['stable-for'] },
    order: given.order ?? 'parallel',
    protectRollback: given['protect-rollback'] ?? false,
  }
}

/** The word `writers` stands for the services that the configuration names as such, all of them where it names none. */
function chosen(
  given: readonly string[] | undefined,
  configured: EcsEnvironment['services'],
): { readonly names: readonly string[] } | { readonly problem: string } {
  const writers = given?.length === 1 && given[0] === 'writers'
  if (given && !writers) return { names: given }
  if (!configured) {
    return {
      problem: writers
        ? 'services: writers needs services in the configuration of the environment'
        : 'services: give them, or services.names in the configuration of the environment',
    }
  }
  return { names: writers ? (configured.writers ?? configured.names) : configured.names }
}

function destinationOf(
  given: EcsInputs,
): { readonly destination: Destination | undefined } | { readonly problem: string } {
  if (given.mode !== 'rollback') {
    return given.to === 'auto'
      ? { destination: undefined }
      : { problem: `to: mode ${given.mode} has no destination: leave it out` }
  }
  if (given.record === undefined) return parseDestination(given.to)
  return given.to === 'auto'
    ? { destination: undefined }
    : { problem: 'to: the destination is the one of the record: leave it out when record is given' }
}
