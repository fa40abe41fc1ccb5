import { join, type Outcome, type Verdict, worst } from '#core'

describe('join', () => {
  test.each<[readonly Outcome[], Outcome]>([
    [[], 'unchanged'],
    [['unchanged', 'unchanged'], 'unchanged'],
    [['unchanged', 'done'], 'done'],
    [['planned', 'unchanged'], 'planned'],
    [['done', 'failed'], 'partial'],
    [['done', 'refused'], 'partial'],
    [['done', 'inconclusive'], 'partial'],
    [['unchanged', 'failed'], 'failed'],
    [['refused', 'unchanged'], 'refused'],
    [['unhealthy', 'inconclusive'], 'unhealthy'],
    [['done', 'superseded'], 'superseded'],
    [['done', 'partial', 'superseded'], 'superseded'],
  ])('joins %j to %s', (parts, whole) => {
    expect(join(parts)).toBe(whole)
  })
})

describe('worst', () => {
  test.each<[readonly Verdict[], Verdict]>([
    [[], 'inconclusive'],
    [['healthy'], 'healthy'],
    [['healthy', 'inconclusive'], 'inconclusive'],
    [['inconclusive', 'error'], 'error'],
    [['error', 'unhealthy', 'healthy'], 'unhealthy'],
  ])('of %j is %s', (parts, whole) => {
    expect(worst(parts)).toBe(whole)
  })
})
