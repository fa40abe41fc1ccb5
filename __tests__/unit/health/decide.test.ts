import {
  decide,
  judgeSeries,
  minimumSpan,
  type Rule,
  warmUp,
} from '../../../packages/health/decide.ts'
import { series, start } from './samples.ts'

/** Three in a row, a look each 5 s, watched for two minutes: warm-up 30 s, six looks. */
const rule: Rule = { consecutive: 3, pollInterval: 5_000, started: start, watch: 120_000 }
const end = start + rule.watch

describe('one check, when its window has ended, is', () => {
  test.each([
    ['healthy when all was good', 'g25', 'healthy'],
    ['healthy after one blip', 'g10bg14', 'healthy'],
    ['healthy after two bad samples in a row', 'g10bbg13', 'healthy'],
    ['healthy after bad samples that never come three in a row', 'bbgbbgbbgbbgbbgg8', 'healthy'],
    ['healthy when it came up within the warm-up', 's5g20', 'healthy'],
    ['healthy when the old version answered first and then never again', 'o15g10', 'healthy'],
    ['healthy when the rollout took most of the window', 'p20g5', 'healthy'],
    ['healthy with a quarter of the samples void', 'vgggvgggvgggvgggvgggvggg', 'healthy'],
    ['healthy when tasks were added in the middle', 'g8p10g7', 'healthy'],
    ['healthy when a void sample is the last', 'g24v', 'healthy'],
    ['healthy when hard evidence was gone at the re-read', 'g10hg14', 'healthy'],
    ['unhealthy with three bad samples in a row', 'g10bbbg12', 'unhealthy'],
    ['unhealthy when it fails at once', 'b3', 'unhealthy'],
    ['unhealthy after a regression in the last minute', 'g20bbb', 'unhealthy'],
    ['unhealthy when void samples lie between the bad ones', 'g10bvbvvb', 'unhealthy'],
    ['unhealthy when the old version answers between the bad samples', 'bobob', 'unhealthy'],
    ['unhealthy when it is not up after the warm-up', 's10', 'unhealthy'],
    ['unhealthy when it goes down after it was good, within the warm-up', 'gsss', 'unhealthy'],
    ['unhealthy when it never was good', 'o25', 'unhealthy'],
    ['unhealthy when the rollout never completes', 'p25', 'unhealthy'],
    ['unhealthy when the old version came back for good', 'g15o10', 'unhealthy'],
    ['unhealthy with hard evidence that a re-read confirms', 'g5hh', 'unhealthy'],
    ['unhealthy with hard evidence confirmed across a void sample', 'hvh', 'unhealthy'],
    ['inconclusive without a sample', '', 'inconclusive'],
    ['inconclusive with void samples only', 'v25', 'inconclusive'],
    ['inconclusive with more than a quarter void', 'ggvggvggvggvggvggvggvggvg', 'inconclusive'],
    ['inconclusive with fewer samples than the rule asks for', 'gg', 'inconclusive'],
    ['inconclusive when the last sample is bad', 'g24b', 'inconclusive'],
    ['inconclusive when only two good samples follow a bad one', 'g20bgg', 'inconclusive'],
    ['inconclusive when nothing could be seen at the end', 'g22vvv', 'inconclusive'],
    ['inconclusive when both versions answer in turn', 'gogogogogogogogogogogogog', 'inconclusive'],
    ['inconclusive when the old version answered six looks ago', 'g18og6', 'inconclusive'],
    ['inconclusive when tasks are being added at the end', 'g20p5', 'inconclusive'],
    ['inconclusive with one hard sample at the end, not confirmed', 'g24h', 'inconclusive'],
  ])('%s', (_, text, verdict) => {
    expect(judgeSeries(rule, series(text), end)).toMatchObject({ verdict })
  })
})

describe('while the window is open', () => {
  test.each([
    ['good samples decide nothing', 'g20', 'watching'],
    ['two bad samples decide nothing', 'g5bb', 'watching'],
    ['void samples decide nothing', 'v20', 'watching'],
    ['the old version decides nothing', 'o20', 'watching'],
    ['a rollout in progress decides nothing', 'p20', 'watching'],
    ['not being up decides nothing in the warm-up', 's6', 'watching'],
    ['not being up decides after the warm-up', 's9', 'unhealthy'],
    ['one piece of hard evidence decides nothing', 'g4h', 'watching'],
    ['three bad samples decide at once', 'gbbb', 'unhealthy'],
    ['confirmed hard evidence decides at once', 'hh', 'unhealthy'],
  ])('%s', (_, text, verdict) => {
    expect(judgeSeries(rule, series(text), undefined).verdict).toBe(verdict)
  })
})

describe('the numbers', () => {
  test('bad samples in one burst are one event', () => {
    const burst = series('gbbb', { every: 100 })
    expect(judgeSeries(rule, burst, undefined).verdict).toBe('watching')
    expect(minimumSpan(rule)).toBe(9_000)
  })

  test('hard evidence seen twice within three seconds is not confirmed', () => {
    expect(judgeSeries(rule, series('hh', { every: 2_900 }), undefined).verdict).toBe('watching')
    expect(judgeSeries(rule, series('hh', { every: 3_000 }), undefined).verdict).toBe('unhealthy')
  })

  test('the warm-up is thirty seconds, or a third of a short watch', () => {
    expect(warmUp(rule)).toBe(30_000)
    expect(warmUp({ ...rule, watch: 3_000 })).toBe(1_000)
  })

  test('a short watch with a short poll interval works the same way', () => {
    const short: Rule = { ...rule, pollInterval: 200, watch: 3_000 }
    const judge = (text: string) =>
      judgeSeries(short, series(text, { every: 205 }), start + 3_000).verdict
    expect([judge('g15'), judge('g9bbb'), judge('s5g10'), judge('s15'), judge('g14b')]).toEqual([
      'healthy',
      'unhealthy',
      'healthy',
      'unhealthy',
      'inconclusive',
    ])
  })

  test('more samples in a row can be asked for', () => {
    const patient = { ...rule, consecutive: 5 }
    expect(judgeSeries(patient, series('g10bbbbg11'), end).verdict).toBe('healthy')
    expect(judgeSeries(patient, series('g10bbbbb'), undefined).verdict).toBe('unhealthy')
  })

  test('a watch that the timeout cut short is not healthy', () => {
    const found = judgeSeries(rule, series('g15'), start + 75_000)
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      threshold: 'watched 1 min 15 s of 2 min 00 s',
    })
  })
})

describe('what a person reads', () => {
  test('names the value, the threshold, the moments and what would have changed the verdict', () => {
    expect(judgeSeries(rule, series('g10bbb'), undefined)).toMatchObject({
      why: '3 bad samples in a row: status 500',
      threshold: '3 in a row over 10 s (at least 3 over 9.0 s)',
      otherwise: 'one good sample between 2026-11-22T03:00:50Z and 2026-11-22T03:01:00Z',
      firstBadAt: start + 50_000,
      decidedAt: start + 60_000,
      counts: { good: 10, bad: 3, void: 0 },
    })
  })

  test('first-bad-at is the beginning of what decided, not an earlier blip', () => {
    const found = judgeSeries(rule, series('gbg8bbb'), undefined)
    expect(found.firstBadAt).toBe(start + 50_000)
  })
})

describe('several checks together', () => {
  const both = (a: string, b: string, ended?: number) =>
    decide(rule, [series(a, { check: 'web' }), series(b, { check: 'ecs' })], ended)

  test.each([
    ['all healthy', 'g25', 'g25', 'healthy', ['web', 'ecs']],
    ['one unhealthy', 'g25', 'g10bbb', 'unhealthy', ['ecs']],
    ['one in doubt', 'g25', 'v25', 'inconclusive', ['ecs']],
    ['one in doubt, one unhealthy', 'v25', 'p25', 'unhealthy', ['ecs']],
    [
      'pages answer while every task is down (a load balancer that fails open)',
      'g25',
      'g3b22',
      'unhealthy',
      ['ecs'],
    ],
  ])('%s', (_, a, b, verdict, telling) => {
    const found = both(a, b, end)
    expect(found.verdict).toBe(verdict)
    expect(found.telling.map(({ check }) => check)).toEqual(telling)
  })

  test('one unhealthy check ends the watch, the others stay undecided', () => {
    const found = both('g5', 'g2bbb')
    expect(found.verdict).toBe('unhealthy')
    expect(found.checks.map(({ verdict }) => verdict)).toEqual(['watching', 'unhealthy'])
    expect(found.why).toBe('ecs: 3 bad samples in a row: status 500')
  })

  test('no check at all is doubt', () => {
    expect(decide(rule, [], end).verdict).toBe('inconclusive')
  })
})

test('a row of a check that is seldom looked at covers its own time', () => {
  const slow = { ...series('gbbb', { every: 15_000 }), every: 15_000 }
  expect(judgeSeries(rule, slow, undefined)).toMatchObject({ verdict: 'unhealthy' })
  const hurried = { ...series('gbbb', { every: 5_000 }), every: 15_000 }
  expect(judgeSeries(rule, hurried, undefined)).toMatchObject({ verdict: 'watching' })
})
