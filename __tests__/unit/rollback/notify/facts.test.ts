import { factsOf } from '../../../../packages/rollback/notify/facts.ts'
import { timelineOf } from '../../../../packages/rollback/notify/timeline.ts'
import { recordOf, waiting } from '../../../support/record.ts'
import { identity } from '../../../support/run.ts'
import { factsOfRecord } from '../../../support/told.ts'

test.each([
  [recordOf(), 'closed done', 'production is back at production/12/after and healthy'],
  [
    recordOf({ outcome: 'partial', closedWhy: 'fixed forward' }),
    'closed partial',
    'production: the rollback was closed by a person (partial)',
  ],
  [waiting(), 'open partial', 'production is only partly back at production/12/after'],
  [
    waiting({
      consent: 'given',
      profile: 'A',
      verdict: { verdict: 'unhealthy', why: '503', at: '2026-11-22T03:09:00Z', run: '17' },
    }),
    'open unhealthy',
    'production is back at production/12/after and still unhealthy',
  ],
  [
    waiting({ consent: 'given', profile: 'A' }),
    'open inconclusive',
    'production: the rollback to production/12/after is not finished (inconclusive)',
  ],
])('a record is told by its state and outcome: %#', (record, status, headline) => {
  expect(factsOfRecord(record)).toMatchObject({ status, headline })
})

test('a closed record has nothing to do next', () => {
  expect(factsOfRecord(recordOf(), ['try again']).next).toEqual([])
  expect(factsOfRecord(waiting(), ['try again']).next).toEqual(['try again'])
})

test('a record without moments and impact has none', () => {
  const { moments: _m, impact: _i, ...bare } = recordOf()
  expect(factsOfRecord(bare).impact).toEqual([])
})

test('addresses of odd form are no links', () => {
  const at = '2026-11-22T03:05:00Z'
  const runs = [
    'javascript:alert(1)',
    'https://a.example/x) [y](z',
    'https://a.example/>|<!channel',
  ].map((url) => ({ run: '1', attempt: 1, at, url }))
  const facts = factsOf(recordOf({ runs, repository: 'a/b) <x>' }), {
    ...{ destination: undefined, next: [], identity },
  })
  expect(facts.links).toEqual([])
})

describe('the timeline', () => {
  const change = (on: string, operation = 'update-service', at = '2026-11-22T03:05:20Z') => ({
    ...{ at, run: '17', component: 'ecs', operation, on },
  })

  test('is in order of time', () => {
    const times = timelineOf(recordOf()).map(({ at }) => at)
    expect(times).toEqual(times.toSorted())
  })

  test('tells like changes in a row as one, by the first five', () => {
    const journal = Array.from({ length: 500 }, (_, n) => change(`web-${n}`))
    const lines = timelineOf(recordOf({ journal: [...journal, change('web-0', 'stop')] }))
    expect(lines.map(({ what }) => what).filter((what) => what.startsWith('ecs:'))).toEqual([
      'ecs: update-service web-0, web-1, web-2, web-3, web-4 and 495 more',
      'ecs: stop web-0',
    ])
  })

  test('has the same thing at the same moment once', () => {
    const journal = [change('web'), change('db', 'stop'), change('web')]
    const lines = timelineOf(recordOf({ journal }))
    expect(lines.filter(({ what }) => what === 'ecs: update-service web')).toHaveLength(1)
  })

  test('says who went on, and what finished by itself', () => {
    const run = { run: '17', attempt: 1, at: '2026-11-22T03:05:00Z', url: '' }
    const again = { ...run, run: '18', at: '2026-11-22T03:15:00Z', resumes: true }
    const whats = timelineOf(recordOf({ runs: [run, again] })).map(({ what }) => what)
    expect(whats).toContain('finished by itself in run 18, attempt 1')
  })
})
