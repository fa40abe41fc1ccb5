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
