import { type Look, span, tolerant, until } from '#core'
import { fakeClock, testRun } from '../../support/run.ts'

describe('until', () => {
  test('looks at once, before any sleep', async () => {
    const run = testRun()
    const began = run.clock.now()
    const waited = await until(run, { what: 'x', look: async () => ({ is: 'found', value: 7 }) })
    expect(waited).toEqual({ is: 'found', value: 7, after: 0 })
    expect(run.clock.now()).toBe(began)
  })

  test('looks once more at the deadline and then quotes what it saw last', async () => {
    const run = testRun({ timeout: 12_000, pollInterval: 5_000 })
    const looks: number[] = []
    const waited = await until(run, {
      what: 'x',
      look: async () => {
        looks.push(run.clock.now())
        return { is: 'waiting', seen: `look ${looks.length}` }
      },
    })
    expect(waited).toEqual({ is: 'timeout', seen: 'look 4', after: 12_000 })
    expect(looks.map((at) => at - (looks[0] ?? 0))).toEqual([0, 5_000, 10_000, 12_000])
  })

  test('finds at the deadline what came between the last look and the deadline', async () => {
    const run = testRun({ timeout: 7_000, pollInterval: 5_000 })
    const waited = await until(run, {
      what: 'x',
      look: async (): Promise<Look<string>> =>
        run.deadline.left() === 0 ? { is: 'found', value: 'late' } : { is: 'waiting', seen: 'no' },
    })
    expect(waited.is).toBe('found')
  })

  test('prints changes and one heartbeat a minute, not every look', async () => {
    const run = testRun({ timeout: 180_000 })
    await until(run, {
      what: 'snapshot s',
      look: async () => ({ is: 'waiting', seen: 'creating' }),
    })
    expect(run.lines.length).toBe(4)
    expect(run.lines[0]).toBe('snapshot s: creating (0.0 s)')
  })

  test('a shorter limit ends it before the run', async () => {
    const run = testRun({ timeout: 600_000 })
    const waited = await until(run, {
      what: 'x',
      within: 20_000,
      look: async () => ({ is: 'waiting', seen: '' }),
    })
    expect(waited.after).toBe(20_000)
  })

  test('renews the lease between looks', async () => {
    const clock = fakeClock()
    let beats = 0
    const journal = {
      entries: () => [],
      intend: async () => {},
      beat: async () => {
        beats += 1
      },
    }
    await until(testRun({ clock, journal, timeout: 10_000 }), {
      what: 'x',
      look: async () => ({ is: 'waiting', seen: '' }),
    })
    expect(beats).toBe(2)
  })
})

describe('tolerant', () => {
  const failing = (times: number) => {
    let calls = 0
    return async (): Promise<Look<string>> => {
      calls += 1
      if (calls <= times) throw new Error('throttled')
      return { is: 'found', value: 'seen' }
    }
  }

  test('passes over three faults in a row', async () => {
    const run = testRun()
    const waited = await until(run, { what: 'x', look: tolerant(failing(3), () => true) })
    expect(waited.is).toBe('found')
  })

  test('throws the fourth', async () => {
    const look = tolerant(failing(4), () => true)
    await expect(until(testRun(), { what: 'x', look })).rejects.toThrow('throttled')
  })

  test('throws at once what does not pass', async () => {
    await expect(tolerant(failing(1), () => false)()).rejects.toThrow('throttled')
  })
})

test.each([
  [400, '0.4 s'],
  [12_300, '12 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 05 min'],
])('a span of %d ms reads %s', (milliseconds, text) => {
  expect(span(milliseconds)).toBe(text)
})
