import { readFileSync } from 'node:fs'
import { InputError } from '#core'
import {
  type common,
  type EnvironmentConfig,
  type Given,
  parseConfig,
  readInputs,
  type Spec,
} from '#inputs'
import { hasIdToken } from './credentials.ts'
import { variable } from './runner.ts'

/** An environment as the configuration file names it. */
export interface NamedEnvironment {
  readonly name: string
  readonly config: EnvironmentConfig
}

/** The inputs every action has, resolved against the configuration file. */
export interface Resolved {
  readonly environment: NamedEnvironment | undefined
  readonly environmentName: string | undefined
  readonly store: string | undefined
  readonly region: string
  readonly role: string | undefined
  readonly allowedAccounts: readonly string[]
}

const defaultConfig = '.github/rollback.yml'

/** An input as the runner passes it: `INPUT_` and the name in capitals, dashes kept. */
export function input(name: string): string {
  return process.env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? ''
}

/** What the inputs and the configuration file say, and everything that is wrong with either. */
export interface Read<S extends Spec> {
  /** Only what is right; a wrong one is undefined, whatever its type says. */
  readonly given: Given<S>
  readonly resolved: Resolved
  readonly problems: readonly string[]
}

/** Reads all inputs and the configuration file. */
export function readSettings<S extends Spec>(spec: S, read: (name: string) => string): Read<S> {
  const { given, problems } = readInputs(spec, read)
  const all = [...problems]
  const shared = given as Given<typeof common>
  const file = readConfig(shared.config, shared.environment, all)
  const resolved = resolve(shared, file, all)
  return { given, resolved, problems: all }
}

/** Without these nothing can be said of the others. */
const leading = ['mode', 'config', 'environment', 'record']

/**
 * Makes an action's settings, or one `InputError` with every problem: of single inputs, and of what they say together. Where
 * some are wrong, what is said of the others counts as far as it can be told.
 */
export function settle<S extends Spec, Settings>(
  { given, resolved, problems }: Read<S>,
  settings: (given: Given<S>, environment: EnvironmentConfig | undefined) => Settings,
): Settings {
  const make = () => settings(given, resolved.environment?.config)
  if (problems.length === 0) return make()
  throw new InputError([...problems, ...further(make, problems)])
}

function further(make: () => unknown, problems: readonly string[]): readonly string[] {
  const wrong = problems.map((problem) => problem.split(':')[0] ?? '')
  if (wrong.some((name) => leading.includes(name) || !/^[a-z-]+$/.test(name))) return []
  try {
    make()
    return []
  } catch (thrown) {
    // A value that is missing may trip anything: only what was meant to be said is said.
    if (!(thrown instanceof InputError)) return []
    return thrown.problems.filter((problem) => !wrong.includes(problem.split(':')[0] ?? ''))
  }
}

interface ConfigFile {
  readonly store: string
  readonly environment: NamedEnvironment
}

/** The file is needed only when an environment is named, and may then be absent if it was not asked for by name. */
function readConfig(
  path: string | undefined,
  name: string | undefined,
  problems: string[],
): ConfigFile | undefined {
  if (path === undefined || name === undefined) return undefined
  const text = readText(path)
  if (text === undefined) {
    if (path !== defaultConfig)
      problems.push(`config: ${path} is not there: check out the repository before this step`)
    return undefined
  }
  const parsed = parseConfig(text)
  if ('problems' in parsed) {
    problems.push(...parsed.problems.map((problem) => `${path}: ${problem}`))
    return undefined
  }
  const config = parsed.config.environments[name]
  if (config) return { store: parsed.config.store, environment: { name, config } }
  const known = Object.keys(parsed.config.environments).join(', ')
  problems.push(`environment: ${path} has no environment ${name} (it has ${known || 'none'})`)
  return undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'ENOENT') return undefined
    throw thrown
  }
}

function resolve(
  given: Given<typeof common>,
  file: ConfigFile | undefined,
  problems: string[],
): Resolved {
  const config = file?.environment.config
  const region =
    given.region ?? config?.region ?? variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION')
  if (region === undefined)
    problems.push('region: expected a region: give the input, the configuration file or AWS_REGION')
  const store = given.store ?? file?.store
  if (store !== undefined && given.environment === undefined) {
    problems.push('environment: expected a name: a store keeps one folder for each environment')
  }
  if (given['role-to-assume'] !== undefined && !hasIdToken()) {
    problems.push('role-to-assume: this job has no ID token: give it permissions: id-token: write')
  }
  const role = given['role-to-assume'] ?? (hasIdToken() ? config?.role : undefined)
  return {
    environment: file?.environment,
    environmentName: given.environment,
    store,
    region: region ?? '',
    role,
    allowedAccounts: given['allowed-account-ids'] ?? (config ? [config.account] : []),
  }
}
