import { sameVersion, shortVersion } from '../../../packages/health/version.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'

describe('a version', () => {
  test.each([
    [sha, sha, true],
    [sha.slice(0, 7), sha, true],
    [sha, sha.slice(0, 12), true],
    [sha.toUpperCase(), sha, true],
    ['v1.2.3', 'v1.2.3', true],
    [sha.slice(0, 6), sha, false],
    [`f${sha.slice(1)}`, sha, false],
    ['v1.2', 'v1.2.3', false],
    ['', sha, false],
    ['abcdefg', 'abcdefgh', false],
  ])('%s against %s is %s', (seen, expected, same) => {
    expect(sameVersion(seen, expected)).toBe(same)
  })

  test('is shortened only when it is a commit', () => {
    expect([shortVersion(sha), shortVersion('v1.2.3-rc.1')]).toEqual(['0123456', 'v1.2.3-rc.1'])
  })
})
