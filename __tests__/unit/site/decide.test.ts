import { describe, expect, test } from '@jest/globals'
import type { History, Version } from '#site'
import { decide, stateAt, untie } from '../../../packages/site/decide.ts'

/** A version of second `at`; markers have no content. */
const v = (versionId: string, at: number, more: Partial<Version> = {}): Version => ({
  key: 'index.html',
  versionId,
  marker: false,
  latest: false,
  modified: at * 1000,
  etag: `e-${versionId}`,
  size: 5,
  storageClass: 'STANDARD',
  ...more,
})
const marker = (versionId: string, at: number): Version =>
  v(versionId, at, { marker: true, etag: '', size: 0 })
/** Newest first, the first is the latest. */
const history = (...versions: Version[]): History => ({
  key: 'index.html',
  versions: versions.map((one, index) => ({ ...one, latest: index === 0 })),
})
const document = { kind: 'document', created: 'hide-documents' } as const
const V = { is: 'version', versionId: 'a' } as const
const absent = { is: 'absent' } as const

describe('the decision table: what was there, what is there, what is done', () => {
  test.each([
    ['absent', 'absent', history(marker('m', 9)), absent, 'nothing'],
    ['absent', 'object', history(v('b', 9)), absent, 'hide'],
    ['version', 'the same version', history(v('a', 1)), V, 'nothing'],
    ['version', 'a marker behind it', history(marker('m', 9), v('a', 1)), V, 'copy'],
    ['version', 'markers behind it', history(marker('n', 9), marker('m', 8), v('a', 1)), V, 'copy'],
    ['version', 'another version', history(v('b', 9), v('a', 1)), V, 'copy'],
    ['version', 'nothing of it', history(v('b', 9)), V, 'refused'],
    [
      'version',
      'one that is too large',
      history(v('b', 9), v('a', 1, { size: 6e9 })),
      V,
      'refused',
    ],
  ])('%s, now %s', (_was, _now, given, at, act) => {
    expect(decide(given, at, document).is).toBe(act)
  })

  test.each([
    ['document', 'hide-documents', 'hide'],
    ['service-worker', 'hide-documents', 'hide'],
    ['file', 'hide-documents', 'keep'],
    ['asset', 'hide-documents', 'keep'],
    ['document', 'keep', 'keep'],
  ] as const)('a created %s with %s: %s', (kind, created, act) => {
    expect(decide(history(v('b', 9)), absent, { kind, created }).is).toBe(act)
  })

  test('only another version of equal size may be the same', () => {
    const copy = (now: Version) => decide(history(now, v('a', 1)), V, document)
    expect(copy(v('b', 9))).toMatchObject({ is: 'copy', maybeSame: true })
    expect(copy(v('b', 9, { size: 6 }))).toMatchObject({ is: 'copy', maybeSame: false })
    expect(copy(marker('m', 9))).toMatchObject({ is: 'copy', maybeSame: false })
  })

  test('a null version that is not what was recorded is refused', () => {
    const at = { is: 'version', versionId: 'null', etag: 'old' } as const
    expect(decide(history(v('null', 9)), at, document)).toMatchObject({
      is: 'refused',
      why: expect.stringContaining('suspended'),
    })
  })
})

describe('what a key was at the end of second 5', () => {
  test.each<readonly [string, History, object]>([
    ['nothing yet', history(v('a', 6)), { is: 'absent' }],
    ['one before', history(v('b', 6), v('a', 4)), { is: 'version', versionId: 'a' }],
    ['one in it', history(v('b', 6), v('a', 5)), { is: 'version', versionId: 'a' }],
    ['a marker', history(v('b', 6), marker('m', 4), v('a', 3)), { is: 'absent' }],
    ['two in it', history(v('c', 6), v('b', 5), v('a', 5)), { is: 'refused' }],
    ['two versions of second 4', history(v('c', 6), v('b', 4), v('a', 4)), { versionId: 'b' }],
    [
      'a version and a marker of second 4',
      history(v('c', 6), v('b', 4), marker('m', 4)),
      { is: 'tied', second: 4 },
    ],
    ['the same, one of them the newest', history(v('b', 4), marker('m', 4)), { versionId: 'b' }],
    ['a null version later', history(v('null', 6), v('a', 4)), { is: 'refused' }],
    ['a null version before', history(v('b', 6), v('null', 4)), { versionId: 'null' }],
  ])('%s', (_name, given, expected) => {
    expect(stateAt(given, 5)).toMatchObject(expected)
  })

  const tied = history(v('c', 6), v('b', 4), marker('m', 4), v('a', 3))
  test.each([
    ['the version is newer', [v('c', 6), v('b', 4), marker('m', 4)], { versionId: 'b' }],
    ['the marker is newer', [v('c', 6), marker('m', 4), v('b', 4)], { is: 'absent' }],
    ['one of them is gone', [v('c', 6), v('b', 4)], { is: 'refused' }],
    ['another one came', [v('c', 6), v('b', 4), v('x', 4)], { is: 'refused' }],
  ])('a tie, asked for: %s', (_name, order, expected) => {
    expect(untie(tied, 4, order)).toMatchObject(expected)
  })
})
