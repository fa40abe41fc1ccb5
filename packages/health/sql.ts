import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CallError, type Json } from '#core'
import type { Bound, SqlPlan } from './checks.ts'
import type { Seen } from './sample.ts'
import type { Expect } from './version.ts'

/** What a query answered: PostgreSQL's text of the value, or nothing (NULL, or no row). */
export type Scalar = string | undefined

/** What a restore point has of a scalar: a number as it is, of any other text its hash, because it may be anybody's data. */
export type Captured = { readonly number: string } | { readonly sha256: string }

const captured = z.union([
  z.strictObject({ number: z.string() }),
  z.strictObject({ sha256: z.string() }),
])

/** Reads a scalar from a restore point; undefined when there is none. */
export function readCaptured(measured: Json | undefined): Captured | undefined {
  const parsed = captured.safeParse(measured)
  return parsed.success ? parsed.data : undefined
}

/**
 * The statement that is sent. As a scalar subquery PostgreSQL itself refuses a second column (42601) and a second row (21000), no
 * query can fill the memory, and only a query fits there at all.
 */
export function statementOf(query: string): string {
  return `select (\n${query.trim().replace(/;+$/, '')}\n)::text as answer`
}

const numeric = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** A scalar for the restore point; undefined when nothing was answered. */
export function capture(value: Scalar): (Captured & Json) | undefined {
  if (value === undefined) return undefined
  return numeric.test(value) ? { number: value } : { sha256: hash(value) }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** A value as it may be shown: numbers only. */
function show(value: Scalar): string {
  if (value === undefined) return 'nothing'
  return numeric.test(value) ? value : `a text of ${value.length} characters`
}

/** Below zero, zero or above it, as for sorting; whole numbers of any size exactly. */
function compare(a: string, b: string): number {
  if (/^-?\d+$/.test(a) && /^-?\d+$/.test(b)) return Math.sign(Number(BigInt(a) - BigInt(b)))
  return Number(a) - Number(b)
}

/** What the judge knows beside the value. */
export interface SqlContext {
  readonly expect: Expect
  /** The value before the deployment; undefined when none was captured. */
  readonly before: Captured | undefined
}

/** One comparison of a check. */
interface Test {
  readonly words: string
  readonly bound: Bound<number | string> | undefined
  readonly holds: (value: string, limit: string) => boolean
  /** Of two hashes, where the value is no number. */
  readonly exact: boolean
}

const testsOf = (plan: SqlPlan): readonly Test[] => [
  { words: 'at least', bound: plan.atLeast, holds: (a, b) => compare(a, b) >= 0, exact: false },
  { words: 'at most', bound: plan.atMost, holds: (a, b) => compare(a, b) <= 0, exact: false },
  { words: '', bound: plan.equals, holds: same, exact: true },
]

const same = (a: string, b: string) =>
  a === b || (numeric.test(a) && numeric.test(b) && compare(a, b) === 0)

/**
 * Judges one value. A broken invariant is hard evidence: the database answered, and no chance is in it. Throws `CallError` when the
 * value cannot be compared at all.
 */
export function judgeSql(plan: SqlPlan, value: Scalar, context: SqlContext): Seen {
  const { expect, before } = context
  if (value === undefined && (expect === 'anything' || before === undefined)) {
    throw notComparable(plan, value)
  }
  const found = testsOf(plan).flatMap((test) => judgeTest(plan, test, { value, context }) ?? [])
  const seen =
    found.find((one) => one.class === 'bad') ??
    found.find((one) => one.class === 'void') ??
    found[0]
  const measured = capture(value)
  const whole = seen ?? {
    class: 'good',
    value: show(value),
    expected: 'any value',
    why: 'it answered',
  }
  return { ...whole, ...(measured === undefined ? {} : { measured }) }
}

function judgeTest(
  plan: SqlPlan,
  test: Test,
  { value, context }: { value: Scalar; context: SqlContext },
): Seen | undefined {
  const { bound } = test
  if (bound === undefined) return undefined
  if (value !== undefined && !test.exact && !numeric.test(value)) throw notComparable(plan, value)
  if (bound.is === 'captured') return againstCaptured(test, { value, context })
  const limit = String(bound.value)
  const expected = `${test.words} ${numeric.test(limit) ? limit : 'the configured text'}`.trim()
  return verdictOf(value, expected, value !== undefined && test.holds(value, limit))
}

function againstCaptured(
  test: Test,
  { value, context }: { value: Scalar; context: SqlContext },
): Seen {
  const { before, expect } = context
  if (expect === 'anything') {
    return verdictOf(value, `${test.words} what is captured now`.trim(), true)
  }
  if (before === undefined || (!test.exact && 'sha256' in before)) {
    return {
      class: 'void',
      value: show(value),
      expected: `${test.words} the captured value`.trim(),
      why: 'no value was captured before the deployment: a restore point captures it, under the name of the check',
    }
  }
  if ('sha256' in before) {
    return verdictOf(
      value,
      'the captured text',
      value !== undefined && hash(value) === before.sha256,
    )
  }
  const expected = `${test.words} ${before.number} (captured)`.trim()
  return verdictOf(value, expected, value !== undefined && test.holds(value, before.number))
}

function verdictOf(value: Scalar, expected: string, holds: boolean): Seen {
  const shown = show(value)
  if (holds) return { class: 'good', value: shown, expected, why: `${shown} is ${expected}` }
  const why = `the query answers ${shown}, expected ${expected}`
  return { class: 'bad', hard: why, value: shown, expected, why }
}

function notComparable(plan: SqlPlan, value: Scalar): CallError {
  return new CallError(
    {
      action: 'sql:query',
      on: `check ${plan.name}`,
      code: value === undefined ? 'NoValue' : 'NotANumber',
      next: 'correct the query of this check: it must answer one number (or one text for equals)',
    },
    value === undefined ? 'the query answers nothing' : `the query answers ${show(value)}`,
  )
}

/** The server or the way to it, not the query: classes 08, 40, 53, 55, 57, 58 and XX of PostgreSQL's appendix A. */
const passing = /^(08|40|53|55|57|58|XX)/
/** Wrong user, password or database: a wrong configuration. */
const refused = /^(28|3D)/
const sqlstate = /^[0-9A-Z]{5}$/

/**
 * What a failed query says. Out of reach: no information. A query that worked before the deployment and is wrong now tells that
 * the schema changed under it: hard evidence. Anything else is a wrong check, and thrown. The server's own words are left out:
 * they may quote values.
 */
export function judgeSqlFailure(thrown: CallError, context: SqlContext): Seen {
  const { action, code } = thrown
  const known = sqlstate.test(code)
  const expected = 'an answer'
  if (known && refused.test(code)) throw plainly(thrown)
  if (action === 'sql:connect' || !known || passing.test(code)) {
    const why = code === '57014' ? 'the query took too long' : 'the database gave no answer'
    return { class: 'void', value: code, expected, why: `${why}: ${code}` }
  }
  if (context.before === undefined || context.expect === 'anything') throw plainly(thrown)
  const why = `the query worked before the deployment and fails now: SQLSTATE ${code}`
  return { class: 'bad', hard: why, value: `SQLSTATE ${code}`, expected, why }
}

function plainly({ action, on, code, next }: CallError): CallError {
  return new CallError({ action, on, code, next }, 'the server refused it')
}
