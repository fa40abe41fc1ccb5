import { describe, expect, test } from '@jest/globals'
import type { Written } from '#core'
import type { LiveService, TaskDefinition } from '#ecs'
import { planStart } from '../../../packages/ecs/counts/start.ts'
import { planStop } from '../../../packages/ecs/counts/stop.ts'
import { planRedeploy } from '../../../packages/ecs/redeploy/plan.ts'
import { planService } from '../../../packages/ecs/rollback/plan.ts'
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
      'takes a target that is INACTIVE: it is copied',
      on('web:2'),
      { status: 'INACTIVE' },
      [],
      { is: 'update' },
    ],
    [
      'refuses a target that is being deleted',
      on('web:2'),
      { status: 'DELETE_IN_PROGRESS' },
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
      'takes a strategy that shifts traffic',
      { ...on('web:2'), strategy: 'BLUE_GREEN' },
      {},
      [],
      { is: 'update' },
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
    expect(planService(live, target(more), { entries, situation: {} })).toMatchObject(plan)
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
    ['is refused for an external one', service({ controller: 'EXTERNAL' }), [], '4711', 'refused'],
  ])('%s', (_, live, entries, run, is) => {
    const before = { entries, runId: run, recorded: false, configEnded: undefined }
    expect(planRedeploy(live, before).is).toBe(is)
  })
})

describe('the new deployment of a service that reads what a record put back', () => {
  const config = configEntry('set-current')
  const update = entry('update-service', { from: 'web:2', to: 'web:1', before: ['ecs-svc/1'] })
  const again = entry('redeploy', { from: 'web:1', to: 'web:1', before: ['ecs-svc/1'] })
  const at = Date.parse(config.at)
  const primary = (given: Partial<ReturnType<typeof rollout>> = {}) =>
    on('web:1', { id: 'ecs-svc/2', ...given })
  const old = on('web:1', { id: 'ecs-svc/1' })
  const stopped = { ...service({ rollouts: [] }), desired: 0, running: 0 }
  test.each<[string, LiveService, Written[], number | undefined, string]>([
    ['is sent when nothing of it was deployed since', old, [config], undefined, 'deploy'],
    ['is sent as asked when the record changed nothing', old, [], undefined, 'deploy'],
    ['is not sent after its rollback', primary(), [config, update], undefined, 'unchanged'],
    ['is sent when its rollback was before', primary(), [update, config], undefined, 'deploy'],
    ['is sent when its rollback never arrived', old, [config, update], undefined, 'deploy'],
    [
      'is sent when ECS gave up on its rollback',
      primary({ state: 'FAILED' }),
      [config, update],
      undefined,
      'deploy',
    ],
    [
      'is watched while its rollback is under way',
      primary({ state: 'IN_PROGRESS' }),
      [config, update],
      undefined,
      'attach',
    ],
    [
      'is not sent twice, whichever run sent it',
      primary(),
      [config, { ...again, run: '9' }],
      undefined,
      'unchanged',
    ],
    ['is watched by the run that sent it', primary(), [config, again], undefined, 'attach'],
    [
      'is sent again by the same run after another change',
      primary(),
      [config, again, configEntry('put-parameter')],
      undefined,
      'deploy',
    ],
    [
      'is sent again while one from before another change is under way',
      primary({ state: 'IN_PROGRESS' }),
      [again, config],
      undefined,
      'deploy',
    ],
    [
      'is sent after its connection was led to another database',
      primary(),
      [config, update, { ...configEntry('cutover'), component: 'rds' }],
      undefined,
      'deploy',
    ],
    [
      'does not mind versions that a deployment kept',
      primary(),
      [config, update, configEntry('keep-version')],
      undefined,
      'unchanged',
    ],
    [
      'is not sent when somebody deployed it after config-rollback had ended',
      primary({ createdAt: at + 61_000 }),
      [config],
      at + 60_000,
      'unchanged',
    ],
    [
      'is sent when somebody deployed it before config-rollback had ended',
      primary({ createdAt: at + 60_500 }),
      [config],
      at + 60_000,
      'deploy',
    ],
    [
      'is sent when nobody can say that config-rollback had ended',
      primary({ createdAt: at + 3_600_000 }),
      [config],
      undefined,
      'deploy',
    ],
    [
      'is sent when config-rollback ended before it changed more',
      primary({ createdAt: at + 3_600_000 }),
      [config],
      at - 1000,
      'deploy',
    ],
    ['is not sent while it is stopped', stopped, [config, stop(2)], undefined, 'unchanged'],
    ['is not sent where nothing is desired', stopped, [config], undefined, 'unchanged'],
    [
      'is refused for an external one',
      service({ controller: 'EXTERNAL' }),
      [config],
      undefined,
      'refused',
    ],
  ])('%s', (_, live, entries, configEnded, is) => {
    const before = { entries, runId: '4711', recorded: true, configEnded }
    expect(planRedeploy(live, before).is).toBe(is)
  })

  test('is sent without a record, whatever the journal says', () => {
    const before = {
      entries: [config, { ...update, run: '9' }],
      runId: '4711',
      recorded: false,
      configEnded: undefined,
    }
    expect(planRedeploy(primary(), before).is).toBe('deploy')
  })

  test('says why it is not sent to a service that the record stopped', () => {
    const entries = [config, stop(2)]
    const before = { entries, runId: '4711', recorded: true, configEnded: undefined }
    expect(planRedeploy(stopped, before).why).toContain('mode start')
  })
})

function configEntry(operation: string): Written {
  return { ...entry(operation, { from: '1', to: '2' }, 'app/jwt'), component: 'config' }
}
