import type { Check, EnvironmentConfig } from '#inputs'
import { duration, parseChecks } from '#inputs'
import { type CheckPlan, planChecks, type Services } from './checks.ts'

/** What the action's inputs say, parsed. */
export interface HealthInputs {
  readonly mode: 'verify' | 'baseline'
  readonly expect: 'released' | 'restored'
  readonly released: string | undefined
  readonly version: string | undefined
  readonly record: string | undefined
  readonly checks: string | undefined
  readonly cluster: string | undefined
  readonly services: readonly string[] | undefined
  readonly watch: number | undefined
  readonly consecutive: number
  readonly timeout: number
  readonly 'poll-interval': number
}

/** What a verification does. Times in milliseconds. */
export interface HealthSettings {
  readonly mode: 'verify' | 'baseline'
  readonly expect: 'released' | 'restored'
  /** The commit or version that was named for `released`. */
  readonly released: string | undefined
  /** The version that was named for `restored`. */
  readonly version: string | undefined
  readonly record: string | undefined
  readonly plan: CheckPlan
  readonly watch: number
  readonly consecutive: number
}

const defaultWatch = 15 * 60_000

/**
 * Merges the inputs over the environment of the configuration file. Problems do not throw: they become the verdict
 * `error`, which is written into the store, because an empty verdict would read as "killed" and roll back.
 */
export function settings(
  given: HealthInputs,
  environment: EnvironmentConfig | undefined,
): HealthSettings {
  const services = servicesOf(given, environment)
  const { checks, problems } = checksOf(given.checks, environment)
  const planned = planChecks(checks, { services, database: environment?.database })
  const watch = given.watch ?? configured(environment?.watch) ?? defaultWatch
  return {
    mode: given.mode,
    expect: given.expect,
    released: given.released,
    version: given.version,
    record: given.record,
    plan: {
      checks: planned.checks,
      problems: [...problems, ...planned.problems, ...contradictions(given, watch)],
    },
    watch,
    consecutive: given.consecutive,
  }
}

/** The checks of an environment of the configuration file, ready for a baseline. */
export function configuredChecks(environment: EnvironmentConfig): CheckPlan {
  return planChecks(environment.checks, environment)
}

function servicesOf(
  given: HealthInputs,
  environment: EnvironmentConfig | undefined,
): Services | undefined {
  const cluster = given.cluster ?? environment?.services?.cluster
  const names = given.services ?? environment?.services?.names
  return cluster === undefined || names === undefined ? undefined : { cluster, names }
}

function checksOf(
  text: string | undefined,
  environment: EnvironmentConfig | undefined,
): { readonly checks: readonly Check[]; readonly problems: readonly string[] } {
  if (text === undefined) return { checks: environment?.checks ?? [], problems: [] }
  const parsed = parseChecks(text)
  if ('checks' in parsed) return { checks: parsed.checks, problems: [] }
  return { checks: [], problems: parsed.problems.map((problem) => `checks: ${problem}`) }
}

function contradictions(given: HealthInputs, watch: number): readonly string[] {
  if (given.mode === 'baseline') return []
  const needed = (given.consecutive - 1) * given['poll-interval']
  return [
    ...(watch > given.timeout
      ? [`watch: ${watch / 1000} s does not fit into the timeout of ${given.timeout / 1000} s`]
      : []),
    ...(watch < needed
      ? [
          `watch: ${watch / 1000} s is too short for ${given.consecutive} looks, one each ${given['poll-interval'] / 1000} s`,
        ]
      : []),
    ...(given.expect === 'released' && given.record !== undefined
      ? ['record: it belongs to expect: restored']
      : []),
  ]
}

function configured(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : duration(text)
  return parsed?.ok ? parsed.value : undefined
}
