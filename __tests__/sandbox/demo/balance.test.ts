import { describe, expect, test } from '@jest/globals'
import type { RunResult } from '../../../packages/sandbox/act/index.ts'
import { balanceOf, bars, type Evidence, lostRows } from '../../../packages/sandbox/demo/balance.ts'
import { sentence } from '../../../packages/sandbox/demo/chapter.ts'
import type { FileSeen, Outside, Score, SiteSeen } from '../../../packages/sandbox/sample/index.ts'

const commit = 'a'.repeat(40)
const before: Outside = {
  doors: [{ status: 200, release: '2', commit }],
  services: [
    {
      name: 'api-gateway',
      taskDefinition: 'acme-api-gateway:2',
      desired: 2,
      running: 2,
      deployments: 1,
      digests: ['sha256:1'],
    },
  ],
  database: {
    instance: 'acme-production',
    settings: { multiAz: true },
    applied: ['1', '2'],
    triggers: 2,
    refs: new Set(['early', 'late']),
  },
}
const after: Outside = {
  ...before,
  database: {
    ...before.database,
    instance: 'acme-production-rollback',
    refs: new Set(['early', 'again']),
  },
}
const run = (ok: boolean): RunResult => ({
  ok,
  killed: false,
  runId: '1',
  attempt: 1,
  took: 1,
  jobs: {},
  steps: [],
  events: [],
  log: '',
  output: '',
})
const evidence: Evidence = {
  chapter: { release: 4, on: [2], why: 'it broke', data: 'restored' },
  beginning: 0,
  span: { from: 8000, to: 40_000 },
  before,
  after,
  good: run(true),
  bad: run(false),
  snapshotAt: 10_000,
  databases: { 'acme-production': 'available', 'acme-production-rollback': 'available' },
  traffic: {
    ok: 3,
    failed: 2,
    firstFailure: 12_000,
    lastFailure: 30_000,
    seconds: [
      { at: 11_000, ok: 2, failed: 0 },
      { at: 12_000, ok: 0, failed: 2 },
    ],
    releases: ['2'],
    acknowledged: [
      { ref: 'early', at: 9000 },
      { ref: 'late', at: 11_000 },
      { ref: 'again', at: 31_000 },
    ],
  },
}

const service = (change: Partial<Outside['services'][number]>): Outside => ({
  ...after,
  services: after.services.map((one) => ({ ...one, ...change })),
})
const database = (change: Partial<Outside['database']>): Outside => ({
  ...after,
  database: { ...after.database, ...change },
})

describe('the balance', () => {
  test('says that everything is back when it is', () => {
    expect(balanceOf(evidence)).toMatchObject({ isBack: true })
  })

  test.each<[string, Partial<Evidence>]>([
    ['the good release was red', { good: run(false) }],
    ['the bad release was green', { bad: run(true) }],
    [
      'one task answers with another commit',
      {
        after: { ...after, doors: [...after.doors, { status: 200, release: '4', commit: 'b' }] },
      },
    ],
    ['nobody answers', { after: { ...after, doors: [], services: [] } }],
    ['another task definition runs', { after: service({ taskDefinition: 'acme-api-gateway:3' }) }],
    ['another image runs', { after: service({ digests: ['sha256:2'] }) }],
    ['a task is missing', { after: service({ running: 1 }) }],
    ['fewer tasks are wanted', { after: service({ running: 1, desired: 1 }) }],
    ['a deployment goes on', { after: service({ deployments: 2 }) }],
    ['a migration stayed', { after: database({ applied: ['1', '2', '4'] }) }],
    ['a setting was not carried over', { after: database({ settings: { multiAz: false } }) }],
    ['the old database is gone', { databases: { 'acme-production-rollback': 'available' } }],
    ['the old database still serves', { after: database({ instance: 'acme-production' }) }],
    ['a row from before the snapshot is lost', { after: database({ refs: new Set(['again']) }) }],
    ['nobody was ever hurt', { traffic: { ...evidence.traffic, failed: 0 } }],
    ['nobody is served again', { traffic: { ...evidence.traffic, lastFailure: 32_000 } }],
  ])('does not when %s', (_, change) => {
    expect(balanceOf({ ...evidence, ...change })).toMatchObject({ isBack: false })
  })

  test('counts lost rows, and apart those from before the snapshot', () => {
    expect(lostRows(evidence)).toEqual({ all: 1, fromBefore: 0 })
    expect(lostRows({ ...evidence, snapshotAt: 11_500 })).toEqual({ all: 1, fromBefore: 1 })
  })

  test('draws the share of failures by second', () => {
    expect(bars(evidence.traffic)).toBe('▁█')
  })
})

const file = (path: string, type: string): FileSeen => ({
  ...{ path, type, status: 200, cacheControl: 'no-cache', bytes: 10, sha256: `hash of ${path}` },
})
const site: SiteSeen = {
  release: '2',
  commit,
  files: [file('/', 'text/html'), file('/assets/app-1a2b3c4d.js', 'text/javascript')],
  version: { status: 200, release: '2', commit },
  api: { status: 200, release: '2', commit },
}
const configuration = {
  'acme/production/jwt-secret': { version: 'a', mark: 'm1' },
  '/acme/production/feature-flags': { version: '2', mark: 'm2' },
}
const wholeBefore: Outside = { ...before, site, configuration }
/** A parameter goes back as a newer version of the same value. */
const putBack = { version: '4', mark: 'm2' }
const wholeAfter: Outside = {
  ...wholeBefore,
  database: { ...before.database, refs: new Set(['early', 'late', 'again']) },
  configuration: { ...configuration, '/acme/production/feature-flags': putBack },
}
const whole: Evidence = {
  ...evidence,
  chapter: { release: 11, on: [2], why: 'it broke', data: 'kept', everything: true },
  before: wholeBefore,
  after: wholeAfter,
  databases: { 'acme-production': 'available' },
  visits: {
    ok: 3,
    failed: 1,
    firstFailure: 11_500,
    lastFailure: 30_500,
    seconds: [
      { at: 11_000, ok: 0, failed: 1 },
      { at: 32_000, ok: 3, failed: 0 },
    ],
    releases: ['2', '11'],
  },
}
const siteOf = (change: Partial<SiteSeen>): Outside => ({
  ...wholeAfter,
  site: { ...site, ...change },
})

describe('the balance of the whole system', () => {
  test('says that everything is back when it is, and shows the front end beside the services', () => {
    const { isBack, rows } = balanceOf(whole)
    expect(isBack).toBe(true)
    expect(Object.fromEntries(rows)).toMatchObject({
      'It broke at': '00:11',
      'Good again at': '00:32 (20.5 s later)',
      Visits: '4, of which 1 failed',
      'Front end was': 'release 2 (aaaaaaa), 2 files',
      'Front end now': 'release 2 (aaaaaaa), 2 files',
      'Rows lost': '0 of 3 acknowledged',
    })
  })

  test.each<[string, Partial<Evidence>]>([
    ['the page is of another release', { after: siteOf({ release: '11' }) }],
    ['a file is missing', { after: siteOf({ files: site.files.slice(0, 1) }) }],
    [
      'a file has other bytes',
      { after: siteOf({ files: site.files.map((one) => ({ ...one, sha256: 'other' })) }) },
    ],
    [
      'the page was never whole',
      {
        before: { ...wholeBefore, site: { ...site, files: [file('/', 'text/plain')] } },
        after: siteOf({ files: [file('/', 'text/plain')] }),
      },
    ],
    ['its API fails behind the edge', { after: siteOf({ api: { status: 502 } }) }],
    [
      'a setting has another value',
      { after: { ...wholeAfter, configuration: { ...configuration, other: putBack } } },
    ],
    ['another database serves', { after: { ...wholeAfter, database: after.database } }],
    [
      'a row is lost that nobody agreed to lose',
      {
        after: {
          ...wholeAfter,
          database: { ...before.database, refs: new Set(['early', 'again']) },
        },
      },
    ],
    [
      'visitors never see a whole page again',
      { visits: { ...(whole.visits as Score), lastFailure: 40_000 } },
    ],
  ])('does not when %s', (_, change) => {
    expect(balanceOf({ ...whole, ...change })).toMatchObject({ isBack: false })
  })

  test('tells it in sentences: what broke, how long it hurt, what was lost', () => {
    const told = (one: Evidence) => sentence({ title: '', evidence: one, balance: balanceOf(one) })
    const [at, job, step] = [14_500, 'rollback', 'close']
    const end = { at, job, step, is: 'step-ends', name: 'Close' } as const
    const verdict = { at, job, step, is: 'output', name: 'verdict', value: 'unhealthy' } as const
    const ended = { ...run(false), events: [verdict, { ...end, outcome: 'success' as const }] }
    const failed = { ...run(false), events: [{ ...end, outcome: 'failure' as const }] }
    expect(told({ ...whole, bad: ended })).toBe(
      'It broke. It was found unhealthy 3 s after the first failure. Everybody was served again after 20.5 s. Everything was back and verified after 3 s. No acknowledged row was lost.',
    )
    const visits = { ...(whole.visits as Score), lastFailure: 40_000 }
    const after = { ...wholeAfter, database: { ...wholeAfter.database, refs: new Set(['early']) } }
    expect(told({ ...whole, visits, after, bad: failed })).toBe(
      'It broke. It was never found unhealthy. Not everybody is served again. The rollback did not end well. 2 acknowledged rows are lost.',
    )
    const { firstFailure: _, lastFailure: __, ...unhurt } = whole.visits as Score
    const { firstFailure: ___, ...traffic } = { ...whole.traffic, failed: 0 }
    expect(told({ ...whole, visits: { ...unhurt, failed: 0 }, traffic })).toBe(
      'It broke. Nobody was hurt.',
    )
  })

  test('counts a broken page alone as harm: the API of a release may be well', () => {
    const { firstFailure: _, lastFailure: __, ...traffic } = evidence.traffic
    const { isBack, rows } = balanceOf({ ...whole, traffic: { ...traffic, failed: 0 } })
    expect(isBack).toBe(true)
    expect(Object.fromEntries(rows)).toMatchObject({ 'Good again at': '00:32 (20.5 s later)' })
  })
})
