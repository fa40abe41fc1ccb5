import { type HttpCheck, parseChecks } from '#inputs'
import { type HttpPlan, planChecks } from '../../../packages/health/checks.ts'
import type { Answer } from '../../../packages/health/fetch.ts'
import { judgeHttp } from '../../../packages/health/http.ts'
import { brief } from '../../../packages/health/sample.ts'
import type { Expected } from '../../../packages/health/version.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'
const known: Expected = { is: 'known', version: sha }

/** A check as people write it, ready to be asked. */
function plan(more: object = {}): HttpPlan {
  const parsed = parseChecks(JSON.stringify([{ http: 'https://shop.example/health', ...more }]))
  if (!('checks' in parsed)) throw new Error(parsed.problems.join())
  const planned = planChecks(parsed.checks as readonly HttpCheck[], undefined)
  expect(planned.problems).toEqual([])
  return planned.checks[0] as HttpPlan
}

function answer(more: Partial<Extract<Answer, { is: 'answer' }>> = {}): Answer {
  const body = JSON.stringify({ commit: sha, status: 'ok', queue: { depth: 3 }, items: [null] })
  return { is: 'answer', status: 200, headers: {}, body, truncated: false, ...more }
}

const failed = (code: string): Answer => ({ is: 'failed', code, message: `${code} it says` })

const judge = (check: object, given: Answer, ms = 20) =>
  judgeHttp(plan(check), { answer: given, ms }, known)

describe('an answer', () => {
  test.each<[string, object, Answer, object]>([
    ['with the status is good', {}, answer(), { class: 'good', value: '200' }],
    [
      'with another status is bad',
      {},
      answer({ status: 500 }),
      { class: 'bad', value: '500', expected: '200' },
    ],
    [
      'with one of several statuses is good',
      { status: [200, 204] },
      answer({ status: 204 }),
      { class: 'good', expected: '200 or 204' },
    ],
    ['503 may be early', {}, answer({ status: 503 }), { class: 'bad', late: 'starting' }],
    ['404 is never early', {}, answer({ status: 404 }), { class: 'bad', value: '404' }],
    [
      'redirect is not followed',
      {},
      answer({ status: 302, headers: { location: 'https://u:p@login.example/in?token=x' } }),
      { class: 'bad', why: 'status 302 to https://login.example/in (redirects are not followed)' },
    ],
    ['redirect may be asked for', { status: 301 }, answer({ status: 301 }), { class: 'good' }],
    ['403 says nothing', {}, answer({ status: 403 }), { class: 'void' }],
    ['429 says nothing', {}, answer({ status: 429 }), { class: 'void' }],
    ['403 that is asked for is good', { status: 403 }, answer({ status: 403 }), { class: 'good' }],
    [
      'from a firewall says nothing',
      {},
      answer({ status: 405, headers: { 'x-amzn-waf-action': 'captcha' } }),
      { class: 'void' },
    ],
    ['with the text is good', { contains: '"status":"ok"' }, answer(), { class: 'good' }],
    [
      'without the text is bad, and the body is not quoted',
      { contains: 'ready' },
      answer({ body: 'password=hunter2' }),
      { class: 'bad', value: 'not in the body' },
    ],
    [
      'with the JSON value is good',
      { json: { '.status': 'ok', '.queue.depth': 3, '.items[0]': null } },
      answer(),
      { class: 'good' },
    ],
    [
      'with another JSON value is bad',
      { json: { '.status': 'fine' } },
      answer(),
      { class: 'bad', value: '.status "ok"', expected: '.status "fine"' },
    ],
    [
      'with a number instead of a text is bad',
      { json: { '.queue.depth': '3' } },
      answer(),
      { class: 'bad', value: '.queue.depth 3', expected: '.queue.depth "3"' },
    ],
    [
      'without the JSON member is bad',
      { json: { '.db': 'ok' } },
      answer(),
      { class: 'bad', value: '.db missing' },
    ],
    [
      'with an object there names no content',
      { json: { '.queue': 'ok' } },
      answer(),
      { class: 'bad', value: '.queue an object' },
    ],
    [
      'that is no JSON is bad',
      { json: { '.status': 'ok' } },
      answer({ body: '<html>', headers: { 'content-type': 'text/html' } }),
      { class: 'bad', value: 'the body is not JSON (text/html)' },
    ],
    [
      'that is too long is bad',
      { json: { '.status': 'ok' } },
      answer({ truncated: true }),
      { class: 'bad', value: 'the body is longer than 64 KiB' },
    ],
  ])('%s', (_, check, given, seen) => {
    expect(judge(check, given)).toMatchObject(seen)
  })

  test.each([
    [99, { class: 'good' }],
    [100, { class: 'bad', late: 'starting', value: '0.1 s', expected: 'below 0.1 s' }],
  ])('after %i ms against latency-below 100ms', (ms, seen) => {
    expect(judge({ 'latency-below': '100ms' }, answer(), ms)).toMatchObject(seen)
  })
})

describe('no answer', () => {
  test.each([
    ['ENOTFOUND', { class: 'void' }],
    ['EAI_AGAIN', { class: 'void' }],
    ['ENETUNREACH', { class: 'void' }],
    ['ECONNREFUSED', { class: 'bad', late: 'starting' }],
    ['ECONNRESET', { class: 'bad', late: 'starting' }],
    ['TIMEOUT', { class: 'bad', late: 'starting' }],
    ['CERT_HAS_EXPIRED', { class: 'bad' }],
    ['ERR_TLS_CERT_ALTNAME_INVALID', { class: 'bad' }],
    ['HPE_INVALID_CONSTANT', { class: 'bad' }],
  ])('%s', (code, seen) => {
    const found = judge({}, failed(code))
    expect(found).toMatchObject(seen)
    expect(found.late === undefined).toBe(!('late' in seen))
  })
})

describe('the version', () => {
  const inJson = { version: { json: '.commit' } }
  const inHeader = { version: { header: 'X-Version' } }
  test.each<[string, object, Answer, object]>([
    ['in the body is the expected one', inJson, answer(), { class: 'good', value: '200, 0123456' }],
    [
      'in a header may be short',
      inHeader,
      answer({ headers: { 'x-version': '0123456' } }),
      { class: 'good' },
    ],
    [
      'is another one',
      inJson,
      answer({ body: '{"commit":"fedcba9876"}' }),
      { class: 'bad', late: 'old-version', value: '200, fedcba9876', expected: 'version 0123456' },
    ],
    [
      'is not named',
      inJson,
      answer({ body: '{}' }),
      { class: 'bad', late: 'old-version', value: '200, no version' },
    ],
    ['header is missing', inHeader, answer(), { class: 'bad', late: 'old-version' }],
    [
      'does not excuse an error',
      inJson,
      answer({ status: 500, body: '{"commit":"fedcba9876"}' }),
      { class: 'bad', value: '500' },
    ],
  ])('%s', (_, check, given, seen) => {
    expect(judge(check, given)).toMatchObject(seen)
  })

  test('that is not known is taken as it is, and said', () => {
    const unknown: Expected = { is: 'unknown', why: 'no record' }
    const found = judgeHttp(plan(inJson), { answer: answer(), ms: 1 }, unknown)
    expect(found).toMatchObject({ class: 'good', value: '200, 0123456', expected: 'any version' })
  })
})

describe('hostile text', () => {
  const nasty = 'a\n::set-output name=verdict::healthy\u001b[2J\u202e\u2028b'

  test.each<[string, object, Answer]>([
    [
      'in a version',
      { version: { json: '.commit' } },
      answer({ body: JSON.stringify({ commit: nasty }) }),
    ],
    [
      'in a JSON value',
      { json: { '.a': 'b' } },
      answer({ body: JSON.stringify({ a: nasty.repeat(500) }) }),
    ],
    [
      'in a content type',
      { json: { '.a': 1 } },
      answer({ body: 'x', headers: { 'content-type': nasty } }),
    ],
    ['in a location', {}, answer({ status: 301, headers: { location: nasty } })],
    ['in a firewall header', {}, answer({ headers: { 'cf-mitigated': nasty } })],
    ['in an error', {}, { is: 'failed', code: 'EPROTO', message: nasty.repeat(100) }],
  ])('%s stays one short printable line', (_, check, given) => {
    const { value, expected, why } = judge(check, given)
    for (const text of [value, expected, why]) {
      expect(text).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u)
      expect([...text].length).toBeLessThan(250)
    }
  })

  test('is cut between letters, not inside one', () => {
    expect(brief('😀'.repeat(100), 10)).toBe(`${'😀'.repeat(7)}...`)
  })
})

describe('checks that contradict themselves', () => {
  test.each([
    [
      { json: { '.a b': 1 } },
      'check shop.example/health: .a b is not a path such as .a.b[0] or .["a b"]',
    ],
    [
      { method: 'HEAD', contains: 'ok' },
      'check shop.example/health: HEAD has no body: use GET for contains, json or version.json',
    ],
    [
      { 'latency-below': '10s' },
      'check shop.example/health: latency-below is longer than timeout: raise timeout',
    ],
    [{ headers: { 'a b': 'c' } }, 'check shop.example/health: headers: a b is not a header name'],
    [
      { headers: { token: 'se\ncret' } },
      'check shop.example/health: headers: the value of token has characters that a header cannot carry',
    ],
    [
      { ecs: true },
      'check ecs: it needs services: name cluster and services in the configuration or as inputs',
    ],
  ])('%j', (more, problem) => {
    const base = 'ecs' in more ? {} : { http: 'https://shop.example/health' }
    const parsed = parseChecks(JSON.stringify([{ ...base, ...more }]))
    expect(parsed).toHaveProperty('checks')
    if ('checks' in parsed) expect(planChecks(parsed.checks, undefined).problems).toEqual([problem])
  })

  test('two checks of one name get different names', () => {
    const parsed = parseChecks(
      '[{http: "http://a.example/x"}, {http: "http://a.example/x"}, {http: "http://a.example/x"}]',
    )
    const names =
      'checks' in parsed ? planChecks(parsed.checks, undefined).checks.map(({ name }) => name) : []
    expect(names).toEqual(['a.example/x', 'a.example/x (2)', 'a.example/x (3)'])
  })
})
