import { describe, expect, test } from '@jest/globals'
import { commitsOf, commitTokens, distinctCommits, type Fact } from '#ecs'

test.each([
  ['4f2a91c', ['4f2a91c']],
  ['sha-4f2a91c', ['4f2a91c']],
  ['main-4F2A91C-17', ['4f2a91c']],
  ['v1.2-3-g4f2a91c', ['4f2a91c']],
  ['v1.2.3', []],
  ['latest', []],
  ['4f2a91', []],
  ['deadbeefcafexyz', []],
])('the commits in the image tag %s are %j', (tag, commits) => {
  expect(commitTokens(tag)).toEqual(commits)
})

describe('a task definition names its commit', () => {
  const sha = '4f2a91c0'.padEnd(40, '0')
  const variable = (name: string, value: string): Fact => ({
    ...{ container: 'web', kind: 'environment', name, value },
  })
  test.each([
    'GIT_SHA',
    'GITHUB_SHA',
    'COMMIT_SHA',
    'SOURCE_VERSION',
    'APP_REVISION',
    'commit',
    'gitSha',
  ])('in the variable %s', (name) => {
    expect(commitsOf([variable(name, sha)], [])).toEqual([
      { commit: sha, by: `environment variable ${name}` },
    ])
  })
  test.each([
    ['DATABASE_HASH', sha],
    ['API_KEY', sha],
    ['SHADOW', sha],
    ['GIT_SHA', `${sha} dirty`],
    ['GIT_SHA', 'main'],
  ])('not in %s=%s', (name, value) => {
    expect(commitsOf([variable(name, value)], [])).toEqual([])
  })
  test('not in a secret of that name, but in a tag', () => {
    const secret: Fact = { container: 'web', kind: 'secret', name: 'GIT_SHA', value: sha }
    const tags = [{ key: 'git-commit', value: sha }]
    expect(commitsOf([secret], tags)).toEqual([
      { commit: sha, by: 'task definition tag git-commit' },
    ])
  })
})

test.each([
  [['4f2a91c', '4f2a91c0aa'], ['4f2a91c0aa']],
  [
    ['4f2a91c0aa', '4f2a91cf'],
    ['4f2a91c0aa', '4f2a91cf'],
  ],
  [[], []],
])('%j are the commits %j', (given, distinct) => {
  expect(distinctCommits(given)).toEqual(distinct)
})
