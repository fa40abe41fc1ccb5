import { CallError, type Run, until, type Verdict, worst } from '#core'
import type { Point } from '#store'
import type { CheckPlan } from './checks.ts'
import { makeProbes, type Ports, type Probe, type Wanted } from './probe.ts'
import type { Sample } from './sample.ts'

/** How one check stood. */
export interface CheckJudgement {
  readonly check: string
  readonly verdict: Verdict
  readonly why: string
  readonly samples: readonly Sample[]
}

type Measured = NonNullable<Point['measured']>

/** What one quick look at everything says. */
export interface Judgement {
  readonly verdict: Verdict
  /** One sentence. */
  readonly why: string
  readonly checks: readonly CheckJudgement[]
  /** What the checks measured, by check name, for the restore point: what a release is compared with. */
  readonly measured: Measured
}

const attempts = 3
/** Milliseconds between two attempts at most. */
const pause = 2_000

/**
 * Runs each configured check once, up to three quick attempts, before anything is changed. No version is asked for:
 * whatever runs now is what would be restored. Healthy: each check was good once. Unhealthy: a check was bad at least
 * twice and never good. Anything else is doubt. Wrong configuration and calls that are not allowed are `error`.
 */
export async function baseline(run: Run, ports: Ports, plan: CheckPlan): Promise<Judgement> {
  if (plan.problems.length > 0)
    return { verdict: 'error', why: plan.problems.join('; '), checks: [], measured: {} }
  if (plan.checks.length === 0) {
    return { verdict: 'inconclusive', why: 'no checks are configured', checks: [], measured: {} }
  }
  const wanted: Wanted = {
    expect: 'anything',
    version: { is: 'unknown', why: 'a baseline takes any version' },
    desired: new Map(),
    recorded: new Map(),
    since: undefined,
    measured: new Map(),
  }
  const probes = makeProbes(run, ports, { checks: plan.checks, wanted, watch: 0 })
  const checks = await Promise.all(probes.map((probe) => standing(run, probe)))
  const verdict = worst(checks.map((check) => check.verdict))
  const telling = checks.filter((check) => check.verdict === verdict)
  const why = telling.map(({ check, why }) => `${check}: ${why}`).join('; ')
  return { verdict, why, checks, measured: measuredOf(checks) }
}

/** The last measurement of each check, whatever its verdict: also a bad value is one to compare with. */
function measuredOf(checks: readonly CheckJudgement[]): Measured {
  return Object.fromEntries(
    checks.flatMap(({ check, samples }) => {
      const measured = samples.findLast((sample) => sample.measured !== undefined)?.measured
      return measured === undefined ? [] : [[check, measured]]
    }),
  ) as Measured
}

async function standing(run: Run, probe: Probe): Promise<CheckJudgement> {
  const { name } = probe.check
  const samples: Sample[] = []
  try {
    await until(run, {
      what: `baseline of ${name}`,
      every: Math.min(run.pollInterval, pause),
      look: async () => {
        const sample = await probe.look()
        samples.push(sample)
        const enough = sample.class === 'good' || samples.length >= attempts
        return enough ? { is: 'found', value: sample } : { is: 'waiting', seen: sample.why }
      },
    })
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return { check: name, verdict: 'error', why: `${thrown.message}: ${thrown.next}`, samples }
  }
  return { check: name, ...stand(samples), samples }
}

/** Judges the few samples of one check of a baseline. */
export function stand(samples: readonly Sample[]): {
  readonly verdict: Verdict
  readonly why: string
} {
  const good = samples.find((sample) => sample.class === 'good')
  if (good) return { verdict: 'healthy', why: good.value }
  const bad = samples.filter((sample) => sample.class === 'bad' && sample.late !== 'in-progress')
  const last = samples.at(-1)
  if (bad.length >= 2) return { verdict: 'unhealthy', why: bad.at(-1)?.why ?? '' }
  return { verdict: 'inconclusive', why: last?.why ?? 'nothing was measured' }
}
