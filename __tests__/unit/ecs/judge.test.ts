import { describe, expect, test } from '@jest/globals'
import { type Expectation, type LiveService, type LiveTask, prove } from '#ecs'
import { A, B, service, task } from './state.ts'

const expected: Expectation = { taskDefinition: 'web:1', containers: [{ name: 'web', digest: A }] }
const running = (digest?: string) =>
  task({ containers: [{ name: 'web', image: 'web:v1', ...(digest ? { digest } : {}) }] })

describe('P13', () => {
  test.each<[string, Partial<LiveService>, LiveTask[], Expectation, string]>([
    ['all desired tasks run the digests', {}, [task(), task()], expected, 'proven'],
    ['injected sidecars are ignored', {}, [task(), withSidecar()], expected, 'proven'],
    ['one is missing', { running: 1 }, [task()], expected, 'waiting'],
    ['ECS counts fewer than it lists', { running: 1 }, [task(), task()], expected, 'waiting'],
    ['more than desired run', { running: 3 }, [task(), task(), task()], expected, 'waiting'],
    [
      'another task definition still runs',
      {},
      [task(), task(), task({ taskDefinition: 'web:2' })],
      expected,
      'waiting',
    ],
    [
      'a bad task that ends still runs',
      {},
      [task(), task(), task({ taskDefinition: 'web:2', desiredStatus: 'STOPPED' })],
      expected,
      'waiting',
    ],
    ['a task is unhealthy', {}, [task(), task({ health: 'UNHEALTHY' })], expected, 'waiting'],
    ['a tag has moved', {}, [running(A), running(B)], expected, 'wrong'],
    ['a tag has moved and not all run yet', { running: 1 }, [running(B)], expected, 'wrong'],
    ['ECS does not tell a digest', {}, [running(A), running()], expected, 'unknown'],
    [
      'no digest is recorded',
      {},
      [task(), task()],
      { ...expected, containers: [{ name: 'web' }] },
      'unknown',
    ],
    ['no container is recorded', {}, [task(), task()], { ...expected, containers: [] }, 'unknown'],
    ['no task is desired', { desired: 0, running: 0 }, [], expected, 'unknown'],
  ])('%s', (_, more, tasks, expectation, is) => {
    expect(prove(service(more), tasks, expectation).is).toBe(is)
  })

  test('compares by container name, not by place', () => {
    const containers = [
      { name: 'proxy', image: 'proxy:1', digest: B },
      { name: 'web', image: 'web:v1', digest: A },
    ]
    const both = { taskDefinition: 'web:1', containers: [...containers].reverse() }
    expect(prove(service(), [task({ containers }), task({ containers })], both).is).toBe('proven')
  })
})

function withSidecar(): LiveTask {
  const web = { name: 'web', image: 'web:v1', digest: A }
  const injected = { name: 'ecs-service-connect-x1', image: 'envoy', digest: B }
  return task({ containers: [injected, web] })
}
