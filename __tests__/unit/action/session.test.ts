import { describe, expect, test } from '@jest/globals'
import type { Credentials } from '#aws'
import { CallError, type Clock } from '#core'
import { sessionSeconds, withoutToken } from '../../../packages/action/assume.ts'
import { judge, session } from '../../../packages/action/session.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const start = Date.UTC(2026, 10, 26, 3, 0, 0)

/** A clock that only sleeps move. */
function sleeping(): Clock & { at: number } {
  const clock = {
    at: start,
    now: () => clock.at,
    sleep: async (milliseconds: number) => {
      clock.at += milliseconds
    },
  }
  return clock
}

const down = () =>
  new CallError({ action: 'an ID token', on: 'x', code: '503', next: 'wait' }, 'unavailable')
const refused = () =>
  new CallError({ action: 'a', on: 'x', code: 'AccessDenied', next: 'mend it' }, 'no')

/** Who gives out sessions of a length, and fails as a moment says. */
function giver(lifetime: number, failing: (at: number) => Error | undefined = () => undefined) {
  const clock = sleeping()
  const asked: number[] = []
  const ask = async (): Promise<Credentials> => {
    asked.push(clock.at - start)
    const failure = failing(clock.at - start)
    if (failure) throw failure
    const expiration = new Date(clock.at + lifetime)
    return { accessKeyId: `ASIA${asked.length}`, secretAccessKey: 's', expiration }
  }
  return { clock, asked, credentials: session(ask, clock) }
}

describe('what is done with a session', () => {
  const hour = (since: number) => ({
    credentials: { accessKeyId: 'A', secretAccessKey: 's', expiration: new Date(since + HOUR) },
    since,
  })
  test.each([
    ['is asked for when there is none', undefined, 0, {}, 'ended'],
    ['is used until five minutes before its end', hour(0), 55 * MINUTE - 1, {}, 'use'],
    ['is renewed in its last five minutes', hour(0), 55 * MINUTE, {}, 'renew'],
    [
      'of a minute is renewed after three quarters',
      {
        ...hour(0),
        credentials: { accessKeyId: 'A', secretAccessKey: 's', expiration: new Date(MINUTE) },
      },
      45 * SECOND,
      {},
      'renew',
    ],
    ['has ended at its end', hour(0), HOUR, {}, 'ended'],
    [
      'that could not be renewed just now is used',
      { ...hour(0), failed: 56 * MINUTE },
      56 * MINUTE + SECOND,
      {},
      'use',
    ],
    [
      'that could not be renewed is tried again',
      { ...hour(0), failed: 56 * MINUTE },
      56 * MINUTE + 30 * SECOND,
      {},
      'renew',
    ],
    [
      'that AWS refuses has ended, whatever the clock says',
      hour(0),
      MINUTE,
      { refused: 'A' },
      'ended',
    ],
    [
      'that another has just renewed is used by who was refused',
      hour(0),
      SECOND,
      { refused: 'B' },
      'use',
    ],
    [
      'without an end is used',
      { credentials: { accessKeyId: 'A', secretAccessKey: 's' }, since: 0 },
      9 * HOUR,
      {},
      'use',
    ],
  ] as const)('it %s', (_what, held, now, wish, judged) => {
    expect(judge(held, now, wish)).toBe(judged)
  })
})

test('ten clients that ask for two hours share three sessions', async () => {
  const { clock, asked, credentials } = giver(HOUR)
  for (let minute = 0; minute <= 120; minute += 1) {
    const given = await Promise.all(Array.from({ length: 10 }, () => credentials()))
    expect(new Set(given.map((one) => one.accessKeyId)).size).toBe(1)
    clock.at += MINUTE
  }
  expect(asked).toEqual([0, 55 * MINUTE, 110 * MINUTE])
})

test('who is down while the session lasts is asked again, and nobody notices', async () => {
  const { clock, asked, credentials } = giver(HOUR, (at) =>
    at >= 55 * MINUTE && at < 57 * MINUTE ? down() : undefined,
  )
  const keys: string[] = []
  for (let minute = 0; minute < 60; minute += 1) {
    keys.push((await credentials()).accessKeyId)
    clock.at += MINUTE
  }
  expect(asked).toEqual([0, 55 * MINUTE, 56 * MINUTE, 57 * MINUTE])
  expect([...new Set(keys)]).toEqual(['ASIA1', 'ASIA4'])
})

test('a session that ended is waited for, two minutes at most, and the last failure is thrown', async () => {
  const { clock, asked, credentials } = giver(HOUR, (at) => (at > 0 ? down() : undefined))
  await credentials()
  clock.at += 2 * HOUR
  await expect(credentials()).rejects.toThrow('an ID token on x: 503: unavailable')
  const waited = clock.at - start - 2 * HOUR
  expect(waited).toBeGreaterThan(100 * SECOND)
  expect(waited).toBeLessThanOrEqual(120 * SECOND)
  expect(asked.length).toBeLessThan(15)
})

test('a refusal is not waited for', async () => {
  const { asked, credentials } = giver(HOUR, refused)
  await expect(credentials()).rejects.toThrow('AccessDenied')
  expect(asked).toEqual([0])
})

test.each([
  [10 * MINUTE, 3600],
  [55 * MINUTE, 3600],
  [2 * HOUR, 7500],
  [24 * HOUR, 43_200],
])('who may run %i ms asks for a session of %i seconds', (lasts, seconds) => {
  expect(sessionSeconds(lasts)).toBe(seconds)
})

const said = (code: string, message: string) =>
  `Error message: Failed to get ID Token. \n \n        Error Code : ${code}\n \n        Error Message: ${message}`

test.each([
  ['down', said('503', 'Unavailable'), '503', 'githubstatus.com'],
  [
    'out of reach',
    said('undefined', 'connect ECONNREFUSED 127.0.0.1:9'),
    'NetworkingError',
    'githubstatus.com',
  ],
  ['busy', said('429', 'slow down'), 'TooManyRequests', 'githubstatus.com'],
  ['sure that the job has ended', said('401', 'unknown'), '401', 'id-token: write'],
])('a token endpoint that is %s', (_what, text, code, next) => {
  const error = withoutToken(text)
  expect(error).toMatchObject({ code, next: expect.stringContaining(next) })
  expect(error.message).not.toContain('\n')
})
