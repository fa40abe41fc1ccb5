import { describe, expect, test } from '@jest/globals'
import type { Written } from '#core'
import type { LiveService, TaskDefinition } from '#ecs'
import { planService } from '../../../packages/ecs/plan.ts'
import { planRedeploy } from '../../../packages/ecs/redeploy.ts'
import { planStart } from '../../../packages/ecs/start.ts'
import { planStop } from '../../../packages/ecs/stop.ts'
import { definition, entry, rollout, service } from './state.ts'

const target = (given: Partial<TaskDefinition> = {}) => ({
  service: 'web',
  definition: definition('web:1', given),
  recorded: undefined,
  why: 'the point says so',
})

const on = (taskDefinition: string, more: Partial<Parameters<typeof rollout>[0]> = {}) =>
  service({ rollouts: [rollout({ id: 'ecs-svc/2', taskDefinition, ...more })] })

const sent = entry('update-service', { from: 'web:2', to: 'web:1', before: ['ecs-svc/2'] })

describe('the rollback of one service', () => {
  test.each<[string, LiveService, Partial<TaskDefinition>, Written[], object]>([
    ['deploys the target', on('web:2'), {}, [], { is: 'update', force: false }],
    [
      'deploys over one that is under way',
      on('web:2', { state: 'IN_PROGRESS' }),
      {},
      [],
      { is: 'update', force: false },
    ],
    [
      'deploys over one that failed',
      on('web:2', { state: 'FAILED' }),
      {},
      [],
      { is: 'update', force: false },
    ],
    [
      'is nothing where the target runs',
      on('web:1'),
      {},
      [],
      { is: 'unchanged', deployment: 'ecs-svc/2' },
    ],
    [
      'is to watch where the target is being deployed',
      on('web:1', { state: 'IN_PROGRESS' }),
      {},
      [],
      { is: 'attach', deployment: 'ecs-svc/2' },
    ],
    [
      'is forced where ECS gave up on the target',
      on('web:1', { state: 'FAILED' }),
      {},
      [],
      { is: 'update', force: true },
    ],
    ['repeats one that never arrived', on('web:2'), {}, [sent], { is: 'update', force: false }],
    [
      'repeats one that ECS undid',
      service({ rollouts: [rollout({ id: 'ecs-svc/2', taskDefinition: 'web:2' })] }),
      {},
      [sent],
      { is: 'update' },
    ],
    [
      'leaves what somebody deployed since',
      on('web:3', { id: 'ecs-svc/9' }),
      {},
      [sent],
      { is: 'superseded' },
    ],
    [
      'does not take another destination’s rollback for somebody’s',
      on('web:3', { id: 'ecs-svc/9' }),
      {},
      [entry('update-service', { from: 'web:2', to: 'web:3', before: ['ecs-svc/2'] })],
      { is: 'update' },
    ],
    [
      'refuses a target that is INACTIVE',
      on('web:2'),
      { status: 'INACTIVE' },
      [],
      { is: 'refused' },
    ],
    [
      'refuses a target that is being deleted',
      on('web:2'),
      { status: 'DELETE_IN_PROGRESS' },
      [],
      { is: 'refused' },
    ],
    [
      'refuses what CodeDeploy deploys',
      { ...on('web:2'), controller: 'CODE_DEPLOY' },
      {},
      [],
      { is: 'refused' },
    ],
    [
      'refuses what an external controller deploys',
      { ...on('web:2'), controller: 'EXTERNAL' },
      {},
      [],
      { is: 'refused' },
    ],
    [
      'refuses a strategy that shifts traffic',
      { ...on('web:2'), strategy: 'BLUE_GREEN' },
      {},
      [],
      { is: 'refused' },
    ],
    [
      'refuses a target without the container of the load balancer',
      { ...on('web:2'), balanced: ['edge'] },
      {},
      [],
      { is: 'refused' },
    ],
    [
      'takes a target with the container of the load balancer',
      { ...on('web:2'), balanced: ['web'] },
      {},
      [],
      { is: 'update' },
    ],
  ])('%s', (_, live, more, entries, plan) => {
    expect(planService(live, target(more), entries)).toMatchObject(plan)
  })
})

const stop = (desiredCount: number, of?: string) => entry('stop', { desiredCount }, of)
const start = (desiredCount: number) => entry('start', { desiredCount })
const desiring = (desired: number) => service({ desired, running: desired })

describe('the stop of one service', () => {
  test.each<[string, number, Written[], number | undefined, boolean]>([
    ['records its count and sends', 3, [], 3, true],
    ['records again when it was scaled since', 5, [stop(3)], 5, true],
    ['records nothing over a count', 0, [stop(3)], undefined, false],
    ['records that there was nothing', 0, [], 0, false],
    ['takes up the count of a start that never arrived', 0, [stop(3), start(3)], 3, false],
    ['is not misled by another service', 0, [stop(3, 'api')], 0, false],
  ])('%s', (_, desired, entries, record, send) => {
    expect(planStop(desiring(desired), entries)).toMatchObject({ record, send })
  })
})

describe('the start of one service', () => {
  test.each<[string, number, Written[], object]>([
    ['brings back the count', 0, [stop(3)], { is: 'start', count: 3 }],
    [
      'brings back the first count after a second stop',
      0,
      [stop(3), stop(0)],
      { is: 'start', count: 3 },
    ],
    ['brings back the larger count', 0, [stop(3), stop(5)], { is: 'start', count: 5 }],
    [
      'takes the count of the last stop after a start',
      0,
      [stop(3), start(3), stop(2)],
      { is: 'start', count: 2 },
    ],
    ['repeats a start that never arrived', 0, [stop(3), start(3)], { is: 'start', count: 3 }],
    [
      'keeps the count through a stop after a start that never arrived',
      0,
      [stop(3), start(3), stop(0)],
      { is: 'start', count: 3 },
    ],
    ['raises a count that somebody set too low', 1, [stop(3)], { is: 'start', count: 3 }],
    ['never lowers a count', 5, [stop(3)], { is: 'watch' }],
    ['watches one that was not stopped', 2, [], { is: 'watch' }],
    ['leaves one that had nothing', 0, [stop(0)], { is: 'unchanged' }],
    ['is refused without a count', 0, [], { is: 'refused' }],
    ['is refused with the count of another service only', 0, [stop(3, 'api')], { is: 'refused' }],
  ])('%s', (_, desired, entries, plan) => {
    expect(planStart(desiring(desired), entries)).toMatchObject(plan)
  })
})

describe('the new deployment of one service', () => {
  const again = entry('redeploy', { from: 'web:1', to: 'web:1', before: ['ecs-svc/1'] })
  const arrived = (state: 'COMPLETED' | 'IN_PROGRESS') => on('web:1', { state })
  test.each<[string, LiveService, Written[], string, string]>([
    ['is sent', service(), [], '4711', 'deploy'],
    ['is sent again when it never arrived', service(), [again], '4711', 'deploy'],
    ['is not repeated by the run that sent it', arrived('COMPLETED'), [again], '4711', 'attach'],
    [
      'is watched by another run while it is under way',
      arrived('IN_PROGRESS'),
      [again],
      '4712',
      'attach',
    ],
    [
      'is sent by another run when the last one is over',
      arrived('COMPLETED'),
      [again],
      '4712',
      'deploy',
    ],
    ['is refused without a task', desiring(0), [], '4711', 'refused'],
    ['is refused for CodeDeploy', service({ controller: 'CODE_DEPLOY' }), [], '4711', 'refused'],
  ])('%s', (_, live, entries, run, is) => {
    expect(planRedeploy(live, entries, run).is).toBe(is)
  })
})
