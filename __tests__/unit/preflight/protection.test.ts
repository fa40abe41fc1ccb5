import { describe, expect, test } from '@jest/globals'
import {
  consentFindings,
  fits,
  type Look,
  type Protection,
  type Ref,
  rollbackFindings,
} from '#preflight'

const open: Protection = {
  reviewers: 0,
  selfReview: true,
  waitMinutes: 0,
  customRules: [],
  branches: 'all',
  adminsBypass: false,
}
const there = (given: Partial<Protection> = {}): Look => ({
  is: 'there',
  protection: { ...open, ...given },
})
const unknown: Look = { is: 'unknown', why: 'GitHub is down', next: 'run again' }
const missing: Look = { is: 'missing' }
const main: Ref = { full: 'refs/heads/main', name: 'main', type: 'branch', isProtected: false }
const branch = (pattern: string) => ({ pattern, type: 'branch' as const })
const tag = (pattern: string) => ({ pattern, type: 'tag' as const })
const where = { name: 'production-rollback', repository: 'acme/shop' }

describe('the environment of the rollback', () => {
  test.each<[string, Look, Ref | undefined, readonly string[]]>([
    ['has no rule', there(), main, ['fine']],
    ['has reviewers', there({ reviewers: 1 }), main, ['problem']],
    ['has a wait timer', there({ waitMinutes: 1 }), main, ['problem']],
    ['has rules of two apps', there({ customRules: ['a', 'b'] }), main, ['problem', 'problem']],
    ['lets administrators bypass nothing', there({ adminsBypass: true }), main, ['fine']],
    ['lets the branch in', there({ branches: [branch('main')] }), main, ['fine']],
    ['lets other branches in', there({ branches: [branch('release/*')] }), main, ['problem']],
    ['lets nothing in', there({ branches: [] }), main, ['problem']],
    ['lets a tag of that name in', there({ branches: [tag('main')] }), main, ['problem']],
    [
      'lets the tag in',
      there({ branches: [tag('v*')] }),
      { ...main, full: 'refs/tags/v1', name: 'v1', type: 'tag' },
      ['fine'],
    ],
    [
      'lets pull requests in',
      there({ branches: [branch('refs/pull/*/merge')] }),
      { ...main, full: 'refs/pull/7/merge', name: '7/merge' },
      ['fine'],
    ],
    [
      'lets protected branches in, as this one',
      there({ branches: 'protected' }),
      { ...main, isProtected: true },
      ['fine'],
    ],
    [
      'lets protected branches in, unlike this one',
      there({ branches: 'protected' }),
      main,
      ['problem'],
    ],
    [
      'lets protected branches in, and nobody says whether this is one',
      there({ branches: 'protected' }),
      { ...main, isProtected: undefined },
      ['doubt'],
    ],
    ['lets some branches in, outside a run', there({ branches: [] }), undefined, ['doubt']],
    ['is not there', missing, main, ['problem']],
    ['cannot be looked at', unknown, main, ['doubt']],
    [
      'has everything that it should not',
      there({ reviewers: 2, waitMinutes: 5, customRules: ['a'], branches: [] }),
      main,
      ['problem', 'problem', 'problem', 'problem'],
    ],
  ])('%s', (_name, look, ref, expected) => {
    const found = rollbackFindings(where, look, ref)
    expect(found.map(({ is }) => is)).toEqual(expected)
    expect(found.filter(({ is, next }) => is !== 'fine' && !next)).toEqual([])
  })
})

describe('the environment of the consent', () => {
  test.each<[string, Look, readonly string[]]>([
    ['has a reviewer', there({ reviewers: 1, selfReview: false }), ['fine']],
    ['lets people approve their own', there({ reviewers: 1 }), ['warning']],
    [
      'lets administrators bypass it',
      there({ reviewers: 1, selfReview: false, adminsBypass: true }),
      ['warning'],
    ],
    ['lets both happen', there({ reviewers: 1, adminsBypass: true }), ['warning', 'warning']],
    ['has no rule', there(), ['problem']],
    ['has only a wait timer', there({ waitMinutes: 30 }), ['problem']],
    ['has only the rule of an app', there({ customRules: ['a'] }), ['problem']],
    ['is not there', missing, ['problem']],
    ['cannot be looked at', unknown, ['problem']],
  ])('%s', (_name, look, expected) => {
    const found = consentFindings({ ...where, name: 'production-consent' }, look)
    expect(found.map(({ is }) => is)).toEqual(expected)
    expect(found.filter(({ is, next }) => is !== 'fine' && !next)).toEqual([])
  })
})

test.each([
  ['main', 'main', true],
  ['main', 'mainline', false],
  ['release/*', 'release/1', true],
  ['release/*', 'release/1/2', false],
  ['release/*/*', 'release/1/2', true],
  ['**/hotfix', 'a/b/hotfix', true],
  ['**/hotfix', 'hotfix', true],
  ['v[0-9].?', 'v1.2', true],
  ['v[!0-9]', 'v1', false],
  ['v1.0', 'v1x0', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['*', 'a/b', false],
  ['(', '(', true],
  ['[', '[', true],
  ['a+', 'aa', false],
])('the pattern %s for %s', (pattern, name, expected) => {
  expect(fits(pattern, name)).toBe(expected)
})
