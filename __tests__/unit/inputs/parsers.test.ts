import {
  choice,
  common,
  count,
  duration,
  durationBetween,
  flag,
  list,
  optional,
  type Parser,
  readInputs,
  text,
} from '#inputs'

const good: [string, Parser<unknown>, string, unknown][] = [
  ['text', text, 'x', 'x'],
  ['optional', optional(text), '', undefined],
  ['flag', flag, 'True', true],
  ['flag', flag, 'false', false],
  ['choice', choice('a', 'b'), 'b', 'b'],
  ['duration', duration, '90s', 90_000],
  ['duration', duration, '1h30m', 5_400_000],
  ['duration', duration, '500ms', 500],
  ['duration', duration, '0s', 0],
  ['between', durationBetween('1s', '2h'), '2h', 7_200_000],
  ['count', count(0), '0', 0],
  ['count', count(1), '12', 12],
  ['list', list, 'a, b\nc', ['a', 'b', 'c']],
]
test.each(good)('%s takes %j', (_name, parser, given, value) => {
  expect(parser(given)).toEqual({ ok: true, value })
})

const bad: [string, Parser<unknown>, string][] = [
  ['text', text, ''],
  ['flag', flag, 'yes'],
  ['flag', flag, '1'],
  ['choice', choice('a', 'b'), 'c'],
  ['duration', duration, '100'],
  ['duration', duration, '10 m'],
  ['duration', duration, '-5s'],
  ['duration', duration, '5sx'],
  ['between', durationBetween('1s', '2h'), '3h'],
  ['between', durationBetween('1s', '2h'), 'soon'],
  ['count', count(1), '0'],
  ['count', count(0), '1.5'],
  ['count', count(0), 'abc'],
  ['list', list, ' , '],
  ['list', list, 'a,a'],
]
test.each(bad)('%s refuses %j', (_name, parser, given) => {
  expect(parser(given).ok).toBe(false)
})

test('all problems are found at once, each with its name and what was expected', () => {
  const inputs: { [name: string]: string } = {
    config: '.github/rollback.yml',
    environment: 'prod/../..',
    'dry-run': 'maybe',
    timeout: '15m',
    'poll-interval': '5s',
    store: 'my-bucket',
    'allowed-account-ids': '123',
  }
  const { problems } = readInputs(common, (name) => inputs[name] ?? '')
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'environment',
    'store',
    'dry-run',
    'allowed-account-ids',
  ])
  expect(problems[2]).toBe('dry-run: expected true or false, got "maybe"')
})

test('a long value is shortened in the message', () => {
  const { problems } = readInputs({ flag }, () => 'x'.repeat(500))
  expect(problems[0]?.length).toBeLessThan(100)
})
