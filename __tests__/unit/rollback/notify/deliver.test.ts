import { deliver, secretsIn } from '../../../../packages/rollback/notify/deliver.ts'
import { fakeClock, testRun } from '../../../support/run.ts'

const url = 'https://hooks.example/services/T000/B000/q1w2e3r4t5y6u7i8o9p0a1s2'
const letter = { to: 'Slack', url, body: '{}' }

type Reply = number | readonly [number, string, Readonly<Record<string, string>>?] | Error

/** A webhook that answers one after the other, and when it was asked. */
function hook(...replies: readonly Reply[]) {
  const clock = fakeClock(0)
  const asked: number[] = []
  const send = (async () => {
    asked.push(clock.now())
    const reply = replies[Math.min(asked.length, replies.length) - 1] ?? 200
    if (reply instanceof Error) throw reply
    const [status, text, headers] = typeof reply === 'number' ? [reply, ''] : reply
    return new Response(text, { status, ...(headers && { headers }) })
  }) as typeof fetch
  const sent = (timeout = 600_000) => deliver(testRun({ clock, timeout }), letter, send)
  return { asked, sent }
}

const lost = Object.assign(new TypeError('fetch failed'), {
  cause: Object.assign(new Error(`connect ECONNREFUSED ${url}`), { code: 'ECONNREFUSED' }),
})
const late = Object.assign(new Error('The operation was aborted'), { name: 'TimeoutError' })

test.each<[string, readonly Reply[], object, readonly number[]]>([
  ['taken', [200], { is: 'delivered' }, [0]],
  ['accepted', [202], { is: 'delivered' }, [0]],
  [
    'refused: once',
    [[400, 'invalid_blocks']],
    { is: 'failed', why: 'answered 400: invalid_blocks' },
    [0],
  ],
  ['redirected: followed nowhere', [302], { is: 'failed', why: 'answered 302' }, [0]],
  ['down for a moment', [503, lost, 200], { is: 'delivered' }, [0, 1000, 3000]],
  ['asked to wait', [[429, '', { 'retry-after': '7' }], 200], { is: 'delivered' }, [0, 7000]],
  [
    'asked to wait for an hour: not so long',
    [[429, 'rate_limited', { 'retry-after': '3600' }]],
    { is: 'failed', why: 'answered 429: rate_limited (3 attempts)' },
    [0, 30_000, 60_000],
  ],
  ['down', [lost], { is: 'failed', why: 'no answer (ECONNREFUSED) (3 attempts)' }, [0, 1000, 3000]],
  [
    'silent',
    [late],
    { is: 'failed', why: 'no answer (none within 10 s) (3 attempts)' },
    [0, 1000, 3000],
  ],
])('a message is %s', async (_name, replies, ended, times) => {
  const { asked, sent } = hook(...replies)
  expect(await sent()).toEqual(ended)
  expect(asked).toEqual(times)
})

test('nobody waits beyond the deadline of the run', async () => {
  const { asked, sent } = hook([429, '', { 'retry-after': '20' }])
  expect((await sent(10_000)).is).toBe('failed')
  expect(asked).toEqual([0])
})

test.each([
  ['the address', `no hook ${url}`],
  ['its secret part', 'no such q1w2e3r4t5y6u7i8o9p0a1s2'],
  ['its path', 'POST /services/T000/B000/q1w2e3r4t5y6u7i8o9p0a1s2 not found'],
])('an answer that repeats %s does not show it', async (_name, text) => {
  const ended = await hook([404, text]).sent()
  expect(JSON.stringify(ended)).not.toMatch(/q1w2e3|B000/)
})

test('of a long answer the beginning is shown, in one line', async () => {
  const ended = await hook([400, `<html>\n::error::x ${'y'.repeat(5000)}`]).sent()
  expect(ended).toMatchObject({
    why: expect.stringMatching(/^answered 400: <html> ::error::x y+$/),
  })
  expect(JSON.stringify(ended).length).toBeLessThan(260)
})

test('what is masked is the address and its long parts, not words that stand everywhere', () => {
  const flow =
    'https://x.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sig=aB3-aB3-aB3-aB3-aB3'
  const secrets = secretsIn(flow)
  expect(secrets).toEqual(
    expect.arrayContaining([flow, '0123456789abcdef0123456789abcdef', 'aB3-aB3-aB3-aB3-aB3']),
  )
  expect(secrets).not.toEqual(expect.arrayContaining(['workflows']))
  expect(secrets).not.toEqual(expect.arrayContaining(['triggers']))
})
