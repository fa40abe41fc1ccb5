import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, normalize, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { AwsConfig } from '#aws'
import { InputError, type Result, type Run, span } from '#core'
import type { EnvironmentConfig } from '#inputs'
import { type Exit, runProgram } from './program.ts'

/** The action's settings. */
export interface ScriptSettings {
  /** A path inside the repository; undefined when there is nothing to run. */
  readonly script: string | undefined
  /** Variables passed only to the script; each value is a secret. */
  readonly variables: Readonly<Record<string, string>>
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Checks the inputs. Throws `InputError` with all problems; never quotes a value of `script-env`. */
export function scriptSettings(
  given: {
    readonly script: string | undefined
    readonly migrates: boolean
    readonly 'script-env': string | undefined
    readonly environment: string | undefined
  },
  config: EnvironmentConfig | undefined,
): ScriptSettings {
  const { script, migrates } = given
  const variables = parseEnv(given['script-env'] ?? '') as Record<string, string>
  const broken = brokenLines(given['script-env'] ?? '')
  const outside = script !== undefined && (isAbsolute(script) || normalize(script).startsWith('..'))
  const problems = [
    ...(outside ? ['script: expected a path inside the repository'] : []),
    ...(script !== undefined && migrates ? wayBack(script, given.environment, config) : []),
    ...(broken.length === 0 && Object.keys(variables).every((name) => variableName.test(name))
      ? []
      : [
          `script-env: expected lines of the form NAME=value, and quotes around a value with # or several lines${broken.length > 0 ? ` (line ${broken.join(', ')})` : ''}`,
        ]),
  ]
  if (problems.length > 0) throw new InputError(problems)
  return { script, variables }
}

const quoted = /^[ \t]*(export[ \t]+)?\w+[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)/gm

/**
 * The numbers of the lines that dotenv would drop or cut without a word: those without a name, and values with a # outside
 * quotes, whose rest would be neither passed on nor masked.
 */
function brokenLines(text: string): readonly number[] {
  const plain = text.replace(quoted, (value) => value.replace(/[^\n]+/g, ''))
  return plain.split('\n').flatMap((line, at) => {
    const rest = line.trim()
    const good = rest === '' || rest.startsWith('#') || /^(export\s+)?\w+\s*=[^#]*$/.test(rest)
    return good ? [] : [at + 1]
  })
}

/** What a script gets beside its own variables. */
export interface Surroundings {
  /** This action's own environment. */
  readonly inherited: Readonly<Record<string, string | undefined>>
  readonly aws: AwsConfig
}

/**
 * Runs a script of the repository without a shell, with its secrets masked and the role's credentials in its
 * environment. A dry run only checks that it is there and may be executed.
 */
export async function runScript(
  run: Run,
  settings: ScriptSettings,
  around: Surroundings,
): Promise<Result> {
  const { script, variables } = settings
  if (script === undefined)
    return { outcome: 'unchanged', headline: 'no script is named: nothing was run' }
  for (const secret of Object.values(variables)) run.report.mask(secret)
  const path = resolve(script)
  checkExecutable(script, path)
  if (run.dryRun) return { outcome: 'planned', headline: `${script} is there and would be run` }
  await run.journal.intend([{ component: 'script', operation: 'run-script', on: script }])
  const started = run.clock.now()
  const environment = await environmentOf(run, settings, around)
  const exit = await runProgram(run, { command: path, args: [], environment }, (line) =>
    run.report.info(line),
  )
  return ended(script, exit, span(run.clock.now() - started))
}

/** What a migration needs, so that it can be taken back: a database to snapshot, and a ledger that says what was applied. */
function wayBack(
  script: string,
  environment = 'this environment',
  config: EnvironmentConfig | undefined,
): readonly string[] {
  if (config?.database === undefined) {
    return [
      `script: ${script} migrates a database, but the configuration names none for ${environment}: a rollback could not take it back (add database, or leave the script out)`,
    ]
  }
  return config.migrations === undefined
    ? [
        `script: ${script} migrates the database, but the configuration names no migrations for ${environment}: nobody could tell whether the schema may stay (add migrations; tool: ledger with a table serves any tool)`,
      ]
    : []
}

function checkExecutable(script: string, path: string): void {
  try {
    accessSync(path, constants.X_OK)
    if (statSync(path).isFile()) return
  } catch {
    // Said below in our own words.
  }
  throw new InputError([
    `script: ${script} is not an executable file of the checked-out repository (git update-index --chmod=+x ${script})`,
  ])
}

/** Inputs of this action stay here: `script-env` must reach the script only as its variables. */
async function environmentOf(
  { report }: Run,
  settings: ScriptSettings,
  around: Surroundings,
): Promise<Record<string, string>> {
  const kept = Object.entries(around.inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('INPUT_'),
  )
  const credentials = await around.aws.credentials?.()
  // A script may print its environment.
  for (const secret of [credentials?.secretAccessKey, credentials?.sessionToken])
    if (secret) report.mask(secret)
  return {
    ...Object.fromEntries(kept),
    AWS_REGION: around.aws.region,
    ...(credentials && {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    }),
    ...settings.variables,
  }
}

function ended(script: string, exit: Exit, after: string): Result {
  switch (exit.is) {
    case 'exited':
      return exit.code === 0
        ? { outcome: 'done', headline: `${script} ended well after ${after}` }
        : failed(`${script} exited with ${exit.code} after ${after}`)
    case 'signal':
      return failed(`${script} was ended by ${exit.signal} after ${after}`)
    case 'timeout':
      return failed(
        `${script} was still running after ${after} and was ended: raise timeout if it needs longer`,
      )
    case 'not-started':
      return failed(
        `${script} could not be started: ${exit.why} (is its first line a valid #! line?)`,
      )
  }
}

const failed = (headline: string): Result => ({
  outcome: 'failed',
  headline,
  next: ['read its output above; the rollback job decides what is undone'],
})
