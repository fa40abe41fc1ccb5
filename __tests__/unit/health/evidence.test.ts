import type { Section } from '#core'
import { type PlannedCheck, planChecks } from '#health'
import { parseChecks } from '#inputs'
import { decide, type Rule } from '../../../packages/health/decide.ts'
import { definitionOf, evidenceOf } from '../../../packages/health/evidence.ts'
import { plainUrl, redactor } from '../../../packages/health/redact.ts'
import { sparkline, watchSections } from '../../../packages/health/tables.ts'
import type { Expected } from '../../../packages/health/version.ts'
import { testRun } from '../../support/run.ts'
import { samples, series, start } from './samples.ts'

const rule: Rule = { consecutive: 3, pollInterval: 5_000, started: start, watch: 120_000 }

function planned(text: string): readonly PlannedCheck[] {
  const parsed = parseChecks(text)
  return 'checks' in parsed ? planChecks(parsed.checks, undefined).checks : []
}

const checks = planned(`
- http: https://ada:p%40ss@shop.example/health?key=abcdefghijk&v=1#part
  name: page
  headers: { Authorization: Bearer tok-123456, Accept: application/json, X-Short: abc }
  contains: tok-123456
  json: { .token: "Bearer tok-123456", .depth: 3 }
  latency-below: 800ms
  version: { header: X-Version }
`)

const inquiry = {
  environment: 'production',
  expect: 'released',
  version: { is: 'known', version: 'v1' } as Expected,
  rule,
  checks,
} as const

function watched(text: string) {
  const all = [series(text, { check: 'page' })]
  return { series: all, decision: decide(rule, all, start + 120_000), ended: start + 120_000 }
}

describe('the evidence', () => {
  const evidence = JSON.parse(JSON.stringify(evidenceOf(testRun(), inquiry, watched('g10bbb'))))

  test('names its form, the rule with its numbers, and the verdict', () => {
    expect(evidence).toMatchObject({
      kind: 'health-evidence',
      version: 1,
      environment: 'production',
      expectedVersion: 'v1',
      startedAt: '2026-11-22T03:00:00Z',
      rule: { consecutive: 3, minimumSpanMs: 9_000, warmUpMs: 30_000, mostVoid: 0.25 },
      verdict: 'unhealthy',
      why: 'page: 3 bad samples in a row: status 500',
    })
  })

  test('has each check without what is secret', () => {
    expect(evidence.checks[0].definition).toEqual({
      http: 'https://shop.example/health?key=***&v=***',
      method: 'GET',
      headers: { Authorization: '***', Accept: '***', 'X-Short': '***' },
      status: [200],
      contains: '***',
      json: { '.token': '***', '.depth': 3 },
      latencyBelowMs: 800,
      timeoutMs: 5_000,
      version: { header: 'X-Version' },
    })
  })

  test('has every sample, and is enough to judge again', () => {
    expect(evidence.checks[0].samples).toHaveLength(13)
    expect(evidence.checks[0].everyMs).toBe(5_000)
    expect(evidence.checks[0].samples.at(-1)).toEqual({
      at: '2026-11-22T03:01:00.000Z',
      ms: 20,
      class: 'bad',
      value: '500',
      expected: '200',
      why: 'status 500',
    })
    const again = evidence.checks[0].samples.map((sample: { at: string }) => ({
      ...sample,
      at: Date.parse(sample.at),
    }))
    const judged = decide(rule, [{ check: 'page', kind: 'http', samples: again }], undefined)
    expect(judged.verdict).toBe('unhealthy')
  })
})

describe('redaction', () => {
  const redact = redactor(checks)

  test.each([
    ['Bearer tok-123456 was refused', '*** was refused'],
    ['token=tok-123456', 'token=***'],
    ['p@ss and abcdefghijk', '*** and ***'],
    ['the body is not JSON (application/json)', 'the body is not JSON (application/json)'],
    ['abc', 'abc'],
  ])('%s becomes %s', (text, plain) => {
    expect(redact(text)).toBe(plain)
  })

  test.each([
    ['http://a.example:8080/x', 'http://a.example:8080/x'],
    ['http://u:p@a.example/x?token=1', 'http://a.example/x?token=***'],
  ])('of the URL %s', (url, plain) => {
    expect(plainUrl(url)).toBe(plain)
  })
})

describe('the summary', () => {
  const rows = (sections: readonly Section[], title: RegExp) => {
    const section = sections.find((one) => title.test(one.title))
    return section && 'rows' in section ? section.rows : []
  }

  test('has a row for each check, what decided, and what would have changed it', () => {
    const sections = watchSections(watched('g10bbb'), rule, inquiry.version)
    expect(rows(sections, /^Checks/)).toEqual([
      ['page', 'unhealthy', '10 / 3 / 0', '500', '200', '03:01:00'],
    ])
    expect(rows(sections, /^What decided/)).toEqual([
      [
        'page',
        '3 bad samples in a row: status 500',
        '3 in a row over 10 s (at least 3 over 9.0 s)',
        'one good sample between 2026-11-22T03:00:50Z and 2026-11-22T03:01:00Z',
      ],
    ])
  })

  test('says when the version was not asserted', () => {
    const unknown: Expected = { is: 'unknown', why: 'nobody knows' }
    const sections = watchSections(watched('g25'), rule, unknown)
    expect(rows(sections, /^Checks/).at(-1)).toEqual([
      'version',
      'not asked',
      '',
      '',
      'nobody knows',
      '',
    ])
  })

  test.each([
    ['ggbovh', '▁▁█▄·█'],
    ['', ''],
    ['g40b40', `${'▁'.repeat(20)}${'█'.repeat(20)}`],
    [`g79b`, `${'▁'.repeat(39)}█`],
    ['v80', '·'.repeat(40)],
  ])('draws %s', (text, line) => {
    expect(sparkline(samples(text))).toBe(line)
  })
})

test('a site is defined without what its address and headers carry, and the redactor knows them', () => {
  const [site] = planned(`
- assets: https://ada:p4ssw0rd@www.acme.example/?token=abcdefghijk
  headers: { X-Preview: preview-123456 }
`)
  const secrets = ['p4ssw0rd', 'abcdefghijk', 'preview-123456']
  const definition = JSON.stringify(
    definitionOf(site as PlannedCheck, redactor([site as PlannedCheck])),
  )
  expect(definition).toContain('https://www.acme.example/?token=***')
  for (const secret of secrets) {
    expect(definition).not.toContain(secret)
    expect(redactor([site as PlannedCheck])(`x ${secret}`)).toBe('x ***')
  }
})
