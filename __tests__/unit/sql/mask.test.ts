import { maskConnection, parseConnection, redact, replacePlace } from '#sql'

const masked = (text: string) => {
  const kept: string[] = []
  maskConnection({ mask: (secret) => kept.push(secret) }, text)
  return kept
}

test('a URL is masked as a whole and its password as written, decoded and encoded', () => {
  const text = 'postgres://ada:p%2fw+"@h/d'
  expect(masked(text)).toEqual(expect.arrayContaining([text, 'p%2fw+"', 'p/w+"', 'p%2Fw%2B%22']))
})

test('a password in the query is masked too', () => {
  expect(masked('postgres://h/d?user=a&password=p%20w')).toEqual(
    expect.arrayContaining(['p%20w', 'p w']),
  )
})

test('a JSON secret is masked as a whole and its password as written and as it is', () => {
  const text = '{"host":"h","username":"a","password":"p\\"w"}'
  expect(masked(text)).toEqual(expect.arrayContaining([text, 'p\\"w', 'p"w']))
})

test('a text that is no connection is masked as a whole', () => {
  expect(masked('something else')).toEqual(['something else'])
})

test('nothing is masked that would blank out every line', () => {
  expect(masked('postgres://ada@h/d')).toEqual(['postgres://ada@h/d'])
})

test('a message is redacted longest secret first', () => {
  expect(redact('x abc ab', ['ab', 'abc'])).toBe('x *** ***')
})

test('after a cutover the new text has the same password, which is masked already', () => {
  const before = 'postgres://ada:pw1234@h/d'
  const after = parseConnection(replacePlace(before, { host: 'n', port: 1 }))
  expect(masked(before)).toContain(after.ok ? after.connection.password : '')
})
