import { span } from '#core'
import type { HttpPlan } from './checks.ts'
import type { Answer } from './fetch.ts'
import { type Path, valueAt } from './path.ts'
import { brief, type Seen } from './sample.ts'
import { type Expected, sameVersion, shortVersion } from './version.ts'

type Answered = Extract<Answer, { is: 'answer' }>

/** The runner's own name resolution or network: it says nothing about the release. */
const runnerSide =
  /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EADDRNOTAVAIL|EMFILE|ENFILE)$/

/** Nobody answers: normal for a moment while tasks start. */
const notUp = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|TIMEOUT|ECONNABORTED|ABORT_ERR)$/

/** Judges one answer to an HTTP check. `ms` is how long it took; the version is asked last, when all else is good. */
export function judgeHttp(
  plan: HttpPlan,
  given: { answer: Answer; ms: number },
  expected: Expected,
): Seen {
  const { answer, ms } = given
  if (answer.is === 'failed') return judgeFailure(answer)
  return (
    blocked(plan, answer) ??
    judgeStatus(plan, answer) ??
    judgeBody(plan, answer) ??
    judgeLatency(plan, ms) ??
    judgeVersion(plan, answer, expected)
  )
}

/** Judges that no answer came. */
export function judgeFailure(answer: Extract<Answer, { is: 'failed' }>): Seen {
  const { code } = answer
  const message = brief(answer.message, 120)
  const seen = { value: code, expected: 'an answer' }
  if (runnerSide.test(code)) {
    return { ...seen, class: 'void', why: `the runner could not reach it: ${message}` }
  }
  if (code === 'TIMEOUT') {
    return { ...seen, class: 'bad', late: 'starting', why: 'no whole answer within the timeout' }
  }
  if (notUp.test(code)) return { ...seen, class: 'bad', late: 'starting', why: message }
  return { ...seen, class: 'bad', why: `${code}: ${message}` }
}

/** What a firewall says of itself in an answer of its own; undefined when none answered. */
export function firewallOf({ headers }: Answered): string | undefined {
  return headers['x-amzn-waf-action'] ?? headers['cf-mitigated']
}

/** A firewall or a rate limit judges the runner, not the release, unless the check asks for that very status. */
function blocked(plan: HttpPlan, answer: Answered): Seen | undefined {
  const { status } = answer
  const firewall = firewallOf(answer)
  const refused = (status === 403 || status === 429) && !plan.statuses.includes(status)
  if (!refused && firewall === undefined) return undefined
  const by = firewall === undefined ? '' : ` (firewall: ${brief(firewall, 20)})`
  return {
    class: 'void',
    value: `${status}${by}`,
    expected: plan.statuses.join(' or '),
    why: `the runner seems blocked or limited${by}: allow it, for example by a header of the check`,
  }
}

function judgeStatus(plan: HttpPlan, answer: Answered): Seen | undefined {
  const { status, headers } = answer
  if (plan.statuses.includes(status)) return undefined
  const to = headers.location
  const redirect =
    status >= 300 && status < 400 && to !== undefined ? ` to ${brief(withoutQuery(to), 60)}` : ''
  return {
    class: 'bad',
    ...(status === 502 || status === 503 || status === 504 ? { late: 'starting' as const } : {}),
    value: String(status),
    expected: plan.statuses.join(' or '),
    why: `status ${status}${redirect === '' ? '' : `${redirect} (redirects are not followed)`}`,
  }
}

const withoutQuery = (url: string) => url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//')

function judgeBody(plan: HttpPlan, answer: Answered): Seen | undefined {
  if (plan.contains !== undefined && !answer.body.includes(plan.contains)) {
    return {
      class: 'bad',
      value: 'not in the body',
      expected: `the body contains ${brief(JSON.stringify(plan.contains), 40)}`,
      why: 'the body does not contain the text',
    }
  }
  if (plan.json.length === 0) return undefined
  const parsed = parse(answer)
  if (!parsed.ok) return { class: 'bad', value: parsed.why, expected: 'JSON', why: parsed.why }
  for (const { path, equals } of plan.json) {
    const found = valueAt(parsed.value, path)
    if (found !== equals) {
      return {
        class: 'bad',
        value: `${path.text} ${show(found)}`,
        expected: `${path.text} ${show(equals)}`,
        why: `${path.text} is ${show(found)}`,
      }
    }
  }
  return undefined
}

function parse(answer: Answered): { ok: true; value: unknown } | { ok: false; why: string } {
  if (answer.truncated) return { ok: false, why: 'the body is longer than 64 KiB' }
  try {
    return { ok: true, value: JSON.parse(answer.body) as unknown }
  } catch {
    const type = brief(answer.headers['content-type'] ?? 'no content type', 30)
    return { ok: false, why: `the body is not JSON (${type})` }
  }
}

/** A JSON value in a few words; objects and arrays are only named, their content may be anything. */
function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return brief(JSON.stringify(value), 40)
}

function judgeLatency(plan: HttpPlan, ms: number): Seen | undefined {
  if (plan.latencyBelow === undefined || ms < plan.latencyBelow) return undefined
  return {
    class: 'bad',
    late: 'starting',
    value: span(ms),
    expected: `below ${span(plan.latencyBelow)}`,
    why: `it answered after ${span(ms)}`,
  }
}

function judgeVersion(plan: HttpPlan, answer: Answered, expected: Expected): Seen {
  const good = { class: 'good', why: 'as expected' } as const
  const status = String(answer.status)
  if (plan.version === undefined) {
    return { ...good, value: status, expected: plan.statuses.join(' or ') }
  }
  const seen = versionOf(plan.version, answer)
  const shown = seen === undefined ? 'no version' : brief(shortVersion(seen), 40)
  const value = `${status}, ${shown}`
  if (expected.is === 'unknown') return { ...good, value, expected: 'any version' }
  const wanted = `version ${brief(shortVersion(expected.version), 40)}`
  if (seen !== undefined && sameVersion(seen, expected.version)) {
    return { ...good, value, expected: wanted }
  }
  const why = seen === undefined ? 'it names no version' : `version ${shown} answers`
  return { class: 'bad', late: 'old-version', value, expected: wanted, why }
}

function versionOf(
  where: { readonly json: Path } | { readonly header: string },
  answer: Answered,
): string | undefined {
  if ('header' in where) return answer.headers[where.header.toLowerCase()]?.trim()
  const parsed = parse(answer)
  const value = parsed.ok ? valueAt(parsed.value, where.json) : undefined
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
