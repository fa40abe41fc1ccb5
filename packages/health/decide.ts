import { iso, span, type Verdict, worst } from '#core'
import type { Sample, Series } from './sample.ts'

/** The decision rule with its numbers. Times in milliseconds, moments since the epoch. */
export interface Rule {
  /** Bad samples in a row, without a good one between, that make a check unhealthy. */
  readonly consecutive: number
  readonly pollInterval: number
  readonly started: number
  /** How long to watch. */
  readonly watch: number
}

/** Hard evidence must still be there this much later: ECS's answers are eventually consistent. */
export const confirmAfter = 3_000

/** A share of answers without information above which nothing can be decided. */
export const mostVoid = 0.25

/**
 * Good samples in a row that must follow the last answer of another version: if a load balancer still sent half of all
 * requests to it, seven would pass by chance once in 128 times.
 */
export const settled = 7

/** Looks beyond the end of the window that may settle a check whose last samples disagree. */
export const extraLooks = settled + 1

/** The part of the wanted time that must have been watched before anything is healthy. */
export const leastWatched = 0.9

/** The longest time in which a check that is not up yet is not held against the release. */
export function warmUp(rule: Rule): number {
  return Math.min(30_000, rule.watch / 3)
}

/**
 * The span that bad samples in a row must cover, so that one short burst is not counted many times: as long as that
 * many looks take at the poll interval, less a tenth for the timer's jitter.
 */
export function minimumSpan(rule: Rule): number {
  return (rule.consecutive - 1) * rule.pollInterval * 0.9
}

export interface Counts {
  readonly good: number
  readonly bad: number
  readonly void: number
}

/** What the evidence says of one check. `watching`: nothing yet. */
export interface CheckVerdict {
  readonly check: string
  readonly verdict: Verdict | 'watching'
  readonly why: string
  readonly counts: Counts
  readonly last: Sample | undefined
  /** The value that decided and the threshold it met. */
  readonly threshold: string
  /** What would have changed the verdict. */
  readonly otherwise: string
  /** When the verdict was certain. */
  readonly decidedAt?: number
  readonly firstBadAt?: number
  /** A few more looks may settle it: the watch goes on a little after its end. */
  readonly unsettled?: true
}

/** What all checks together say. `watching` while the window is open and nothing is unhealthy. */
export interface Decision {
  readonly verdict: Verdict | 'watching'
  readonly why: string
  readonly checks: readonly CheckVerdict[]
  /** The checks that made the verdict. */
  readonly telling: readonly CheckVerdict[]
}

/**
 * Decides over everything seen so far: unhealthy at once, anything else only when the window has ended. Pure: the same
 * evidence always gives the same verdict. `ended` is the moment the window ended, undefined while it is open.
 */
export function decide(rule: Rule, series: readonly Series[], ended: number | undefined): Decision {
  const checks = series.map((one) => judgeSeries(rule, one, ended))
  if (checks.length === 0) {
    return { verdict: 'inconclusive', why: 'no checks are configured', checks, telling: [] }
  }
  const verdicts = checks.flatMap(({ verdict }) => (verdict === 'watching' ? [] : [verdict]))
  const early = verdicts.includes('unhealthy')
  const verdict = ended === undefined && !early ? 'watching' : worst(verdicts)
  const telling = checks.filter((check) => check.verdict === verdict)
  const why = telling.map(({ check, why }) => `${check}: ${why}`).join('; ')
  return { verdict, why, checks, telling }
}

/** Judges one check by the rule of the README. A row of one that is seldom looked at takes longer. */
export function judgeSeries(given: Rule, series: Series, ended: number | undefined): CheckVerdict {
  const { samples } = series
  const rule = { ...given, pollInterval: Math.max(given.pollInterval, series.every ?? 0) }
  const shared = {
    check: series.check,
    counts: countsOf(samples),
    last: samples.at(-1),
    ...firstBad(samples),
  }
  const found = alarm(rule, samples)
  if (found) return { ...shared, ...found, verdict: 'unhealthy' }
  if (ended === undefined) {
    return { ...shared, verdict: 'watching', why: 'watching', threshold: '', otherwise: '' }
  }
  return { ...shared, ...atEnd(rule, samples, ended), decidedAt: ended }
}

function countsOf(samples: readonly Sample[]): Counts {
  const of = (wanted: Sample['class']) => samples.filter((sample) => sample.class === wanted).length
  return { good: of('good'), bad: of('bad'), void: of('void') }
}

function firstBad(samples: readonly Sample[]): { readonly firstBadAt?: number } {
  const first = samples.find((sample) => sample.class === 'bad')
  return first ? { firstBadAt: first.at } : {}
}

type Alarm = Pick<CheckVerdict, 'why' | 'threshold' | 'otherwise'> & {
  readonly decidedAt: number
  readonly firstBadAt: number
}

/**
 * The first moment at which the evidence is enough. A sample without information neither counts nor breaks a row; a
 * late one (old version, rollout in progress) neither.
 */
function alarm(rule: Rule, samples: readonly Sample[]): Alarm | undefined {
  let row: readonly Sample[] = []
  let suspected: Sample | undefined
  let wasGood = false
  for (const sample of samples) {
    if (sample.class === 'void') continue
    suspected = sample.hard === undefined ? undefined : (suspected ?? sample)
    if (suspected && sample.at - suspected.at >= confirmAfter) return confirmed(suspected, sample)
    if (sample.class === 'good') {
      wasGood = true
      row = []
    } else if (counts(rule, sample, wasGood)) {
      row = [...row, sample]
      const first = row[0] ?? sample
      const enough = row.length >= rule.consecutive && sample.at - first.at >= minimumSpan(rule)
      if (enough) return consecutive(rule, row)
    }
  }
  return undefined
}

/** Tells whether a bad sample counts in a row: what is only late does not, and what is not up yet not in the warm-up. */
function counts(rule: Rule, sample: Sample, wasGood: boolean): boolean {
  if (sample.late === undefined) return true
  if (sample.late !== 'starting') return false
  return wasGood || sample.at - rule.started >= warmUp(rule)
}

function confirmed(first: Sample, again: Sample): Alarm {
  return {
    why: again.why,
    threshold: `hard evidence, seen again after ${span(again.at - first.at)} (at least ${span(confirmAfter)})`,
    otherwise: `a re-read at ${iso(again.at)} without it`,
    decidedAt: again.at,
    firstBadAt: first.at,
  }
}

function consecutive(rule: Rule, row: readonly Sample[]): Alarm {
  const first = row[0] as Sample
  const last = row.at(-1) as Sample
  return {
    why: `${row.length} bad samples in a row: ${last.why}`,
    threshold: `${row.length} in a row over ${span(last.at - first.at)} (at least ${rule.consecutive} over ${span(minimumSpan(rule))})`,
    otherwise: `one good sample between ${iso(first.at)} and ${iso(last.at)}`,
    decidedAt: last.at,
    firstBadAt: first.at,
  }
}

type End = Pick<CheckVerdict, 'why' | 'threshold' | 'otherwise' | 'unsettled'> & {
  readonly verdict: Verdict
}

/** Judges a check that raised no alarm until the window ended. Anything that is not plainly good is doubt. */
function atEnd(rule: Rule, samples: readonly Sample[], ended: number): End {
  const valid = samples.filter((sample) => sample.class !== 'void')
  return (
    tooVoid(samples, valid) ??
    tooFew(rule, valid) ??
    neverGood(valid) ??
    badTail(rule, valid) ??
    unsettled(rule, samples) ??
    cutShort(rule, ended) ?? {
      verdict: 'healthy',
      why: 'good until the end',
      threshold: `the last ${rule.consecutive} samples good, ${valid.length} of ${samples.length} with information`,
      otherwise: `${rule.consecutive} bad samples in a row`,
    }
  )
}

function tooVoid(samples: readonly Sample[], valid: readonly Sample[]): End | undefined {
  const empty = samples.length - valid.length
  const share = samples.length === 0 ? 1 : empty / samples.length
  if (share <= mostVoid) return undefined
  const last = samples.findLast((sample) => sample.class === 'void')
  return {
    verdict: 'inconclusive',
    why:
      valid.length === 0
        ? `nothing could be seen: ${last?.why ?? 'no sample was taken'}`
        : `too little could be seen: ${last?.why ?? ''}`,
    threshold: `${empty} of ${samples.length} samples without information (at most ${mostVoid * 100} %)`,
    otherwise: 'answers with information: see the reason of the void samples',
  }
}

function tooFew(rule: Rule, valid: readonly Sample[]): End | undefined {
  if (valid.length >= rule.consecutive) return undefined
  return {
    verdict: 'inconclusive',
    why: 'too few samples',
    threshold: `${valid.length} samples with information (at least ${rule.consecutive})`,
    otherwise: 'a longer watch or a shorter poll-interval',
    // Slow answers leave few looks in a short window: a few more looks cost less than a doubt.
    unsettled: true,
  }
}

function neverGood(valid: readonly Sample[]): End | undefined {
  if (valid.some((sample) => sample.class === 'good')) return undefined
  const last = valid.at(-1)
  return {
    verdict: 'unhealthy',
    why: `never good until the end: ${last?.why ?? ''}`,
    threshold: `0 good samples of ${valid.length}`,
    otherwise: 'good samples at the end of the window',
  }
}

/**
 * The end of the window is bad throughout: another version came back. A rollout in progress is no proof, it may be
 * scaling.
 */
function badTail(rule: Rule, valid: readonly Sample[]): End | undefined {
  const start = valid.findLastIndex((sample) => sample.class === 'good') + 1
  const tail = valid.slice(start).filter((sample) => sample.late !== 'in-progress')
  const [first, last] = [tail[0], tail.at(-1)]
  if (!first || !last || tail.length < rule.consecutive) return undefined
  if (last.at - first.at < minimumSpan(rule)) return undefined
  return {
    verdict: 'unhealthy',
    why: `bad when the window ended: ${last.why}`,
    threshold: `the last ${tail.length} samples bad (at least ${rule.consecutive})`,
    otherwise: `one good sample after ${iso(first.at)}`,
  }
}

/** The last samples must be good, all of them, and more of them after another version answered. */
function unsettled(rule: Rule, samples: readonly Sample[]): End | undefined {
  const valid = samples.filter((sample) => sample.class !== 'void')
  const mixed = valid.some((sample) => sample.late === 'old-version')
  const needed = mixed ? Math.max(rule.consecutive, settled) : rule.consecutive
  const lastBad = valid.findLast((sample) => sample.class === 'bad')
  const goods = valid.length - 1 - valid.findLastIndex((sample) => sample.class === 'bad')
  const blind = samples.slice(-rule.consecutive).every((sample) => sample.class === 'void')
  if (blind) {
    return {
      verdict: 'inconclusive',
      why: `nothing could be seen at the end: ${samples.at(-1)?.why ?? ''}`,
      threshold: `the last ${rule.consecutive} samples without information`,
      otherwise: 'one good sample at the end',
    }
  }
  if (lastBad === undefined || goods >= needed) return undefined
  return {
    verdict: 'inconclusive',
    why: `not settled at the end: ${lastBad.why}`,
    threshold: `${goods} good samples after the last bad one (at least ${needed})`,
    otherwise: `${needed - goods} more good samples`,
    unsettled: true,
  }
}

function cutShort(rule: Rule, ended: number): End | undefined {
  const watched = ended - rule.started
  if (watched >= rule.watch * leastWatched) return undefined
  return {
    verdict: 'inconclusive',
    why: 'the watch was cut short by the timeout',
    threshold: `watched ${span(watched)} of ${span(rule.watch)}`,
    otherwise: 'a longer timeout or a shorter watch',
  }
}
