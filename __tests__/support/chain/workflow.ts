import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { readYaml } from '../../../scripts/yaml.ts'

/** A step of a workflow file, as far as its run is decided by it. */
export interface Step {
  readonly id?: string
  readonly name?: string
  readonly if?: string | boolean
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, string | number | boolean>>
}

/** A job of a workflow file. */
export interface Job {
  readonly if?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, string | number | boolean>>
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps?: readonly Step[]
}

interface File {
  readonly on: {
    readonly workflow_call?: {
      readonly inputs?: Readonly<
        Record<string, { readonly type?: string; readonly default?: string | boolean }>
      >
    }
  }
  readonly jobs: Readonly<Record<string, Job>>
}

export type Inputs = Readonly<Record<string, string | boolean>>

/**
 * What expressions see, and whether an earlier step or job failed. `status` says it in full: behind a job that was skipped or
 * timed out none of the three functions is true; `cancelled` is a run that was.
 */
export interface Scope {
  readonly contexts: Readonly<Record<string, unknown>>
  readonly failed: boolean
  readonly status?: 'success' | 'failure' | 'cancelled' | 'none'
}

const statusOf = ({ failed, status }: Scope) => status ?? (failed ? 'failure' : 'success')

const files = new Map<string, File>()

function fileOf(path: string): File {
  const found = files.get(path) ?? readYaml<File>(path)
  files.set(path, found)
  return found
}

/** A job of a workflow file of this repository. */
export function jobOf(path: string, name: string): Job {
  const job = fileOf(path).jobs[name]
  if (!job) throw new Error(`${path} has no job ${name}`)
  return job
}

/** The inputs of a reusable workflow: what is given over its defaults. */
export function inputsOf(path: string, given: Inputs): Inputs {
  const declared = fileOf(path).on.workflow_call?.inputs ?? {}
  const unknown = Object.keys(given).filter((name) => !(name in declared))
  if (unknown.length > 0) throw new Error(`${path} has no input ${unknown.join(', ')}`)
  const defaults = Object.entries(declared).map(([name, { type, default: usual }]) => [
    name,
    usual ?? (type === 'boolean' ? false : ''),
  ])
  return { ...Object.fromEntries(defaults), ...given }
}

/** GitHub's status functions; a step that names none of them has `success()`. */
const statusFunctions = {
  always: () => true,
  success: (scope: Scope) => statusOf(scope) === 'success',
  failure: (scope: Scope) => statusOf(scope) === 'failure',
  cancelled: (scope: Scope) => statusOf(scope) === 'cancelled',
} as const

/** Evaluates one expression with GitHub's own evaluator. */
function evaluate(expression: string, scope: Scope): data.ExpressionData {
  const functions = Object.entries(statusFunctions).map(([name, is]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(is(scope)),
  }))
  const { tokens } = new Lexer(expression).lex()
  const parsed = new Parser(tokens, Object.keys(scope.contexts), functions).parse()
  const context = JSON.parse(JSON.stringify(scope.contexts), data.reviver) as data.Dictionary
  return new Evaluator(parsed, context, new Map(functions.map((one) => [one.name, one]))).evaluate()
}

const whole = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s

/** Whether an `if:` lets a step or job run. */
export function allows(condition: string | boolean | undefined, scope: Scope): boolean {
  const text = String(condition ?? 'success()')
  const expression = (whole.exec(text)?.[1] ?? text).trim()
  const named = Object.keys(statusFunctions).some((name) => expression.includes(`${name}(`))
  const full = named ? expression : `success() && (${expression})`
  return evaluate(`!!(${full})`, scope).coerceString() === 'true'
}

/** A text with its expressions replaced by their values. */
export function filled(text: string | number | boolean, scope: Scope): string {
  return String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression.trim(), scope).coerceString(),
  )
}
