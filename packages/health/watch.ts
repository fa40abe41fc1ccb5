import { type Run, until } from '#core'
import { confirmAfter, type Decision, decide, extraLooks, type Rule } from './decide.ts'
import type { Probe } from './probe.ts'
import type { Sample, Series } from './sample.ts'

/** Everything seen in one window, and what it says. */
export interface Watched {
  readonly series: readonly Series[]
  readonly decision: Decision
  /** When it was decided, milliseconds since the epoch. */
  readonly ended: number
}

/** The time kept for writing the verdict down: a twentieth of what the run has left, at most 5 s. */
const reserve = (run: Run) => Math.min(5_000, run.deadline.left() / 20)

/** Timers may fire a little early; the re-read must not come before `confirmAfter`. */
const timerSlack = 50

/**
 * Looks at all checks at once, at every poll interval, until one is unhealthy or the window has ended, and a few times
 * more when the last samples disagree. Throws the `CallError` of a look that is not allowed.
 */
export async function watch(run: Run, probes: readonly Probe[], rule: Rule): Promise<Watched> {
  const taken = probes.map((): Sample[] => [])
  const series = probes.map(
    ({ check, every }, index): Series => ({
      check: check.name,
      kind: check.kind,
      every,
      samples: taken[index] ?? [],
    }),
  )
  const end = rule.started + rule.watch
  const latest = Math.max(
    rule.started,
    Math.min(end + extraTime(rule, probes), run.deadline.at - reserve(run)),
  )
  const waited = await until(run, {
    what: 'health',
    within: latest - run.clock.now(),
    look: async () => {
      const now = run.clock.now()
      await Promise.all(
        probes.map((probe, index) => {
          const samples = taken[index] ?? []
          return isDue(probe, samples, { now, end }) ? lookAt(run, probe, samples) : undefined
        }),
      )
      const value = judgeNow(rule, series, { now: run.clock.now(), end, latest })
      return value
        ? { is: 'found', value }
        : { is: 'waiting', seen: series.map(standing).join('; ') }
    },
  })
  const ended = run.clock.now()
  const decision = waited.is === 'found' ? waited.value : decide(rule, series, ended)
  return { series, decision, ended }
}

/** Time for eight more looks, or for a row of a check that is seldom looked at. */
function extraTime(rule: Rule, probes: readonly Probe[]): number {
  const slowest = Math.max(0, ...probes.map(({ every }) => every))
  return Math.max(extraLooks * rule.pollInterval, (rule.consecutive + 1) * slowest)
}

/** Every check has its own pace, and one look when the window ends. */
function isDue(
  { every }: Probe,
  samples: readonly Sample[],
  { now, end }: { readonly now: number; readonly end: number },
): boolean {
  const last = samples.at(-1)?.at
  if (last === undefined) return true
  return now - last >= every - timerSlack || (now >= end && last < end)
}

/** The verdict, or undefined while more looks can change it: the window is open, or its last samples disagree. */
function judgeNow(
  rule: Rule,
  series: readonly Series[],
  time: { readonly now: number; readonly end: number; readonly latest: number },
): Decision | undefined {
  const early = decide(rule, series, undefined)
  if (early.verdict !== 'watching') return early
  if (time.now < time.end && time.now < time.latest) return undefined
  const final = decide(rule, series, time.now)
  const open = final.verdict === 'inconclusive' && final.checks.some((one) => one.unsettled)
  return open && time.now < time.latest ? undefined : final
}

/** One look; new hard evidence is read once more when ECS has had time to become consistent. */
async function lookAt(run: Run, probe: Probe, samples: Sample[]): Promise<void> {
  const sample = await probe.look()
  const known = samples.at(-1)?.hard !== undefined
  samples.push(sample)
  if (sample.hard === undefined || known || run.deadline.left() <= confirmAfter) return
  await run.clock.sleep(confirmAfter + timerSlack)
  samples.push(await probe.look())
}

/** The last look at a check in a few words, which stay the same while nothing happens. */
function standing(series: Series): string {
  const last = series.samples.at(-1)
  if (!last) return `${series.check}: nothing yet`
  const late = last.late === undefined ? '' : ` (${last.late})`
  return `${series.check}: ${last.class}${late}, ${last.class === 'good' ? last.value : last.why}`
}
