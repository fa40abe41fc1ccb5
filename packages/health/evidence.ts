import { iso, type Json, type Run } from '#core'
import type { Bound, HttpPlan, PlannedCheck, SqlPlan } from './checks.ts'
import { confirmAfter, minimumSpan, mostVoid, type Rule, settled, warmUp } from './decide.ts'
import { plainUrl, type Redact, redactor } from './redact.ts'
import type { Sample } from './sample.ts'
import type { Expected } from './version.ts'
import type { Watched } from './watch.ts'

/** What the evidence was gathered for. */
export interface Inquiry {
  readonly environment: string | undefined
  readonly expect: 'released' | 'restored'
  readonly version: Expected
  readonly rule: Rule
  readonly checks: readonly PlannedCheck[]
}

/**
 * The evidence as one JSON document, version 1: the definitions of the checks, the numbers of the rule, every sample,
 * and the verdict, so that the decision can be repeated. Times are UTC by the runner's clock; header values, query
 * values and credentials in URLs are left out, also where a service echoes them.
 */
export function evidenceOf(run: Run, inquiry: Inquiry, watched: Watched): Json {
  const { rule, checks, version } = inquiry
  const redact = redactor(checks)
  const { decision, series, ended } = watched
  return {
    kind: 'health-evidence',
    version: 1,
    ...(inquiry.environment === undefined ? {} : { environment: inquiry.environment }),
    run: run.identity.runId,
    attempt: run.identity.attempt,
    expect: inquiry.expect,
    expectedVersion: version.is === 'known' ? redact(version.version) : null,
    clock: 'runner',
    startedAt: iso(rule.started),
    endedAt: iso(ended),
    rule: ruleOf(rule),
    verdict: decision.verdict,
    why: decision.why,
    checks: checks.map((check, index) => ({
      name: redact(check.name),
      definition: definitionOf(check, redact),
      everyMs: series[index]?.every ?? rule.pollInterval,
      ...verdictOf(watched, index),
      samples: (series[index]?.samples ?? []).map(sampleOf),
    })),
  }
}

const ruleOf = (rule: Rule): Json => ({
  consecutive: rule.consecutive,
  minimumSpanMs: minimumSpan(rule),
  pollIntervalMs: rule.pollInterval,
  watchMs: rule.watch,
  warmUpMs: warmUp(rule),
  confirmAfterMs: confirmAfter,
  mostVoid,
  settledAfter: settled,
})

function verdictOf(watched: Watched, index: number): { readonly [key: string]: Json } {
  const found = watched.decision.checks[index]
  if (!found) return {}
  const { verdict, why, threshold, otherwise, counts } = found
  return {
    verdict,
    why,
    threshold,
    otherwise,
    counts: { ...counts },
    ...(found.firstBadAt === undefined ? {} : { firstBadAt: iso(found.firstBadAt) }),
    ...(found.decidedAt === undefined ? {} : { decidedAt: iso(found.decidedAt) }),
  }
}

/** A check's definition without anything secret. */
export function definitionOf(check: PlannedCheck, redact: Redact): Json {
  switch (check.kind) {
    case 'http':
      return definitionOfHttp(check, redact)
    case 'ecs':
      return { ecs: true, cluster: check.cluster, services: check.services }
    case 'alarms':
      return { alarms: 'prefix' in check.which ? check.which.prefix : check.which.names }
    case 'logs':
      return {
        logs: check.group,
        pattern: redact(check.pattern),
        ...(check.atMost === undefined ? {} : { atMostAMinute: check.atMost }),
      }
    case 'sql':
      return definitionOfSql(check, redact)
    case 'assets':
      return {
        assets: redact(plainUrl(check.url)),
        headers: hidden(check.headers),
        origins: check.origins,
        timeoutMs: check.timeout,
      }
  }
}

const hidden = (headers: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, '***']))

function definitionOfSql(check: SqlPlan, redact: Redact): Json {
  const bound = (given: Bound<number | string> | undefined, name: string) =>
    given === undefined ? {} : { [name]: given.is === 'captured' ? 'captured' : given.value }
  return {
    sql: redact(check.query),
    ...bound(check.atLeast, 'atLeast'),
    ...bound(check.atMost, 'atMost'),
    ...bound(check.equals, 'equals'),
  }
}

function definitionOfHttp(check: HttpPlan, redact: Redact): Json {
  const { version, latencyBelow, contains } = check
  return {
    http: redact(plainUrl(check.url)),
    method: check.method,
    headers: hidden(check.headers),
    status: check.statuses,
    ...(contains === undefined ? {} : { contains: redact(contains) }),
    json: Object.fromEntries(
      check.json.map(({ path, equals }) => [
        path.text,
        typeof equals === 'string' ? redact(equals) : equals,
      ]),
    ),
    ...(latencyBelow === undefined ? {} : { latencyBelowMs: latencyBelow }),
    timeoutMs: check.timeout,
    ...(version === undefined
      ? {}
      : { version: 'json' in version ? { json: version.json.text } : { header: version.header } }),
  }
}

/** Probes took the secrets out of a sample when it was made. */
function sampleOf(sample: Sample): Json {
  const { ms, value, expected, late, hard } = sample
  return {
    at: new Date(sample.at).toISOString(),
    ms,
    class: sample.class,
    ...(late === undefined ? {} : { late }),
    ...(hard === undefined ? {} : { hard }),
    value,
    expected,
    ...(sample.class === 'good' ? {} : { why: sample.why }),
  }
}
