import {
  type Alarm,
  judgeAlarms,
  readStanding,
  standingOf,
} from '../../../packages/health/alarms.ts'

const letters = { o: 'OK', a: 'ALARM', i: 'INSUFFICIENT_DATA' } as const

/** Alarms written as `cpu:o disk:a`. */
const alarms = (text: string): readonly Alarm[] =>
  text
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => {
      const [name = '', letter = ''] = one.split(':')
      const since = Date.UTC(2026, 10, 22, 3, 1, 0)
      return { name, state: letters[letter as 'o' | 'a' | 'i'], since }
    })

const standing = (text: string) => standingOf(alarms(text))

function judge(
  now: string,
  given: { before?: string; seen?: string; expect?: 'released' | 'restored' | 'anything' } = {},
) {
  return judgeAlarms(alarms(now), {
    expect: given.expect ?? 'released',
    before: given.before === undefined ? undefined : standing(given.before),
    seenOk: new Set((given.seen ?? '').split(' ')),
  })
}

describe('alarms after a release, with what was captured before it', () => {
  test.each<[now: string, before: string, seen: string, is: string, says: RegExp]>([
    ['a:o b:o', 'a:o b:o', '', 'good', /2 OK/],
    ['a:a b:o', 'a:o b:o', '', 'bad', /a went from OK to ALARM, since 2026-11-22T03:01:00Z/],
    ['a:a b:o', 'a:a b:o', '', 'good', /1 OK, 1 on already, not counted: a/],
    ['a:a b:a', 'a:a b:o', '', 'bad', /^b went from OK/],
    ['a:a', 'a:a', 'a', 'void', /no alarm can be judged/],
    ['a:i b:o', 'a:i b:o', '', 'good', /1 OK, 1 without data: a/],
    ['a:i b:o', 'a:o b:o', '', 'void', /a was OK and has no data any more/],
    ['a:i b:o', 'a:i b:o', 'a', 'void', /a was OK and has no data any more/],
    ['a:a b:o', 'a:i b:o', '', 'void', /a is on, and was not OK before the deployment/],
    ['a:a b:o', 'a:i b:o', 'a', 'bad', /a went from OK to ALARM/],
    ['n:a b:o', 'b:o', '', 'void', /n is on, and was not OK before/],
    ['n:a b:o', 'b:o', 'n', 'bad', /n went from OK/],
    ['b:o', 'a:o b:o', '', 'void', /a was OK and is gone/],
    ['a:i b:i', 'a:i b:i', '', 'void', /no alarm can be judged/],
    ['a:i b:i c:a', 'a:o b:o c:o', '', 'bad', /c went from OK/],
  ])('%s, before %s, seen OK [%s]: %s', (now, before, seen, is, says) => {
    const found = judge(now, { before, seen })
    expect(found.class).toBe(is)
    expect(found.class === 'good' ? found.value : found.why).toMatch(says)
    expect(found.hard).toBeUndefined()
  })
})

describe('alarms without anything captured', () => {
  test.each([
    ['a:o', '', 'good'],
    ['a:a b:o', '', 'void'],
    ['a:a b:o', 'a', 'bad'],
    ['a:i b:o', '', 'void'],
  ])('%s, seen OK [%s]: %s', (now, seen, is) => {
    expect(judge(now, { seen }).class).toBe(is)
  })
})

test('after a rollback an alarm that is still on may be late; one that goes on again is not', () => {
  expect(judge('a:a', { before: 'a:o', expect: 'restored' })).toMatchObject({ late: 'in-progress' })
  const again = judge('a:a', { before: 'a:o', seen: 'a', expect: 'restored' })
  expect(again.class).toBe('bad')
  expect(again.late).toBeUndefined()
})

test.each([
  ['a:o b:a', 'good'],
  ['a:a', 'void'],
  ['a:i', 'void'],
])('a baseline of %s is %s', (now, is) => {
  expect(judge(now, { expect: 'anything' }).class).toBe(is)
})

test('many names are cut short, and hostile ones are one line', () => {
  const many = judge('a:a b:a c:a d:a e:a', { before: 'a:o b:o c:o d:o e:o' })
  expect(many.why).toContain('a, b, c and 2 more')
  const hostile = judgeAlarms([{ name: 'x\n::error::y', state: 'ALARM', since: undefined }], {
    expect: 'released',
    before: undefined,
    seenOk: new Set(['x\n::error::y']),
  })
  expect(hostile.why).not.toContain('\n')
})

test('a standing comes back from a restore point, and nothing else does', () => {
  expect(readStanding(standing('a:o b:a c:i'))).toEqual({
    ok: ['a'],
    alarm: ['b'],
    insufficient: ['c'],
  })
  for (const other of [undefined, null, 3, { ok: [] }, { number: '1' }]) {
    expect(readStanding(other)).toBeUndefined()
  }
})
