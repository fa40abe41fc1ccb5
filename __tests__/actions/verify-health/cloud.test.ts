import { act, evidenceOf, settingsOf, stocked, verdictOfPoint, verdictOfRecord } from './stage.ts'
import { deploy, group, type Town, town } from './town.ts'

const alarms = '- { alarms: acme-production-, name: alarms }'
const logs = `- { logs: { group: ${group}, pattern: ERROR }, name: errors }`

/** Everything that a run printed, gave back and wrote down. */
function everything({ run }: Town, result: Awaited<ReturnType<typeof act>>): string {
  return JSON.stringify([run.lines, result]) + evidenceOf(result).text
}

describe('the check alarms, over a simulated CloudWatch and the real client,', () => {
  test('is healthy when none goes on, and looks a few times a minute', async () => {
    const place = await town()
    const { before, result, store } = await deploy(place, alarms)
    expect(before).toMatchObject({
      verdict: 'healthy',
      measured: {
        alarms: {
          ok: ['acme-production-5xx', 'acme-production-latency'],
          alarm: [],
          insufficient: [],
        },
      },
    })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect((await verdictOfPoint(store))?.verdict).toBe('healthy')
    const { samples } = evidenceOf(result).evidence.checks[0]
    expect(samples.length).toBeLessThanOrEqual(14)
    expect(samples.length).toBeGreaterThanOrEqual(10)
  })

  test('does not count one that was on before, and says so', async () => {
    const place = await town()
    await place.set('acme-production-latency', 'ALARM')
    const { before, result } = await deploy(place, alarms)
    expect(before.verdict).toBe('healthy')
    expect(before.why).toContain('1 on already, not counted: acme-production-latency')
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect(JSON.stringify(result.sections)).toContain(
      'on already, not counted: acme-production-latency',
    )
  })

  test('is unhealthy when one goes on and stays on', async () => {
    const place = await town()
    place.clock.after(60_000, () => void place.set('acme-production-5xx', 'ALARM'))
    const { result } = await deploy(place, alarms)
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy', 'failed-checks': 'alarms' })
    expect(result.outputs?.reason).toContain('acme-production-5xx went from OK to ALARM')
    const after = Number(result.outputs?.['detected-after-seconds'])
    expect(after).toBeGreaterThanOrEqual(90)
    expect(after).toBeLessThanOrEqual(120)
  })

  test('is healthy when one goes on for half a minute, as at a cut-over', async () => {
    const place = await town()
    place.clock.after(60_000, () => void place.set('acme-production-5xx', 'ALARM'))
    place.clock.after(85_000, () => void place.set('acme-production-5xx', 'OK'))
    const { result } = await deploy(place, alarms)
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('takes composite alarms for what they are', async () => {
    const place = await town()
    await place.alarm('inner')
    await place.composite('acme-production-all', 'ALARM(inner)')
    const { result } = await deploy(place, alarms, { release: () => place.set('inner', 'ALARM') })
    expect(result.outputs?.reason).toContain('acme-production-all went from OK to ALARM')
  })

  test('sees every page of many alarms', async () => {
    const place = await town()
    for (let n = 0; n < 120; n += 1) await place.alarm(`acme-production-z${n}`)
    const release = () => place.set('acme-production-z99', 'ALARM')
    const { before, result } = await deploy(place, alarms, { release })
    expect(before.why).toContain('122 OK')
    expect(result.outputs?.reason).toContain('acme-production-z99')
    const names = Array.from({ length: 120 }, (_, n) => `acme-production-z${n}`)
    const named = await deploy(await withAlarms(names), `- { alarms: ${JSON.stringify(names)} }`)
    expect(named.before.why).toContain('120 OK')
  })

  test('stays in doubt when one that was OK has no data any more', async () => {
    const place = await town()
    const release = () => place.set('acme-production-5xx', 'INSUFFICIENT_DATA')
    const { result } = await deploy(place, alarms, { release })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(result.outputs?.reason).toContain('acme-production-5xx was OK and has no data any more')
  })

  test('stays in doubt when nothing was captured and one is on', async () => {
    const place = await town()
    await place.set('acme-production-5xx', 'ALARM')
    const settings = settingsOf({ checks: alarms, watch: '2m' })
    const result = await act(place.run, place.ports, { settings, store: undefined })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(result.outputs?.reason).toContain('no restore point says whether it was before')
  })

  test('is never healthy while CloudWatch is throttled', async () => {
    const place = await town()
    const release = () => place.faults.add({ effect: 'throttle', service: 'monitoring' })
    const { result } = await deploy(place, alarms, { release })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(result.outputs?.reason).toContain('Rate exceeded')
  })

  test('bears some throttling', async () => {
    const place = await town()
    const release = () =>
      place.faults.add({ effect: 'throttle', service: 'monitoring', from: 3, to: 4 })
    const { result } = await deploy(place, alarms, { release })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('names the permission that is missing', async () => {
    const place = await town()
    place.faults.add({ effect: 'denied', service: 'monitoring' })
    const { before, result } = await deploy(place, alarms)
    expect(before.verdict).toBe('error')
    expect(before.why).toContain('grant cloudwatch:DescribeAlarms')
    expect(result).toMatchObject({ outcome: 'failed', outputs: { verdict: 'error' } })
    expect(result.next?.join()).toContain('grant cloudwatch:DescribeAlarms')
  })

  test.each([
    [
      'a prefix of no alarm',
      '- { alarms: acme-prod_, name: alarms }',
      'no alarm begins with acme-prod_',
    ],
    [
      'a name that is none',
      '- { alarms: [acme-production-5xx, nope], name: alarms }',
      'there is no alarm nope',
    ],
  ])('is an error with %s', async (_, checks, why) => {
    const { before, result } = await deploy(await town(), checks)
    expect(before).toMatchObject({ verdict: 'error' })
    expect(before.why).toContain(why)
    expect(before.why).toContain('check alarms')
    expect(result.outputs).toMatchObject({ verdict: 'error' })
  })
})

async function withAlarms(names: readonly string[]): Promise<Town> {
  const place = await town()
  for (const name of names) await place.alarm(name)
  return place
}

describe('the check alarms after a rollback', () => {
  const restored = { expect: 'restored', record: 'production/4711/rollback-1' }

  /** What the undone deployment had captured: both alarms were OK. */
  const measured = {
    alarms: { ok: ['acme-production-5xx', 'acme-production-latency'], alarm: [], insufficient: [] },
  }

  test('waits for one that is still on to recover', async () => {
    const place = await town()
    await place.set('acme-production-5xx', 'ALARM')
    place.clock.after(90_000, () => void place.set('acme-production-5xx', 'OK'))
    const { store } = await stocked(place.run, { measured })
    const settings = settingsOf({ checks: alarms, watch: '3m', ...restored })
    const result = await act(place.run, place.ports, { settings, store })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect((await verdictOfRecord(store))?.verdict).toBe('healthy')
  })

  test('is unhealthy when it never does', async () => {
    const place = await town()
    await place.set('acme-production-5xx', 'ALARM')
    const { store } = await stocked(place.run, { measured })
    const settings = settingsOf({ checks: alarms, watch: '3m', ...restored })
    const result = await act(place.run, place.ports, { settings, store })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('never good until the end')
  })
})

describe('the check logs, over a simulated CloudWatch Logs and the real client,', () => {
  test('is healthy when errors come as often as before', async () => {
    const place = await town()
    place.every(60_000, () => place.log('ERROR the usual one'))
    await place.clock.advance(900_000)
    const { before, result } = await deploy(place, logs)
    expect(before.measured).toEqual({ errors: { count: 10, minutes: 10, dispersion: 1 } })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect(evidenceOf(result).evidence.checks[0].samples.length).toBeLessThanOrEqual(14)
  })

  test('is unhealthy when they rise, and never shows a line', async () => {
    const place = await town()
    const canary = 'canary-8472-password'
    place.every(60_000, () => place.log('ERROR the usual one'))
    await place.clock.advance(900_000)
    const release = () => place.every(2_000, () => place.log(`ERROR user ada ${canary}`))
    const { result } = await deploy(place, logs, { release })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy', 'failed-checks': 'errors' })
    expect(result.outputs?.reason).toMatch(/in a row: \d+ in 15 s match, the first at 2026-/)
    expect(result.outputs?.reason).toContain('before the deployment 1 a minute')
    expect(Number(result.outputs?.['detected-after-seconds'])).toBeLessThanOrEqual(90)
    expect(everything(place, result)).not.toContain(canary)
  })

  test('is unhealthy when one error follows another where there were none', async () => {
    const place = await town()
    await place.clock.advance(900_000)
    const release = () => place.every(12_000, () => place.log('ERROR'))
    const { result } = await deploy(place, logs, { release })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('altogether, at most')
  })

  test('is healthy after one burst', async () => {
    const place = await town()
    await place.clock.advance(900_000)
    place.clock.after(70_000, async () => {
      for (let n = 0; n < 50; n += 1) await place.log('ERROR at once')
    })
    expect((await deploy(place, logs)).result.outputs).toMatchObject({ verdict: 'healthy' })
  })

  test('counts what comes late in the window in which it can be found', async () => {
    const place = await town()
    await place.clock.advance(900_000)
    const release = () => place.every(2_500, () => place.log('ERROR'))
    const { result } = await deploy(place, logs, { release })
    const counted = evidenceOf(result)
      .evidence.checks[0].samples.map(({ value }: { value: string }) => Number.parseInt(value, 10))
      .reduce((sum: number, n: number) => sum + n, 0)
    const ended = Number(result.outputs?.['detected-after-seconds']) * 1000
    expect(counted).toBeGreaterThanOrEqual(Math.floor((ended - 10_000) / 2_500) - 1)
  })

  test('is held against at-most where that is given, without anything captured', async () => {
    const place = await town()
    const limited = `- { logs: { group: ${group}, pattern: ERROR, at-most: 2 }, name: errors }`
    place.every(5_000, () => place.log('ERROR'))
    const settings = settingsOf({ checks: limited, watch: '3m' })
    const result = await act(place.run, place.ports, { settings, store: undefined })
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('at most 2 a minute are allowed')
  })

  test('stays in doubt without a rate to compare with', async () => {
    const place = await town()
    const settings = settingsOf({ checks: logs, watch: '2m' })
    const result = await act(place.run, place.ports, { settings, store: undefined })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(result.outputs?.reason).toContain('no rate was captured before the deployment')
  })

  test.each([
    [
      'a group that does not exist',
      '{ group: /ecs/nope, pattern: ERROR }',
      'ResourceNotFoundException',
    ],
    [
      'a pattern that is none',
      `{ group: ${group}, pattern: "status=5" }`,
      'InvalidParameterException',
    ],
  ])('is an error with %s', async (_, given, code) => {
    const { before, result } = await deploy(await town(), `- { logs: ${given}, name: errors }`)
    expect(before).toMatchObject({ verdict: 'error' })
    expect(before.why).toContain(code)
    expect(before.why).toContain('logs:FilterLogEvents')
    expect(result.outputs).toMatchObject({ verdict: 'error' })
  })

  test('is an error that names the permission', async () => {
    const place = await town()
    place.faults.add({ effect: 'denied', service: 'logs' })
    const { before } = await deploy(place, logs)
    expect(before.why).toContain('grant logs:FilterLogEvents')
  })

  test('is never healthy while Logs fails', async () => {
    const place = await town()
    const release = () => place.faults.add({ effect: 'error500', service: 'logs' })
    const { result } = await deploy(place, logs, { release })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
  })
})

test('both checks in a watch of three seconds are healthy', async () => {
  const place = await town()
  const both = `${alarms}\n${logs}`
  const { result } = await deploy({ ...place, run: { ...place.run, pollInterval: 200 } }, both, {
    with: { watch: '3s', 'poll-interval': '200ms' },
  })
  expect(result.outputs).toMatchObject({ verdict: 'healthy' })
})

test('the evidence defines the checks', async () => {
  const { result } = await deploy(await town(), `${alarms}\n${logs}`)
  const { checks } = evidenceOf(result).evidence
  expect(checks.map(({ definition }: { definition: object }) => definition)).toEqual([
    { alarms: 'acme-production-' },
    { logs: group, pattern: 'ERROR' },
  ])
})
