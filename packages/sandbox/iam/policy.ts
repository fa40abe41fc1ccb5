import * as z from 'zod'

const texts = z.union([z.string(), z.array(z.string())]).transform((given) => [given].flat())

/** What a statement may hold here. Anything else of IAM's language is refused, rather than ignored. */
const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts,
  Resource: texts,
  Condition: z.record(z.string(), z.record(z.string(), texts)).default({}),
})

const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.array(statementSchema),
})

/** An identity policy that was checked. */
export type Policy = z.infer<typeof policySchema>

type Statement = Policy['Statement'][number]

/** One thing that AWS asks a policy about: an action on a resource, and what conditions may look at. */
export interface Question {
  readonly action: string
  /** An ARN, or `*` for an action that has none or whose resource is not known here. */
  readonly resource: string
  readonly context: Readonly<Record<string, string>>
}

/** How a question is answered: silence is no. */
export type Answer = 'allowed' | 'denied' | 'silent'

/** The keys that a question may have; a policy that looks at another one cannot be evaluated. */
const KEYS = new Set([
  'ecs:cluster',
  'ecs:createaction',
  'iam:passedtoservice',
  'aws:requestedregion',
])

function pattern(text: string, flags = ''): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`)
}

const like = (wanted: string, value: string) => pattern(wanted).test(value)

/** The six parts of an ARN are compared one by one: a `*` in one of them does not reach into the next. */
function arnLike(wanted: string, value: string): boolean {
  const parts = (arn: string) => {
    const [first = '', ...rest] = arn.split(':')
    return [first, ...rest.slice(0, 4), rest.slice(4).join(':')]
  }
  const [expected, found] = [parts(wanted), parts(value)]
  return expected.every((part, at) => like(part, found[at] ?? ''))
}

type Compare = (wanted: string, value: string) => boolean

const OPERATORS: Readonly<Record<string, { readonly compare: Compare; readonly not?: true }>> = {
  StringEquals: { compare: (wanted, value) => wanted === value },
  StringNotEquals: { compare: (wanted, value) => wanted === value, not: true },
  StringLike: { compare: like },
  StringNotLike: { compare: like, not: true },
  ArnEquals: { compare: arnLike },
  ArnLike: { compare: arnLike },
  ArnNotEquals: { compare: arnLike, not: true },
  ArnNotLike: { compare: arnLike, not: true },
  Null: { compare: () => false },
}

const bareOperator = (operator: string) => operator.replace(/IfExists$/, '')

/** Checks a policy document. Throws an Error that says what the sandbox cannot evaluate in it. */
export function parsePolicy(document: unknown): Policy {
  const parsed = policySchema.safeParse(document)
  if (!parsed.success)
    throw new Error(`The sandbox cannot evaluate this policy: ${z.prettifyError(parsed.error)}`)
  const unknown = parsed.data.Statement.flatMap((statement) => [
    ...Object.keys(statement.Condition).filter((one) => !OPERATORS[bareOperator(one)]),
    ...Object.values(statement.Condition)
      .flatMap((keys) => Object.keys(keys))
      .filter((key) => !KEYS.has(key.toLowerCase())),
    ...statement.Resource.filter((resource) => resource.includes('${')),
  ])
  if (unknown.length > 0)
    throw new Error(`The sandbox cannot evaluate this policy: it knows no ${unknown.join(', ')}`)
  return parsed.data
}

/** The condition keys that policies look at, each once. */
export function keysOf(policies: readonly Policy[]): readonly string[] {
  const statements = policies.flatMap((policy) => policy.Statement)
  const conditions = statements.flatMap((statement) => Object.values(statement.Condition))
  return [...new Set(conditions.flatMap((keys) => Object.keys(keys)))]
}

function holds(operator: string, wanted: readonly string[], value: string | undefined): boolean {
  const bare = bareOperator(operator)
  if (bare === 'Null') return wanted.includes(String(value === undefined))
  const { compare, not = false } = OPERATORS[bare] as (typeof OPERATORS)[string]
  if (value === undefined) return not || operator !== bare
  return wanted.some((one) => compare(one, value)) !== not
}

function applies(statement: Statement, { action, resource, context }: Question): boolean {
  const known = Object.entries(context)
  const found = (key: string) =>
    known.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1]
  return (
    statement.Action.some((one) => pattern(one, 'i').test(action)) &&
    statement.Resource.some((one) => like(one, resource)) &&
    Object.entries(statement.Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, found(key))),
    )
  )
}

/** Answers a question by all policies of an identity: a Deny wins, and what no statement allows is not allowed. */
export function answer(policies: readonly Policy[], question: Question): Answer {
  const effects = policies
    .flatMap((policy) => policy.Statement)
    .filter((statement) => applies(statement, question))
    .map((statement) => statement.Effect)
  if (effects.includes('Deny')) return 'denied'
  return effects.includes('Allow') ? 'allowed' : 'silent'
}
