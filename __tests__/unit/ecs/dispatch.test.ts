import { describe, expect, test } from '@jest/globals'
import type { Revision, ServiceDeployment } from '#ecs'
import { isWanted, type Way, wayBack } from '../../../packages/ecs/rollback/dispatch.ts'
import { A, B } from './state.ts'

const ARN = 'arn:aws:ecs:us-east-1:123456789012'

const deployment = (given: Partial<ServiceDeployment> = {}): ServiceDeployment => ({
  arn: `${ARN}:service-deployment/prod/web/bad`,
  status: 'IN_PROGRESS',
  why: '',
  target: `${ARN}:service-revision/prod/web/2`,
  sources: [`${ARN}:service-revision/prod/web/1`],
  hooks: [],
  earlySuccess: false,
  createdAt: 1000,
  startedAt: 1000,
  finishedAt: 0,
  ...given,
})

const revision = (given: Partial<Revision> = {}): Revision => ({
  arn: `${ARN}:service-revision/prod/web/1`,
  taskDefinition: 'web:1',
  containers: [{ name: 'web', image: 'web:v1', digest: A }],
  createdAt: 500,
  ...given,
})

const hook = (given: Partial<ServiceDeployment['hooks'][number]> = {}) => ({
  id: 'hook-1',
  type: 'PAUSE',
  status: 'AWAITING_ACTION',
  expiresAt: 0,
  timeoutAction: 'ROLLBACK',
  ...given,
})

const wanted = { taskDefinition: 'web:1', recorded: [{ name: 'web', digest: A }] }
const good = revision()
const other = revision({ arn: `${ARN}:service-revision/prod/web/0`, taskDefinition: 'web:0' })
const moved = revision({ containers: [{ name: 'web', image: 'web:v1', digest: B }] })

type Row = readonly [
  what: string,
  current: Partial<ServiceDeployment> | undefined,
  choice: Revision | undefined,
  strategy: string,
  way: Partial<Way>,
]

describe('the way back by the state of the deployment', () => {
  test.each<Row>([
    [
      'PENDING, ECS goes to the destination: it is told to',
      { status: 'PENDING' },
      good,
      'ROLLING',
      { do: 'stop', after: 'watch' },
    ],
    [
      'IN_PROGRESS, ECS goes to the destination: it is told to',
      {},
      good,
      'ROLLING',
      { do: 'stop', after: 'watch' },
    ],
    [
      'paused at a hook: the hook is answered with ROLLBACK',
      { hooks: [hook({ status: 'SUCCEEDED', id: 'hook-0' }), hook()] },
      good,
      'BLUE_GREEN',
      { do: 'continue', hook: 'hook-1', after: 'watch' },
    ],
    [
      'a hook that does not wait: it is told to stop',
      { hooks: [hook({ status: 'IN_PROGRESS' })] },
      good,
      'BLUE_GREEN',
      { do: 'stop', after: 'watch' },
    ],
    ['rolling, ECS would go elsewhere: replaced at once', {}, other, 'ROLLING', { do: 'update' }],
    [
      'rolling, ECS would go to the task definition with another image: replaced at once',
      {},
      moved,
      'ROLLING',
      { do: 'update' },
    ],
    [
      'rolling, nobody knows where ECS goes: replaced at once',
      {},
      undefined,
      'ROLLING',
      { do: 'update' },
    ],
    [
      'shifting traffic, ECS would go elsewhere: ended first, then deployed',
      {},
      other,
      'CANARY',
      { do: 'stop', after: 'update' },
    ],
    [
      'paused, ECS would go elsewhere: ended first, then deployed',
      { hooks: [hook()] },
      other,
      'LINEAR',
      { do: 'continue', hook: 'hook-1', after: 'update' },
    ],
    ...['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'STOP_REQUESTED'].map(
      (status): Row => [
        `${status}: watched, no call`,
        { status },
        good,
        'ROLLING',
        { do: 'follow', after: 'watch' },
      ],
    ),
    [
      'ROLLBACK_IN_PROGRESS to something else, rolling: replaced at once',
      { status: 'ROLLBACK_IN_PROGRESS' },
      other,
      'ROLLING',
      { do: 'update' },
    ],
    [
      'ROLLBACK_IN_PROGRESS to something else, shifting traffic: its end is waited for, then deployed',
      { status: 'ROLLBACK_IN_PROGRESS' },
      other,
      'BLUE_GREEN',
      { do: 'follow', after: 'update' },
    ],
    ...['ROLLBACK_SUCCESSFUL', 'SUCCESSFUL', 'STOPPED', 'ROLLBACK_FAILED'].flatMap((status) =>
      ['ROLLING', 'BLUE_GREEN'].map(
        (strategy): Row => [
          `${status} and the destination does not run (${strategy}): deployed`,
          { status, finishedAt: 2000 },
          undefined,
          strategy,
          { do: 'update' },
        ],
      ),
    ),
    ['ECS tells nothing of it: deployed', undefined, undefined, 'ROLLING', { do: 'update' }],
  ])('%s', (_, given, choice, strategy, way) => {
    const current = given && deployment(given)
    const found = wayBack({ current, choice }, { wanted, strategy })
    expect(found).toMatchObject(way)
    if (found.do !== 'update') expect(found.deployment).toBe(current?.arn)
  })
})

describe('a revision is what is wanted', () => {
  test.each<[string, Revision, Parameters<typeof isWanted>[1], boolean]>([
    ['by task definition and digest', good, wanted, true],
    ['not with another digest', moved, wanted, false],
    ['not with another task definition', other, wanted, false],
    [
      'with a digest that ECS does not tell: P13 judges it',
      revision({ containers: [{ name: 'web', image: 'web:v1' }] }),
      wanted,
      true,
    ],
    ['with no digest recorded', moved, { ...wanted, recorded: undefined }, true],
    ['by its own ARN', moved, { ...wanted, revision: moved.arn }, true],
  ])('%s', (_, found, given, so) => {
    expect(isWanted(found, given)).toBe(so)
  })
})
