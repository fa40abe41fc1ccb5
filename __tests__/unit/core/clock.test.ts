import { expect, test } from '@jest/globals'
import { setBy, systemClock } from '#core'
import { fakeClock } from '../../support/run.ts'

const minutes = 60_000

test.each([15, -15])(
  'the machine’s time corrected by %i minutes in between moves no deadline and no window',
  (jump) => {
    const { now } = Date
    const before = systemClock.now()
    try {
      Date.now = () => now() + jump * minutes
      expect(Math.abs(systemClock.now() - before)).toBeLessThan(minutes)
    } finally {
      Date.now = now
    }
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(minutes)
  },
)

test.each<[string, number, number]>([
  ['15 minutes ahead is set back', 15 * minutes, 0],
  ['15 minutes behind is set forward', -15 * minutes, 0],
  ['a second off is taken as it is: the answer says no more', 1000, 1000],
])('a clock that is %s', async (_name, ahead, left) => {
  const server = fakeClock()
  const wrong = { now: () => server.now() + ahead, sleep: server.sleep }
  const clock = setBy(wrong, server.now())
  expect(clock.now() - server.now()).toBe(left)
  await clock.sleep(3 * minutes)
  expect(clock.now() - server.now()).toBe(left)
})

test('a server that never answered sets no clock', () => {
  const clock = fakeClock()
  expect(setBy(clock, 0)).toBe(clock)
})
