import { InputError } from '#core'
import { type ConfigState, configState, isPointId } from '#store'

/** The inputs of config-rollback beside the common ones, parsed. */
export interface ConfigGiven {
  readonly mode: 'capture' | 'rollback'
  readonly secrets?: readonly string[] | undefined
  readonly parameters?: readonly string[] | undefined
  readonly to: string
  readonly versions?: string | undefined
  readonly record?: string | undefined
  readonly reason: 'wrong-value' | 'compromised'
  readonly cluster?: string | undefined
  readonly services?: readonly string[] | undefined
  readonly environment?: string | undefined
}

/** The part of an environment's configuration that settings are made of. */
export interface ConfigEnvironment {
  readonly secrets?: readonly string[] | undefined
  readonly parameters?: readonly string[] | undefined
  readonly services?: { readonly cluster: string; readonly names: readonly string[] } | undefined
  readonly database?: { readonly connection: string } | undefined
}

/** Which secrets and parameters: names, and `/paths/` of parameters. */
export interface ConfigChoice {
  readonly secrets?: readonly string[] | undefined
  readonly parameters?: readonly string[] | undefined
}

/** ECS services that may read configuration. */
export interface ReadingServices {
  readonly cluster: string
  readonly names: readonly string[]
}

/** What config-rollback has to do. */
export type ConfigSettings =
  | { readonly do: 'nothing'; readonly why: string }
  | CaptureSettings
  | RollbackSettings

export interface CaptureSettings {
  readonly do: 'capture'
  readonly choice: ConfigChoice
  /** The label that keeps the recorded versions of secrets from being purged. */
  readonly label: string
}

export interface RollbackSettings {
  readonly do: 'rollback'
  readonly choice: ConfigChoice
  /** `auto`, `last-verified` or the id of a restore point; the record's own destination when there is one. */
  readonly to: string
  /** Versions that were named, in place of a restore point. */
  readonly versions: ConfigState | undefined
  readonly record: string | undefined
  readonly reason: 'wrong-value' | 'compromised'
  readonly services: ReadingServices | undefined
  /** The name or ARN of the secret with the database connection, which a data restore cuts over. */
  readonly connection: string | undefined
}

/** The label on the secret versions of an environment's newest restore point; one label, moved and never added to. */
export const keepLabel = (environment: string | undefined, point: 'before' | 'after' = 'before') =>
  `rollback-${environment ?? 'actions'}-${point}`

/** Merges inputs over the configuration. Throws `InputError` with every problem. */
export function settings(
  given: ConfigGiven,
  environment: ConfigEnvironment | undefined,
): ConfigSettings {
  const named = given.secrets !== undefined || given.parameters !== undefined
  const choice: ConfigChoice = named ? given : (environment ?? {})
  const versions = versionsOf(given)
  const services = servicesOf(given, environment)
  const problems = [
    ...misplaced(given),
    ...('problem' in versions ? [versions.problem] : []),
    ...('problem' in services ? [services.problem] : []),
  ]
  const none = choice.secrets === undefined && choice.parameters === undefined
  if (none && environment === undefined) {
    problems.push(
      'secrets: expected names: give secrets or parameters, or environment and a configuration file with them',
    )
  }
  if (problems.length > 0 || 'problem' in versions || 'problem' in services) {
    throw new InputError(problems)
  }
  if (none) return { do: 'nothing', why: 'the configuration names no secrets and no parameters' }
  const chosen = { secrets: choice.secrets, parameters: choice.parameters }
  if (given.mode === 'capture') {
    return { do: 'capture', choice: chosen, label: keepLabel(given.environment) }
  }
  const { to, record, reason } = given
  return {
    do: 'rollback',
    choice: chosen,
    to,
    versions: versions.state,
    record,
    reason,
    services: services.chosen,
    connection: environment?.database?.connection.replace(/^secret:/, ''),
  }
}

/** Inputs that mean nothing beside the others: what seems to work must work. */
function misplaced(given: ConfigGiven): readonly string[] {
  const { mode, to, versions, record, reason } = given
  if (mode === 'capture') {
    const set = {
      to: to !== 'auto',
      versions: versions !== undefined,
      record: record !== undefined,
      reason: reason !== 'wrong-value',
    }
    return Object.entries(set)
      .filter(([, is]) => is)
      .map(([name]) => `${name}: belongs to mode: rollback; leave it out`)
  }
  const problems: string[] = []
  if (to !== 'auto' && (record !== undefined || versions !== undefined)) {
    problems.push('to: the destination is the one of record or versions: leave it out')
  }
  if (versions !== undefined && record !== undefined) {
    problems.push('versions: the destination is the one of the record: leave it out')
  }
  if (to !== 'auto' && to !== 'last-verified' && !isPointId(to)) {
    problems.push(
      'to: expected auto, last-verified or a restore point id (<environment>/<run id>/before)',
    )
  }
  return problems
}

function versionsOf({
  versions,
}: ConfigGiven): { readonly state: ConfigState | undefined } | { readonly problem: string } {
  if (versions === undefined) return { state: undefined }
  const parsed = configState.safeParse(parseJson(versions))
  // The text is never quoted: somebody might paste values.
  if (!parsed.success) {
    const first = parsed.error.issues[0]
    const where = first && first.path.length > 0 ? ` (wrong at ${first.path.join('.')})` : ''
    return { problem: `versions: expected the output versions of mode capture${where}` }
  }
  return { state: parsed.data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function servicesOf(
  { cluster, services }: ConfigGiven,
  environment: ConfigEnvironment | undefined,
): { readonly chosen: ReadingServices | undefined } | { readonly problem: string } {
  const configured = environment?.services
  const names = services ?? configured?.names
  const where = cluster ?? configured?.cluster
  if (names !== undefined && where !== undefined) return { chosen: { cluster: where, names } }
  if (names === undefined && where === undefined) return { chosen: undefined }
  return {
    problem:
      where === undefined
        ? 'cluster: give it beside services, or services.cluster in the configuration of the environment'
        : 'services: give them beside cluster, or services.names in the configuration of the environment',
  }
}

/** Where this mode writes down what it does: labels belong to the deployment, a rollback to its record. */
export const configJournal = ({ mode }: Pick<ConfigGiven, 'mode'>): 'deployment' | 'record' =>
  mode === 'capture' ? 'deployment' : 'record'
