import { allows } from '../../support/chain/workflow.ts'

/** Values by what an expression calls them: `inputs.close`, `steps.open.outputs.record`, `needs.deploy.result`. */
export type Values = Readonly<Record<string, string | boolean>>

/**
 * What became of everything before: of the steps of the job, or of the jobs that a job needs. A job that timed out has the result
 * `cancelled` in a run that was not.
 */
export type Before = 'success' | 'failure' | 'cancelled' | 'timed out' | 'skipped'

/** One line of the table: a situation in words, how it differs from what is given, and whether the condition holds. */
export type Row = readonly [what: string, values: Values, holds: boolean]

/** The truth table of one `if:`. */
export interface Condition {
  /** A value for everything that the condition names, so that it holds when all went well. */
  readonly given: Values
  /** Whether it holds with these, whatever became of what came before. */
  readonly after: Readonly<Partial<Record<Before, boolean>>>
  /** For everything that the condition names, a row in which this alone decides. */
  readonly rows: readonly Row[]
}

/** One situation in full. */
export interface Situation {
  readonly what: string
  readonly values: Values
  readonly before: Before
  readonly holds: boolean
}

/** An `if:` of a workflow file. */
export interface Place {
  readonly name: string
  readonly text: string
  /** A job that needs others may find them skipped or timed out; a step finds its job failed or cancelled. */
  readonly befores: readonly Before[]
}

const path =
  /\b(?:inputs|steps|needs|github|vars|env|matrix|job|runner|secrets)\.[\w-]+(?:\.[\w-]+)*/g

/** Everything that a condition names, each once. */
export const namesIn = (text: string): readonly string[] => [...new Set(text.match(path) ?? [])]

/** All situations of a condition. */
export const situationsOf = ({ given, after, rows }: Condition): readonly Situation[] => [
  ...Object.entries(after).map(([before, holds]) => ({
    ...{ what: `after ${before}`, values: given, before: before as Before },
    holds: holds as boolean,
  })),
  ...rows.map(([what, values, holds]) => ({
    ...{ what, values: { ...given, ...values }, before: 'success' as const, holds },
  })),
]

const statuses = {
  success: 'success',
  failure: 'failure',
  cancelled: 'cancelled',
  'timed out': 'none',
  skipped: 'none',
} as const satisfies Readonly<Record<Before, string>>

/** Whether GitHub's evaluator lets a step or job run. */
export function holds(text: string, { values, before }: Situation): boolean {
  const contexts = Object.entries(values).reduce<object>(
    (at, [name, value]) => set(at, name, value),
    {},
  )
  const bare = { inputs: {}, steps: {}, needs: {}, github: {}, ...contexts }
  return allows(text, { contexts: bare, failed: false, status: statuses[before] })
}

function set(at: object, name: string, value: unknown): object {
  const [first = '', ...rest] = name.split('.')
  const inner = (at as Readonly<Record<string, object>>)[first] ?? {}
  return { ...at, [first]: rest.length === 0 ? value : set(inner, rest.join('.'), value) }
}

/** The names for which no two situations differ in this alone and in the answer: nothing shows what they are there for. */
export function undecided(text: string, condition: Condition): readonly string[] {
  const all = situationsOf(condition)
  const alone = (one: Situation, other: Situation, name: string) =>
    one.before === other.before &&
    Object.keys(condition.given).every(
      (key) => (one.values[key] === other.values[key]) === (key !== name),
    )
  return namesIn(text).filter(
    (name) =>
      !all.some((one) => all.some((other) => one.holds !== other.holds && alone(one, other, name))),
  )
}

/** What is wrong with a table, in words that say what to write. */
export function faultsOf({ text, befores }: Place, condition: Condition): readonly string[] {
  const names = namesIn(text)
  const { given, after } = condition
  const known = [...names, ...Object.keys(given)]
  return [
    ...names.filter((name) => !(name in given)).map((name) => `given: no value for ${name}`),
    ...Object.keys(given)
      .filter((name) => !names.includes(name))
      .map((name) => `given: ${name} is not in the condition any more`),
    ...condition.rows.flatMap(([what, values]) =>
      Object.keys(values)
        .filter((name) => !known.includes(name))
        .map((name) => `row "${what}": ${name} is not in the condition`),
    ),
    ...befores
      .filter((before) => after[before] === undefined)
      .map((before) => `after: does it hold after ${before}?`),
    ...undecided(text, condition).map((name) => `rows: none in which ${name} alone decides`),
  ]
}

/** What to add for a condition that is in no table. */
export function skeleton({ name, text, befores }: Place): string {
  const given = namesIn(text).map((one) => `'${one}': ''`)
  const after = befores.map((one) => `${one === 'timed out' ? "'timed out'" : one}: false`)
  return [
    `add to __tests__/contract/conditions/table.ts (the condition is ${text}):`,
    `'${name}': {`,
    `  given: { ${given.join(', ')} },`,
    `  after: { ${after.join(', ')} },`,
    '  rows: [],',
    '},',
  ].join('\n')
}
