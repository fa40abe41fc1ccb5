import { CallError, LeaseLost, messageOf, type Result, type Run, span } from '#core'
import type { Store } from '#store'
import { baseline } from './baseline.ts'
import { type CheckVerdict, type Decision, type Rule, warmUp } from './decide.ts'
import { type Ending, finish, outcomeOf } from './end.ts'
import { evidenceOf } from './evidence.ts'
import { keepEvidence } from './keep.ts'
import { makeProbes, type Ports, type Wanted } from './probe.ts'
import { secretsOf } from './redact.ts'
import type { HealthSettings } from './settings.ts'
import { baselineSections, watchSections } from './tables.ts'
import { shortVersion } from './version.ts'
import { findWanted } from './wanted.ts'
import { type Watched, watch } from './watch.ts'
import { writeVerdict } from './write.ts'

/** What the action knows beside its run and its ports. */
export interface HealthJob {
  readonly settings: HealthSettings
  readonly store: Store | undefined
}

/**
 * Verifies a release or a rollback over its window, or takes a baseline. The verdict lies in the store before it is an
 * output; whatever goes wrong on the way is the verdict `error`, because an empty one reads as "killed".
 */
export async function health(run: Run, ports: Ports, job: HealthJob): Promise<Result> {
  const { settings } = job
  for (const secret of secretsOf(settings.plan.checks)) run.report.mask(secret)
  if (settings.mode === 'baseline') return takeBaseline(run, ports, settings)
  if (run.dryRun) return preview(run, ports, settings)
  try {
    return await finish(run, job, await verify(run, ports, job))
  } catch (thrown) {
    if (thrown instanceof LeaseLost) throw thrown
    if (thrown instanceof CallError) {
      return finish(run, job, wrong(messageOf(thrown), [thrown.next]))
    }
    await writeVerdict(run, job, { verdict: 'error', why: messageOf(thrown) })
    throw thrown
  }
}

async function verify(run: Run, ports: Ports, job: HealthJob): Promise<Ending> {
  const { settings, store } = job
  const { plan } = settings
  if (plan.problems.length > 0) {
    const how = plan.problems.length === 1 ? '' : `${plan.problems.length} problems: `
    return wrong(`the checks are wrong: ${how}${plan.problems.join('; ')}`, plan.problems)
  }
  if (plan.checks.length === 0) {
    return {
      verdict: 'inconclusive',
      why: 'no checks are configured',
      next: ['name checks in the configuration file or in the input checks, then run again'],
    }
  }
  const found = await findWanted(run, settings, store)
  if (found.is === 'wrong') return wrong(found.why, [found.next])
  return watchAll(run, ports, { settings, wanted: found.wanted, environment: store?.environment })
}

const wrong = (why: string, next: readonly string[]): Ending => ({ verdict: 'error', why, next })

async function watchAll(
  run: Run,
  ports: Ports,
  given: {
    readonly settings: HealthSettings
    readonly wanted: Wanted
    readonly environment: string | undefined
  },
): Promise<Ending> {
  const { settings, wanted } = given
  const { checks } = settings.plan
  const rule: Rule = {
    consecutive: settings.consecutive,
    pollInterval: run.pollInterval,
    started: run.clock.now(),
    watch: settings.watch,
  }
  announce(run, rule, wanted)
  const probes = makeProbes(run, ports, { checks, wanted, watch: settings.watch })
  const watched = await watch(run, probes, rule)
  const { environment } = given
  const { version } = wanted
  const inquiry = { environment, expect: settings.expect, version, rule, checks }
  const evidence = evidenceOf(run, inquiry, watched)
  return {
    ...told(watched, rule, settings),
    sections: watchSections(watched, rule, version),
    evidence: keepEvidence(run.folder, evidence),
    data: evidence,
  }
}

function announce(run: Run, rule: Rule, wanted: Wanted): void {
  const { version, expect } = wanted
  const what = version.is === 'known' ? `version ${shortVersion(version.version)}` : `any version`
  run.report.info(
    `expect ${expect}: ${what}, watched for ${span(rule.watch)}, every ${span(rule.pollInterval)}; not up counts after ${span(warmUp(rule))}`,
  )
  if (version.is === 'unknown') run.report.warning(`the version is not asserted: ${version.why}`)
}

/** The verdict in words, with what to do next. */
function told(watched: Watched, rule: Rule, settings: HealthSettings): Ending {
  const { decision, ended } = watched
  const verdict = decision.verdict === 'watching' ? 'inconclusive' : decision.verdict
  const shared = {
    verdict,
    failed: failedOf(decision),
    next: nextOf(decision, settings),
    looks: looksOf(watched),
  }
  if (verdict === 'healthy') {
    const many =
      decision.checks.length === 1 ? 'the check was' : `${decision.checks.length} checks were`
    return { ...shared, why: `${many} good until the end of ${span(ended - rule.started)}` }
  }
  const told = { ...shared, why: decision.why }
  if (verdict !== 'unhealthy') return told
  return { ...told, ...firstBad(decision.telling), detectedAfter: ended - rule.started }
}

/** Looks that another version answered, or that met a rollout in progress, say nothing of this one. */
function looksOf({ series }: Watched): NonNullable<Ending['looks']> {
  const told = series
    .flatMap(({ samples }) => samples)
    .filter(({ class: is, late }) => is !== 'void' && (late === undefined || late === 'starting'))
  return { failed: told.filter((sample) => sample.class === 'bad').length, of: told.length }
}

const failedOf = (decision: Decision): readonly string[] =>
  decision.checks
    .filter(({ verdict }) => verdict !== 'healthy' && verdict !== 'watching')
    .map(({ check }) => check)

function firstBad(telling: readonly CheckVerdict[]): { readonly firstBadAt?: number } {
  const times = telling.flatMap(({ firstBadAt }) => firstBadAt ?? [])
  return times.length === 0 ? {} : { firstBadAt: Math.min(...times) }
}

function nextOf(decision: Decision, settings: HealthSettings): readonly string[] {
  if (decision.verdict === 'healthy') return []
  if (decision.verdict === 'unhealthy') {
    return settings.expect === 'released'
      ? [
          'the rollback job of this workflow takes the release back; without one run the Rollback workflow with to: auto',
        ]
      : [
          'the record stays open: run the rollback again, choose another to, or close it with rollback-report (mode close) and a reason',
        ]
  }
  return [
    ...decision.telling.map(({ check, otherwise }) => `${check}: it takes ${otherwise}`),
    'look at the evidence and decide: run this job again, or run the Rollback workflow',
  ]
}

async function takeBaseline(run: Run, ports: Ports, settings: HealthSettings): Promise<Result> {
  const judgement = await baseline(run, ports, settings.plan)
  const { verdict, why } = judgement
  const failed = judgement.checks.filter((one) => one.verdict !== 'healthy')
  return {
    outcome: outcomeOf[verdict],
    headline: `baseline${outcomeOf[verdict] === verdict ? '' : ` ${verdict}`}: ${why}`,
    sections: baselineSections(judgement),
    next:
      verdict === 'healthy'
        ? []
        : [
            'mend what is named here, or deploy knowing that nothing can be rolled back to this state by itself',
          ],
    outputs: { verdict, reason: why, 'failed-checks': failed.map(({ check }) => check).join(', ') },
  }
}

/** A dry run looks once, writes nothing, and decides nothing: its verdict is doubt. */
async function preview(run: Run, ports: Ports, settings: HealthSettings): Promise<Result> {
  const judgement = await baseline(run, ports, settings.plan)
  const why = `a dry run decides nothing; one look without the version: ${judgement.verdict}: ${judgement.why}`
  return {
    outcome: 'planned',
    headline: `would watch ${settings.plan.checks.length} checks for ${span(settings.watch)}, every ${span(run.pollInterval)}`,
    sections: baselineSections(judgement),
    outputs: { verdict: 'inconclusive', reason: why },
  }
}
