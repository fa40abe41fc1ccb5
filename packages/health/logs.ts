import { z } from 'zod'
import { iso, type Json, span } from '#core'
import type { LogsPlan } from './checks.ts'
import type { Seen } from './sample.ts'

/** When matching events happened, milliseconds since the epoch, oldest first. Never what they say. */
export interface Events {
  readonly times: readonly number[]
  /** False when there may be more than were read. */
  readonly complete: boolean
}

/** A stretch of time, its end excluded. Milliseconds since the epoch. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** How often events matched before the deployment. */
export interface Rate {
  /** Matching events in that time. */
  readonly count: number
  readonly minutes: number
  /** How much more they come in bursts than by chance; 1 is by chance. */
  readonly dispersion: number
}

const rate = z.object({
  count: z.number().min(0),
  minutes: z.number().positive(),
  dispersion: z.number().min(1),
})

/** Reads a rate from a restore point; undefined when there is none. */
export function readRate(measured: Json | undefined): Rate | undefined {
  const parsed = rate.safeParse(measured)
  return parsed.success ? parsed.data : undefined
}

const minute = 60_000

/** The time before a deployment in which the usual rate is measured. */
export const baselineSpan = 10 * minute

/**
 * How long after its event a log line may come into CloudWatch Logs: a window ends so long ago. Docker's driver awslogs sends
 * a batch every five seconds, and what it sends is found a moment later.
 */
export const ingestion = 10_000

/** The usual rate: the count, and Pearson's χ² of its minutes over their number less one, at least 1. */
export function rateOf(events: Events, window: Window): Rate & Json {
  const minutes = Math.max(1, Math.round((window.to - window.from) / minute))
  const counts = Array.from({ length: minutes }, () => 0)
  for (const at of events.times) {
    const index = Math.min(minutes - 1, Math.max(0, Math.floor((at - window.from) / minute)))
    counts[index] = (counts[index] ?? 0) + 1
  }
  const count = events.times.length
  const mean = count / minutes
  const squares = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0)
  const dispersion = mean === 0 || minutes < 2 ? 1 : Math.max(1, squares / mean / (minutes - 1))
  return { count, minutes, dispersion: Math.round(dispersion * 100) / 100 }
}

/** How many events a window may have: as a mean, and the most that is not held against a release. */
export interface Bounds {
  readonly mean: number
  readonly most: number
}

/**
 * The bounds of a window. With `at-most` that rate. Else what the usual rate explains: its upper 95 % bound, twice of it or 2.33
 * standard deviations more (1 in 100 by chance), corrected for bursts, and one more. Less than twice as many errors is a reason to
 * look, not to roll back.
 */
export function boundsOf(
  window: Window,
  given: { readonly atMost: number | undefined; readonly usual: Rate | undefined },
): Bounds | undefined {
  const minutes = (window.to - window.from) / minute
  const { atMost, usual } = given
  if (atMost !== undefined) return { mean: atMost * minutes, most: atMost * minutes }
  if (usual === undefined) return undefined
  const { count, dispersion } = usual
  const upper = (count + 1.645 * Math.sqrt(dispersion * count) + 1) / usual.minutes
  const mean = upper * minutes
  return { mean, most: Math.max(2 * mean, mean + 2.33 * Math.sqrt(dispersion * mean)) + 1 }
}

/** What all windows of a watch had together, each cut off so that one burst is no trend. */
export interface Total {
  readonly count: number
  readonly window: Window
}

/** Fewer events altogether are no trend. */
const fewest = 5

/** The total with one more window. */
export function added(
  total: Total | undefined,
  events: Events,
  given: { window: Window; bounds: Bounds },
): Total {
  const { window, bounds } = given
  const count = Math.min(events.times.length, 2 * Math.max(1, bounds.most))
  return {
    count: (total?.count ?? 0) + count,
    window: { from: total?.window.from ?? window.from, to: window.to },
  }
}

/** What the judge knows beside the look. */
export interface LogsContext {
  readonly window: Window
  readonly usual: Rate | undefined
  /** The first look covers the moments before the watch: what it shows may be the cut-over. */
  readonly first: boolean
  /** All windows since the first, this one included. */
  readonly total?: Total | undefined
}

/**
 * Judges the matching events of one window: soft evidence, which must come in a row of windows. A window is bad when it has too
 * many, or more than the mean while all together are too many: a few errors in each window add up.
 */
export function judgeLogs(plan: LogsPlan, events: Events, context: LogsContext): Seen {
  const { window, usual, total } = context
  const length = span(window.to - window.from)
  const count = events.times.length
  const value = `${events.complete ? '' : 'at least '}${count} in ${length}`
  const given = { atMost: plan.atMost, usual }
  const bounds = boundsOf(window, given)
  if (bounds === undefined) {
    return {
      class: 'void',
      value,
      expected: 'as many as before the deployment',
      why: 'no rate was captured before the deployment: take a restore point first, or give at-most',
    }
  }
  const expected = `at most ${round(bounds.most)} in ${length}`
  const trend = count > bounds.mean ? trendOf(total, given) : undefined
  if (count > bounds.most || trend !== undefined) {
    return {
      class: 'bad',
      ...(context.first ? { late: 'starting' as const } : {}),
      value,
      expected,
      why: `${value} match, the first at ${iso(events.times[0] ?? window.from)}; ${count > bounds.most ? '' : `${trend}; `}${usually(plan, usual)}`,
    }
  }
  if (!events.complete) return { class: 'void', value, expected, why: tooMany }
  return { class: 'good', value, expected, why: usually(plan, usual) }
}

/** In words that all windows together have too many; undefined while they have not. */
function trendOf(
  total: Total | undefined,
  given: { readonly atMost: number | undefined; readonly usual: Rate | undefined },
): string | undefined {
  const most = total && boundsOf(total.window, given)?.most
  if (total === undefined || most === undefined) return undefined
  if (total.count < fewest || total.count <= most) return undefined
  const length = span(total.window.to - total.window.from)
  return `${round(total.count)} in ${length} altogether, at most ${round(most)}`
}

/** Judges a baseline: what is usual is good, unless the check says how many may be. */
export function judgeUsual(plan: LogsPlan, events: Events, window: Window): Seen {
  const { atMost } = plan
  if (!events.complete && atMost === undefined) {
    return {
      class: 'void',
      value: 'too many',
      expected: 'a rate that can be counted',
      why: tooMany,
    }
  }
  if (atMost !== undefined)
    return judgeLogs(plan, events, { window, usual: undefined, first: false })
  const measured = rateOf(events, window)
  return {
    class: 'good',
    value: `${round(measured.count / measured.minutes)} a minute`,
    expected: 'any rate',
    why: `${measured.count} in ${measured.minutes} min`,
    measured,
  }
}

const tooMany =
  'too many lines to search in a few calls: give a narrower pattern or group, or an alarm on a metric filter'

function usually(plan: LogsPlan, usual: Rate | undefined): string {
  if (plan.atMost !== undefined) return `at most ${plan.atMost} a minute are allowed`
  if (usual === undefined) return 'the usual rate is not known'
  return `before the deployment ${round(usual.count / usual.minutes)} a minute`
}

const round = (value: number) => String(Math.round(value * 10) / 10)
