import { describe, expect, test } from '@jest/globals'
import type { Written } from '#core'
import type { LiveService, TaskSet } from '#ecs'
import { expectedOf, judge } from '../../../packages/ecs/codedeploy/judge.ts'
import { planCodeDeployed } from '../../../packages/ecs/codedeploy/plan.ts'
import {
  builtAppSpec,
  type CodeDeployment,
  type Seen,
  taskDefinitionIn,
  withTaskDefinition,
} from '../../../packages/ecs/codedeploy/state.ts'
import { appSpecOf } from '../../actions/ecs-rollback/codedeploy-scene.ts'
import { definition, entry, service, task } from './state.ts'

const arn = (name: string) => `arn:aws:ecs:us-east-1:123456789012:task-definition/${name}`

const target = (status: 'ACTIVE' | 'INACTIVE' = 'ACTIVE') => ({
  service: 'web',
  definition: { ...definition('web:1', { status }), arn: arn('web:1') },
  recorded: undefined,
  why: 'the point says so',
})

const set = (taskDefinition: string, given: Partial<TaskSet> = {}): TaskSet => ({
  id: `ecs-svc/${taskDefinition}`,
  status: 'PRIMARY',
  taskDefinition,
  desired: 2,
  running: 2,
  ...given,
})

const withSets = (...taskSets: readonly TaskSet[]): LiveService =>
  service({
    controller: 'CODE_DEPLOY',
    taskDefinition: taskSets[0]?.taskDefinition ?? '',
    loadBalancers: [{ container: 'web', port: 8080 }],
    taskSets,
  })

/** The n-th deployment of the group, of a task definition. */
const made = (
  n: number,
  brings: string | undefined,
  given: Partial<CodeDeployment> = {},
): CodeDeployment => ({
  id: `d-${n}`,
  status: 'Succeeded',
  creator: 'user',
  description: '',
  createdAt: n,
  why: '',
  ...(brings === undefined ? {} : { appSpec: appSpecOf(arn(brings)) }),
  ...given,
})

/** What is seen of the group, newest first. */
const seen = (...deployments: readonly CodeDeployment[]): Seen => ({
  group: { application: 'shop', name: 'web', service: 'web', last: [], lastGood: 'd-1' },
  deployments,
})

const plan = (live: LiveService, found: Seen, entries: readonly Written[] = []) =>
  planCodeDeployed(live, target(), { entries, codeDeploy: { runId: '4711', found } })

const ours = { description: 'rollback-actions 4711.1: web back to web:1' }
const sent = entry('create-deployment', { from: 'web:2', to: 'web:1', before: ['d-1', 'd-2'] })
const blue = set('web:1', { deployment: 'd-1' })
const green = set('web:2', { status: 'ACTIVE', deployment: 'd-2' })
const bad = set('web:2', { deployment: 'd-2' })
const old = (given: Partial<TaskSet> = {}) =>
  set('web:1', { status: 'ACTIVE', deployment: 'd-1', ...given })
const active = { status: 'InProgress' }
const good = made(1, 'web:1')

describe('the rollback of a service that CodeDeploy deploys', () => {
  test.each<[string, LiveService, Seen, readonly Written[], object]>([
    [
      'deploys the target when the bad deployment has ended',
      withSets(bad),
      seen(made(2, 'web:2'), good),
      [],
      { is: 'update' },
    ],
    [
      'deploys it where nothing was deployed by CodeDeploy yet',
      withSets(bad),
      seen(),
      [],
      { is: 'update' },
    ],
    [
      'stops one that is under way, where CodeDeploy goes back to the target',
      withSets(blue, green),
      seen(made(2, 'web:2', active), good),
      [],
      { is: 'stop', deployment: 'd-2', after: 'watch' },
    ],
    [
      'stops one that has all traffic, where the good tasks are still there',
      withSets(bad, old()),
      seen(made(2, 'web:2', active), good),
      [],
      { is: 'stop', deployment: 'd-2', after: 'watch' },
    ],
    [
      'deploys after the stop where the good tasks drain already',
      withSets(bad, old({ status: 'DRAINING' })),
      seen(made(2, 'web:2', active), made(1, 'web:0')),
      [],
      { is: 'stop', deployment: 'd-2', after: 'update' },
    ],
    [
      'deploys after the stop where CodeDeploy would go back to another bad one',
      withSets(
        set('web:3', { deployment: 'd-2' }),
        set('web:4', { status: 'ACTIVE', deployment: 'd-3' }),
      ),
      seen(made(3, 'web:4', active), made(2, 'web:3'), good),
      [],
      { is: 'stop', deployment: 'd-3', after: 'update' },
    ],
    [
      'stops one that waits for approval',
      withSets(blue, green),
      seen(made(2, 'web:2', { status: 'Ready' }), good),
      [],
      { is: 'stop', after: 'watch' },
    ],
    [
      'attaches to CodeDeploy’s own way back',
      withSets(bad, old()),
      seen(
        made(3, 'web:1', { ...active, creator: 'codeDeployRollback', undoes: 'd-2' }),
        made(2, 'web:2', { status: 'Stopped' }),
        good,
      ),
      [],
      { is: 'attach', deployment: 'd-3' },
    ],
    [
      'knows CodeDeploy’s own way back by its task set, without an AppSpec',
      withSets(bad, old()),
      seen(
        made(3, undefined, { ...active, undoes: 'd-2' }),
        made(2, undefined, { status: 'Stopped' }),
      ),
      [],
      { is: 'attach', deployment: 'd-3' },
    ],
    [
      'attaches to its own deployment after a kill, and creates no second one',
      withSets(bad),
      seen(made(3, 'web:1', { ...active, ...ours }), made(2, 'web:2'), good),
      [sent],
      { is: 'attach', deployment: 'd-3' },
    ],
    [
      'is nothing where the target serves',
      withSets(blue),
      seen(made(2, 'web:2', { status: 'Stopped' }), good),
      [],
      { is: 'unchanged', why: 'it runs web:1' },
    ],
    [
      'is nothing where CodeDeploy went back by itself',
      withSets(blue),
      seen(
        made(3, 'web:1', { undoes: 'd-2', creator: 'codeDeployRollback' }),
        made(2, 'web:2', { status: 'Failed' }),
        good,
      ),
      [],
      { is: 'unchanged', why: 'CodeDeploy went back from d-2 by itself (d-3)' },
    ],
    [
      'repeats one that never arrived',
      withSets(bad),
      seen(made(2, 'web:2'), good),
      [sent],
      { is: 'update' },
    ],
    [
      'repeats one of ours that was taken back',
      withSets(bad),
      seen(
        made(4, 'web:2', { undoes: 'd-3', creator: 'codeDeployRollback' }),
        made(3, 'web:1', { ...ours, status: 'Stopped' }),
        made(2, 'web:2'),
        good,
      ),
      [sent],
      { is: 'update' },
    ],
    [
      'leaves alone what somebody deployed since',
      withSets(set('web:3', { deployment: 'd-4' })),
      seen(made(4, 'web:3'), made(3, 'web:1', ours), made(2, 'web:2'), good),
      [sent],
      { is: 'superseded' },
    ],
    [
      'leaves it alone also where no record was kept',
      withSets(set('web:3', { deployment: 'd-4' })),
      seen(made(4, 'web:3'), made(3, 'web:1', ours), made(2, 'web:2'), good),
      [],
      { is: 'superseded' },
    ],
    [
      'leaves alone what somebody has begun since',
      withSets(blue, set('web:3', { status: 'ACTIVE', deployment: 'd-4' })),
      seen(made(4, 'web:3', active), made(3, 'web:1', ours), made(2, 'web:2'), good),
      [sent],
      { is: 'superseded' },
    ],
    [
      'goes on where somebody’s own attempt failed and the bad one serves',
      withSets(bad),
      seen(
        made(4, 'web:3', { status: 'Failed' }),
        made(3, 'web:1', { ...ours, status: 'Failed' }),
        made(2, 'web:2'),
        good,
      ),
      [sent],
      { is: 'update' },
    ],
    [
      'is refused without AppSpec and load balancer',
      { ...withSets(bad), loadBalancers: [] },
      seen(made(2, undefined)),
      [],
      { is: 'refused', why: expect.stringContaining('no load balancer') },
    ],
    [
      'is refused where the load balancer’s container is not in the target',
      { ...withSets(bad), balanced: ['proxy'] },
      seen(made(2, 'web:2'), good),
      [],
      { is: 'refused', why: expect.stringContaining('proxy') },
    ],
  ])('%s', (_, live, found, entries, expected) => {
    expect(plan(live, found, entries)).toMatchObject(expected)
  })

  test('is refused where its deployment group cannot be told', () => {
    const known = { entries: [], codeDeploy: { runId: '4711', found: { why: 'several' } } }
    expect(planCodeDeployed(withSets(bad), target(), known)).toMatchObject({
      is: 'refused',
      why: 'several',
    })
  })

  test('is refused for an external controller, with the way out', () => {
    const live = { ...withSets(bad), controller: 'EXTERNAL' as const }
    expect(plan(live, seen(good))).toMatchObject({
      is: 'refused',
      why: expect.stringContaining('update-service-primary-task-set'),
    })
  })
})

describe('an AppSpec', () => {
  const yaml = `Properties:\n  TaskDefinition: ${arn('web:2')} # pipeline\n  LoadBalancerInfo: {ContainerName: web}\n`
  test.each([
    ['JSON', appSpecOf(arn('web:2')), appSpecOf(arn('web:1'))],
    [
      'indented JSON',
      JSON.stringify(JSON.parse(appSpecOf(arn('web:2'))), null, 2),
      JSON.stringify(JSON.parse(appSpecOf(arn('web:1'))), null, 2),
    ],
    ['YAML', yaml, yaml.replace('web:2', 'web:1')],
    ['quoted YAML', `TaskDefinition: '${arn('web:2')}'\n`, `TaskDefinition: '${arn('web:1')}'\n`],
  ])('in %s gets another task definition and keeps everything else', (_, before, after) => {
    expect(taskDefinitionIn(before)).toBe('web:2')
    expect(withTaskDefinition(before, arn('web:1'))).toBe(after)
  })

  test.each([
    ['nothing', undefined],
    ['text without one', 'version: 0.0'],
    ['two of them', `TaskDefinition: a:1\nTaskDefinition: b:2`],
  ])('is not read from %s', (_, text) => {
    expect(taskDefinitionIn(text)).toBeUndefined()
  })

  test('is made of the load balancer where none can be read', () => {
    expect(JSON.parse(builtAppSpec(withSets(bad), arn('web:1')) ?? '')).toEqual({
      version: 0,
      Resources: [
        {
          TargetService: {
            Type: 'AWS::ECS::Service',
            Properties: {
              TaskDefinition: arn('web:1'),
              LoadBalancerInfo: { ContainerName: 'web', ContainerPort: 8080 },
            },
          },
        },
      ],
    })
    expect(builtAppSpec({ ...withSets(bad), loadBalancers: [] }, arn('web:1'))).toBeUndefined()
  })
})

describe('the proof of a service with task sets', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const running = (given: Partial<ReturnType<typeof task>> = {}) =>
    task({
      taskDefinition: 'web:1',
      startedBy: blue.id,
      containers: [{ name: 'web', image: 'web:v1', digest }],
      ...given,
    })
  const live = { ...withSets(blue), desired: 2, running: 2 }
  const recorded = { ...target(), recorded: [{ name: 'web', digest }] }
  const looked = (given: Partial<Parameters<typeof judge>[0]> = {}) => ({
    service: live,
    tasks: [running({ id: '1' }), running({ id: '2' })],
    deployment: undefined,
    shift: { weights: new Map([[blue.id, 100]]), steps: [] },
    ...given,
  })
  const weights = (weight: number) => ({ weights: new Map([[blue.id, weight]]), steps: [] })

  test.each<[string, Partial<Parameters<typeof judge>[0]>, object]>([
    [
      'holds with the digests on every task of the set that has all traffic',
      {},
      { is: 'proof', proof: { is: 'proven' }, drains: '' },
    ],
    [
      'does not hold with a part of the traffic',
      { shift: weights(90) },
      { is: 'waiting', seen: '90 % of the traffic reach web:1' },
    ],
    [
      'does not hold where another set is PRIMARY',
      { service: withSets(bad) },
      { is: 'elsewhere', serves: 'web:2' },
    ],
    [
      'does not hold while a hook after the shift is open',
      {
        deployment: made(3, 'web:1', active),
        shift: { ...weights(100), steps: [{ name: 'AfterAllowTraffic', status: 'InProgress' }] },
      },
      { is: 'waiting', seen: 'web:1 has all traffic, AfterAllowTraffic is InProgress' },
    ],
    [
      'does not hold with too few tasks',
      { tasks: [running()] },
      { is: 'proof', proof: { is: 'waiting' } },
    ],
    [
      'counts no task of another set, whatever it runs',
      { tasks: [running({ id: '1' }), running({ id: '2', startedBy: 'ecs-svc/other' })] },
      { is: 'proof', proof: { is: 'waiting' } },
    ],
    [
      'is lost where another image runs under the tag',
      {
        tasks: [
          running({ id: '1' }),
          running({ id: '2', containers: [{ name: 'web', image: 'web:v1', digest: 'sha256:b' }] }),
        ],
      },
      { is: 'proof', proof: { is: 'wrong' } },
    ],
    [
      'notes old tasks that get no traffic',
      {
        service: { ...live, running: 4, taskSets: [blue, green] },
        tasks: [
          running({ id: '1' }),
          running({ id: '2' }),
          running({ id: '3', taskDefinition: 'web:2', startedBy: green.id }),
        ],
      },
      { is: 'proof', proof: { is: 'proven' }, drains: expect.stringContaining('1 task of web:2') },
    ],
  ])('%s', (_, given, expected) => {
    expect(judge(looked(given), recorded)).toMatchObject(expected)
  })

  test.each([
    ['agrees', [digest, digest], [{ name: 'web', digest }]],
    ['does not where they differ', [digest, 'sha256:b'], [{ name: 'web' }]],
    ['does not where one is not known', [digest, undefined], [{ name: 'web' }]],
  ])('without a point it takes the digest on which every task %s', (_, digests, expected) => {
    const tasks = digests.map((one) =>
      running({
        containers: [{ name: 'web', image: 'x', ...(one === undefined ? {} : { digest: one }) }],
      }),
    )
    expect(expectedOf(target(), tasks)).toEqual(expected)
  })
})
