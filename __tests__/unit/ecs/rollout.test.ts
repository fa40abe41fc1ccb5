import { describe, expect, test } from '@jest/globals'
import type { Rollout } from '#ecs'
import { afterLook, standing, type Watched } from '../../../packages/ecs/watch/rollout.ts'
import { rollout, service } from './state.ts'

/** `web:2` ran as deployment 2; we sent `web:1`, which became deployment 3. */
const watched: Watched = {
  deployment: 'ecs-svc/3',
  target: 'web:1',
  before: ['ecs-svc/2'],
  seen: true,
  missed: 0,
  forced: false,
}
const ours = (given: Partial<Rollout> = {}) =>
  rollout({ id: 'ecs-svc/3', taskDefinition: 'web:1', createdAt: 3000, ...given })
const bad = (given: Partial<Rollout> = {}) =>
  rollout({ id: 'ecs-svc/2', taskDefinition: 'web:2', createdAt: 2000, ...given })
const theirs = (given: Partial<Rollout> = {}) =>
  rollout({ id: 'ecs-svc/4', taskDefinition: 'web:3', createdAt: 4000, ...given })
const active = { primary: false }

describe('our deployment', () => {
  test.each<[string, Rollout[], Partial<Watched>, string]>([
    ['is ours while it is the primary one', [ours(), bad(active)], {}, 'ours'],
    ['has failed when ECS says so', [ours({ state: 'FAILED' }), bad(active)], {}, 'failed'],
    ['was undone when an older one is primary again', [bad(), ours(active)], {}, 'undone'],
    ['was undone when it is gone and the older one is primary', [bad()], { missed: 3 }, 'undone'],
    ['was superseded by a newer one', [theirs(), ours(active)], {}, 'superseded'],
    [
      'was superseded when it is gone and a newer one is primary',
      [theirs()],
      { missed: 3 },
      'superseded',
    ],
    ['is missing while reads lag', [bad()], { seen: false }, 'missing'],
    ['may be missing for three looks after it was seen', [bad()], { missed: 2 }, 'missing'],
    [
      'may be missing for a minute before it was seen',
      [bad()],
      { seen: false, missed: 11 },
      'missing',
    ],
    ['has vanished when it never appears', [bad()], { seen: false, missed: 12 }, 'vanished'],
    [
      'is found by its target when the answer was lost',
      [ours(), bad(active)],
      { deployment: undefined },
      'ours',
    ],
    [
      'may be an older one of the same target that ECS put back',
      [rollout({ id: 'ecs-svc/1' })],
      {},
      'ours',
    ],
    [
      'by force is only the new one',
      [rollout({ id: 'ecs-svc/2' })],
      { forced: true, seen: false },
      'missing',
    ],
    ['may be somebody’s of the same target', [theirs({ taskDefinition: 'web:1' })], {}, 'ours'],
    ['has vanished with the last deployment', [], { missed: 3 }, 'vanished'],
  ])('%s', (_, rollouts, more, is) => {
    expect(standing(service({ rollouts }), { ...watched, ...more }).is).toBe(is)
  })

  test('is counted as missed only in a row', () => {
    const missing = standing(service({ rollouts: [bad()] }), watched)
    const found = standing(service({ rollouts: [ours()] }), watched)
    const twice = afterLook(afterLook(watched, missing), missing)
    expect(twice.missed).toBe(2)
    expect(afterLook(twice, found)).toEqual({ ...watched, missed: 0 })
  })
})
