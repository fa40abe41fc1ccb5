import { parsePath, valueAt } from '../../../packages/health/path.ts'

const document = {
  commit: 'abc',
  checks: [{ ok: true }, { ok: false, name: 'db' }],
  'odd name': { 'a.b': 1 },
  nothing: null,
  'dash-ed': 2,
}

describe('a path', () => {
  test.each([
    ['.', document],
    ['.commit', 'abc'],
    ['.checks[1].name', 'db'],
    ['.checks[0].ok', true],
    ['.["odd name"]["a.b"]', 1],
    ['.dash-ed', 2],
    ['.nothing', null],
    ['.nothing.deeper', undefined],
    ['.missing', undefined],
    ['.checks[2].ok', undefined],
    ['.checks.length', undefined],
    ['.commit[0]', undefined],
    ['.constructor', undefined],
    ['.__proto__', undefined],
  ])('%s finds what is there', (text, value) => {
    const path = parsePath(text)
    expect(path).toBeDefined()
    expect(path && valueAt(document, path)).toEqual(value)
  })

  test('.[0] begins in an array', () => {
    const path = parsePath('.[0]')
    expect(path && valueAt(['first'], path)).toBe('first')
  })

  test.each([
    '',
    'commit',
    '..a',
    '.a.',
    '.a[',
    '.a[-1]',
    '.a[x]',
    '.a b',
    ".['a']",
    '.["a]',
    '.*',
    '.a[1]b',
  ])('is not: %s', (text) => {
    expect(parsePath(text)).toBeUndefined()
  })
})
