import { InputError } from '#core'
import { scriptSettings } from '#process'

const read = (text: string) =>
  scriptSettings(
    { script: 'deploy', migrates: false, 'script-env': text, environment: undefined },
    undefined,
  ).variables

test.each<[string, string, Record<string, string>]>([
  ['plain', 'A=1\nB=two words', { A: '1', B: 'two words' }],
  ['quoted, with a #', 'A="x#y"\nB=\'p#q\' # why', { A: 'x#y', B: 'p#q' }],
  [
    'of several lines in quotes',
    'KEY="-----BEGIN\nabc#d\n-----END"\nB=2',
    { KEY: '-----BEGIN\nabc#d\n-----END', B: '2' },
  ],
  ['with comments and empty lines', '# mine\n\nexport A=1\n  # end', { A: '1' }],
  [
    'with a URL',
    'URL=postgres://app:pw@db:5432/shop?sslmode=require',
    { URL: 'postgres://app:pw@db:5432/shop?sslmode=require' },
  ],
  ['empty', 'A=', { A: '' }],
])('variables that are %s are passed on', (_name, text, variables) => {
  expect(read(text)).toEqual(variables)
})

test.each<[string, string, string]>([
  ['with a # that would cut it', 'A=1\nURL=postgres://app:p#w@db/shop', 'line 2'],
  ['of several lines without quotes', 'KEY=-----BEGIN\nabc\n-----END', 'line 2, 3'],
  ['without a name', 'hunter2', 'line 1'],
])('a variable %s is refused by its line, without showing it', (_name, text, line) => {
  const refuse = () => read(text)
  expect(refuse).toThrow(InputError)
  expect(refuse).toThrow(line)
  expect(refuse).not.toThrow(/p#w|abc|hunter2/)
})

describe('a script that migrates', () => {
  const environment = {
    region: 'us-east-1',
    account: '123456789012',
    checks: [],
    watch: '15m',
    'on-inconclusive': 'hold' as const,
  }
  const database = {
    connection: 'secret:db',
    'data-restore': 'ask' as const,
    'while-waiting': 'stopped' as const,
  }
  const given = {
    script: 'migrate',
    migrates: true,
    'script-env': undefined,
    environment: 'production',
  }

  test('needs a database in the configuration', () => {
    expect(() => scriptSettings(given, environment)).toThrow(/names none for production/)
  })

  test('needs a ledger by which it can be judged', () => {
    expect(() => scriptSettings(given, { ...environment, database })).toThrow(
      /names no migrations for production/,
    )
  })

  test('is taken with both', () => {
    const limits = {
      'lock-timeout': '5s',
      downs: 'optional' as const,
      'statement-timeout': '15m',
      revert: 'auto' as const,
    }
    const config = {
      ...environment,
      database,
      migrations: { ...limits, tool: 'dbmate' as const, path: 'db' },
    }
    expect(scriptSettings(given, config).script).toBe('migrate')
  })
})
