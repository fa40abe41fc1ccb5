import { expect, test } from '@jest/globals'
import { iso } from '#core'
import { type Found, type LiveService, type LiveTask, lookedAt, type Moments } from '#ecs'
import { A, B, rollout, service, task } from './state.ts'

const now = Date.UTC(2026, 10, 22, 3, 9, 0)
const at = iso(now)
const earlier = '2026-11-22T03:01:00Z'
const here = { at, already: false }

const bad = (given: Partial<LiveTask> = {}) =>
  task({ taskDefinition: 'web:2', startedBy: 'ecs-svc/0', ...given })
const draining = rollout({ id: 'ecs-svc/0', primary: false, taskDefinition: 'web:2', running: 0 })
const serving = { ...draining, running: 1 }
const ours = rollout({ state: 'IN_PROGRESS' })

const found = (
  given: Partial<LiveService>,
  tasks: readonly LiveTask[],
  more: Partial<Found> = {},
): Found => ({
  service: service(given),
  tasks,
  expected: { taskDefinition: 'web:1', containers: [{ name: 'web', digest: A }] },
  only: undefined,
  ...more,
})

test.each<[string, Found, Moments]>([
  [
    'bad tasks run: nothing is over, though the good ones are there',
    found({ rollouts: [ours, serving] }, [task(), task(), bad()]),
    { badTrafficEnded: null, capacityRestored: here, steady: null },
  ],
  [
    'a bad task is on its way out and ECS counts it still: it may get requests',
    found({ rollouts: [ours, serving] }, [task(), task(), bad({ status: 'DEACTIVATING' })]),
    { badTrafficEnded: null, capacityRestored: here, steady: null },
  ],
  [
    'the last bad task gets no request any more and drains',
    found({ rollouts: [ours, draining] }, [task(), task(), bad({ status: 'DEACTIVATING' })]),
    { badTrafficEnded: here, capacityRestored: here, steady: null },
  ],
  [
    'the bad ones are gone before all the good ones are there',
    found({ rollouts: [ours], running: 1 }, [task()]),
    { badTrafficEnded: here, capacityRestored: null, steady: null },
  ],
  [
    'ECS calls it completed and nothing drains',
    found({}, [task(), task()]),
    { badTrafficEnded: here, capacityRestored: here, steady: here },
  ],
  [
    'a task that runs another image under the right name is no capacity',
    found({}, [task(), task({ containers: [{ name: 'web', image: 'web:v1', digest: B }] })]),
    { badTrafficEnded: here, capacityRestored: null, steady: here },
  ],
  [
    'a task whose digest ECS does not tell proves nothing',
    found({}, [task(), task({ containers: [{ name: 'web', image: 'web:v1' }] })]),
    { badTrafficEnded: here, capacityRestored: null, steady: here },
  ],
  [
    'an unhealthy task is no capacity',
    found({}, [task(), task({ health: 'UNHEALTHY' })]),
    { badTrafficEnded: here, capacityRestored: null, steady: here },
  ],
  [
    'while the good digests are not known there is no capacity',
    found({}, [task(), task()], { expected: { taskDefinition: 'web:1', containers: [] } }),
    { badTrafficEnded: here, capacityRestored: null, steady: here },
  ],
  [
    'a restart of the same code: tasks that started before it are the bad ones',
    found(
      { rollouts: [rollout({ id: 'ecs-svc/2' }), rollout({ primary: false, running: 1 })] },
      [task({ startedBy: 'ecs-svc/2' }), task()],
      { only: 'ecs-svc/2' },
    ),
    { badTrafficEnded: null, capacityRestored: null, steady: null },
  ],
  [
    'a stopped service says nothing of capacity',
    found({ desired: 0, running: 0, rollouts: [rollout({ running: 0, desired: 0 })] }, []),
    { badTrafficEnded: here },
  ],
])('%s', (_name, seen, expected) => {
  expect(lookedAt({}, seen, { at: now, first: false })).toEqual(expected)
})

test('what was so before keeps its time', () => {
  const before = { badTrafficEnded: { at: earlier, already: false } }
  expect(lookedAt(before, found({}, [task(), task()]), { at: now, first: false })).toMatchObject(
    before,
  )
})

test('what the first look finds is marked: an earlier attempt may know better', () => {
  const seen = lookedAt({}, found({}, [task(), task()]), { at: now, first: true })
  expect(seen.badTrafficEnded).toEqual({ at, already: true })
})

test('when ECS puts the bad version back, nothing is over any more', () => {
  const before = { badTrafficEnded: { at: earlier, already: false } }
  const undone = found({ rollouts: [serving] }, [bad()])
  expect(lookedAt(before, undone, { at: now, first: false })).toMatchObject({
    badTrafficEnded: null,
    capacityRestored: null,
    steady: null,
  })
})
