import { health } from '#health'
import { changeRecord } from '#store'
import { fakeClock, testRun } from '../../support/run.ts'
import {
  answers,
  evidenceOf,
  limited,
  older,
  page,
  pageCheck,
  refuses,
  settingsOf,
  sha,
  status,
  stocked,
  verdictOfPoint,
  verdictOfRecord,
  verify,
} from './stage.ts'

describe('a release that is', () => {
  test('good until the end is healthy, written into the restore point, and only then an output', async () => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(sha), { store })
    expect(result).toMatchObject({
      outcome: 'done',
      headline: 'healthy: the check was good until the end of 2 min 00 s',
      outputs: { verdict: 'healthy', 'failed-checks': '', 'first-bad-at': '' },
    })
    expect(await verdictOfPoint(store)).toEqual({
      verdict: 'healthy',
      why: 'the check was good until the end of 2 min 00 s',
      at: '2026-11-22T03:02:00Z',
      looks: { failed: 0, of: 25 },
      run: '4711',
    })
  })

  test('failing after a minute is unhealthy fifteen seconds later, with the evidence', async () => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, (ms) => (ms < 60_000 ? answers(sha) : status(500)), { store })
    expect(result.outcome).toBe('unhealthy')
    expect(result.outputs).toMatchObject({
      verdict: 'unhealthy',
      reason: 'page: 3 bad samples in a row: status 500',
      'failed-checks': 'page',
      'first-bad-at': '2026-11-22T03:01:00Z',
      'detected-after-seconds': '70',
    })
    expect((await verdictOfPoint(store))?.verdict).toBe('unhealthy')
    const { evidence } = evidenceOf(result)
    expect(evidence.checks[0]).toMatchObject({ counts: { good: 12, bad: 3, void: 0 } })
    expect(evidence.checks[0].samples).toHaveLength(15)
  })

  test('starting slowly is healthy', async () => {
    const result = await verify(testRun(), (ms) => (ms < 25_000 ? refuses : answers(sha)))
    expect(result.outputs?.verdict).toBe('healthy')
  })

  test('good but slow to answer is looked at a little longer than a short window, and is healthy', async () => {
    const clock = fakeClock()
    const run = testRun({ clock, pollInterval: 200 })
    const slow = () => {
      clock.advance(1_400)
      return answers(sha)
    }
    const result = await verify(run, slow, { with: { watch: '3s', 'poll-interval': '200ms' } })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('never up is unhealthy soon after the warm-up', async () => {
    const run = testRun()
    const result = await verify(run, () => refuses)
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy', 'detected-after-seconds': '40' })
  })

  test('not the one that answers is unhealthy, but only when the window has ended', async () => {
    const run = testRun()
    const result = await verify(run, () => answers(older))
    expect(result.outputs).toMatchObject({
      verdict: 'unhealthy',
      reason: 'page: never good until the end: version bbbbbbb answers',
      'detected-after-seconds': '120',
    })
  })

  test('hidden from the runner by a rate limit is never healthy', async () => {
    const result = await verify(testRun(), () => limited)
    expect(result.outcome).toBe('inconclusive')
    expect(result.next?.length).toBeGreaterThan(0)
  })

  test('bad at the very end is watched a little longer', async () => {
    const run = testRun()
    const blip = (ms: number) => (ms === 120_000 ? status(500) : answers(sha))
    const result = await verify(run, blip)
    expect(result.headline).toBe('healthy: the check was good until the end of 2 min 15 s')
  })

  test('bad in turn until the end stays in doubt', async () => {
    const flapping = (ms: number) => (ms % 10_000 === 0 ? status(500) : answers(sha))
    const result = await verify(testRun(), flapping)
    expect(result.outcome).toBe('inconclusive')
  })

  test('watched for less than asked, because the timeout ended it, stays in doubt', async () => {
    const run = testRun({ timeout: 90_000 })
    const result = await verify(run, () => answers(sha))
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(run.deadline.left()).toBeGreaterThan(0)
  })

  test('named by its first seven digits is the same', async () => {
    const result = await verify(testRun(), () => answers('a'.repeat(7)), {
      with: { released: sha },
    })
    expect(result.outcome).toBe('done')
  })
})

describe('a rollback', () => {
  const restored = { expect: 'restored', record: 'production/4711/rollback-1' }

  test('is verified against the commit of its destination and written into its record', async () => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(older), { with: restored, store })
    expect(result.outcome).toBe('done')
    expect((await verdictOfRecord(store))?.verdict).toBe('healthy')
    expect(await verdictOfPoint(store)).toBeUndefined()
  })

  test('after which the bad release still answers is unhealthy, and the next step is a person’s', async () => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(sha), { with: restored, store })
    expect(result.outcome).toBe('unhealthy')
    expect(result.next?.[0]).toContain('the record stays open')
    expect((await verdictOfRecord(store))?.verdict).toBe('unhealthy')
  })

  test.each([
    [['site'], 'done'],
    [['services', 'config'], 'unhealthy'],
  ] as const)('of only %j with the release’s API still there is %s', async (only, outcome) => {
    const run = testRun()
    const { store } = await stocked(run)
    await changeRecord(store, restored.record, (record) => ({ ...record, only: [...only] }))
    const result = await verify(run, () => answers(sha), { with: restored, store })
    expect(result.outcome).toBe(outcome)
  })

  test('whose destination has no known commit takes any version, and says so', async () => {
    const run = testRun()
    const { store, objects } = await stocked(run)
    const key = 'production/4711/before.json'
    const { runs: _, ...point } = JSON.parse(objects.content.get(key)?.text ?? '')
    objects.content.set(key, { text: JSON.stringify(point), etag: 'x' })
    const result = await verify(run, () => answers('c'.repeat(40)), { with: restored, store })
    expect(result.outcome).toBe('done')
    expect(JSON.stringify(result.sections)).toContain(
      'the commit that runs in production/4711/before is not known',
    )
    expect(run.lines.join('\n')).toContain('warning: the version is not asserted')
  })

  test('to the point of a rollback whose commit nobody knows takes any version', async () => {
    const run = testRun()
    const { store, objects } = await stocked(run)
    const key = 'production/4711/before.json'
    const { runs: _, ...point } = JSON.parse(objects.content.get(key)?.text ?? '')
    const after = { ...point, point: 'after', sha: 'unknown' }
    objects.content.set(key, { text: JSON.stringify(after), etag: 'x' })
    const result = await verify(run, () => answers('c'.repeat(40)), { with: restored, store })
    expect(result.outcome).toBe('done')
  })

  test('of an unknown record is an error', async () => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(older), {
      with: { ...restored, record: 'production/4711/rollback-9' },
      store,
    })
    expect(result).toMatchObject({ outcome: 'failed', outputs: { verdict: 'error' } })
  })
})

describe('the store', () => {
  const broken = async () => {
    const run = testRun()
    const { store, objects } = await stocked(run)
    objects.fault = (call) => {
      if (call === 'replace') throw new Error('s3:PutObject: AccessDenied')
    }
    return { run, store }
  }

  test.each([
    ['healthy', () => answers(sha), 'inconclusive'],
    ['unhealthy', () => status(500), 'unhealthy'],
    ['inconclusive', () => limited, 'inconclusive'],
  ])('that cannot be written fails what was judged %s', async (judged, at, verdict) => {
    const { run, store } = await broken()
    const result = await verify(run, at, { store })
    expect(result).toMatchObject({ outcome: 'failed', outputs: { verdict } })
    expect(result.headline).toContain(`judged ${judged}`)
    expect(result.headline).toContain('s3:PutObject: AccessDenied')
  })

  test('without a restore point of this run is no fault', async () => {
    const run = testRun({ identity: { runId: '4712' } })
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(sha), { store })
    expect(result.outcome).toBe('done')
    expect(JSON.stringify(result.sections)).toContain('production/4712/before')
  })

  test('that cannot be read at the start gives an error, not an empty verdict', async () => {
    const run = testRun()
    const { store, objects } = await stocked(run)
    objects.content.set('production/4711/before.json', { text: 'not json', etag: 'x' })
    const result = await verify(run, () => answers(sha), { store })
    expect(result).toMatchObject({ outcome: 'failed', outputs: { verdict: 'error' } })
  })
})

describe('a configuration', () => {
  test.each<[string, { [name: string]: string }, string, string]>([
    ['without checks', { checks: '' }, 'inconclusive', 'no checks are configured'],
    [
      'with a check nobody knows',
      { checks: '- { ping: a.example }' },
      'error',
      'ping is not known here',
    ],
    ['that is no list', { checks: 'http: x' }, 'error', 'checks: '],
    ['with ECS and no services', { checks: '- ecs: true' }, 'error', 'it needs services'],
    [
      'with a watch longer than its timeout',
      { watch: '45m' },
      'error',
      'watch: 2700 s does not fit into the timeout of 1800 s',
    ],
    [
      'with a watch too short for the rule',
      { watch: '9s' },
      'error',
      'watch: 9 s is too short for 3 looks, one each 5 s',
    ],
    [
      'with a record for a release',
      { record: 'production/1/rollback-1' },
      'error',
      'record: it belongs to expect: restored',
    ],
  ])('%s is so in the store and in the output', async (_, chosen, verdict, why) => {
    const run = testRun()
    const { store } = await stocked(run)
    const result = await verify(run, () => answers(sha), { with: chosen, store })
    expect(result.outputs?.verdict).toBe(verdict)
    expect(result.outputs?.reason).toContain(why)
    expect((await verdictOfPoint(store))?.verdict).toBe(verdict)
    expect(result.next).not.toEqual([])
  })

  test('that asserts a version when no commit is known is an error', async () => {
    const run = testRun({ identity: { sha: '' } })
    const result = await verify(run, () => answers(sha))
    expect(result.outputs).toMatchObject({ verdict: 'error' })
  })
})

test('a dry run looks, writes nothing and decides nothing', async () => {
  const run = testRun({ dryRun: true })
  const { store, objects } = await stocked(run)
  const written = objects.writes.length
  const result = await verify(run, () => status(500), { store })
  expect(result).toMatchObject({ outcome: 'planned', outputs: { verdict: 'inconclusive' } })
  expect(objects.writes).toHaveLength(written)
})

test('a fault of our own is an error in the store, and is thrown', async () => {
  const run = testRun()
  const { store } = await stocked(run)
  const ports = {
    ...page(run, () => answers(sha)),
    fetchOnce: async () => {
      throw new TypeError('a bug')
    },
  }
  const settings = settingsOf({ checks: pageCheck })
  await expect(health(run, ports, { settings, store })).rejects.toThrow('a bug')
  expect(await verdictOfPoint(store)).toMatchObject({ verdict: 'error', why: 'a bug' })
})

test('half an hour of watching is written down completely', async () => {
  const run = testRun({ timeout: 3_600_000 })
  const result = await verify(run, () => answers(sha), { with: { watch: '30m', timeout: '1h' } })
  const { evidence } = evidenceOf(result)
  expect(evidence.checks[0].samples).toHaveLength(361)
  expect(run.lines.length).toBeLessThan(60)
})
