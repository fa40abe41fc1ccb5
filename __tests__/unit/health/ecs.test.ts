import type { LiveService, LiveTask, Rollout } from '#ecs'
import { judgeEcs } from '../../../packages/health/ecs.ts'
import { type EcsContext, remember } from '../../../packages/health/remember.ts'
import { evidenceOf, repeated } from '../../../packages/health/stopped.ts'

const now = Date.UTC(2026, 10, 22, 3, 0, 0)

const rollout = (more: Partial<Rollout> = {}): Rollout => ({
  id: 'ecs-svc/2',
  primary: true,
  taskDefinition: 'web:2',
  state: 'COMPLETED',
  why: '',
  failedTasks: 0,
  running: 2,
  desired: 2,
  createdAt: now - 60_000,
  ...more,
})

const service = (more: Partial<LiveService> = {}): LiveService => ({
  name: 'web',
  controller: 'ECS',
  strategy: 'ROLLING',
  scheduling: 'REPLICA',
  taskDefinition: 'web:2',
  desired: 2,
  running: 2,
  pending: 0,
  rollouts: [rollout()],
  events: [],
  revisions: [],
  balanced: [],
  loadBalancers: [],
  ...more,
})

let tasksMade = 0
const task = (more: Partial<LiveTask> = {}): LiveTask => ({
  id: `task-${tasksMade++}`,
  taskDefinition: 'web:2',
  startedBy: 'ecs-svc/2',
  desiredStatus: 'RUNNING',
  status: 'RUNNING',
  health: 'UNKNOWN',
  createdAt: now,
  containers: [{ name: 'web', image: 'web:2', digest: 'sha256:2' }],
  ...more,
})

const stopped = (more: Partial<LiveTask> = {}) =>
  task({ status: 'STOPPED', desiredStatus: 'STOPPED', ...more })
const crashed = (exitCode = 1, more: Partial<LiveTask> = {}) =>
  stopped({
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'web', image: 'web:2', exitCode }],
    ...more,
  })
const cannotPull = (reason: string) =>
  stopped({ stopCode: 'TaskFailedToStart', stoppedReason: reason, containers: [] })

const look = (live: LiveService | readonly LiveService[], tasks: readonly LiveTask[]) => ({
  observed: { services: [live].flat(), absent: [] },
  tasks: new Map([live].flat().map(({ name }) => [name, tasks])),
})

const context = (more: Partial<EcsContext> = {}): EcsContext => ({
  expect: 'released',
  first: new Map(),
  desired: new Map([['web', 2]]),
  recorded: new Map([['web', 'web:1']]),
  since: now - 600_000,
  ...more,
})

const two = [task(), task()]
const old = rollout({ id: 'ecs-svc/1', primary: false, taskDefinition: 'web:1', running: 1 })
const event = (at: number) => ({
  id: 'e',
  at,
  message: '(service web) rolling back to deployment ecs-svc/1.',
})

describe('a service is', () => {
  test.each<[string, LiveService, readonly LiveTask[], object]>([
    [
      'good when its rollout is complete and all tasks are alike',
      service(),
      two,
      { class: 'good', value: '1 steady' },
    ],
    [
      'good when ECS reports no rollout state',
      service({ rollouts: [rollout({ state: 'unknown' })] }),
      two,
      { class: 'good' },
    ],
    ['good when it went on after one crash', service(), [...two, crashed()], { class: 'good' }],
    [
      'good while tasks of scaling end',
      service(),
      [
        ...two,
        stopped({
          stopCode: 'ServiceSchedulerInitiated',
          stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/2)',
        }),
        stopped({ stopCode: 'UserInitiated' }),
      ],
      { class: 'good' },
    ],
    [
      'not there yet while it rolls out',
      service({ rollouts: [rollout({ state: 'IN_PROGRESS', running: 1 }), old], running: 2 }),
      two,
      {
        class: 'bad',
        late: 'in-progress',
        why: 'web: rollout of web:2 in progress, 1 of 2 running',
      },
    ],
    [
      'not there yet with no task while it rolls out',
      service({
        rollouts: [rollout({ state: 'IN_PROGRESS', running: 0 })],
        running: 0,
        pending: 2,
      }),
      [],
      { class: 'bad', late: 'in-progress' },
    ],
    [
      'not there yet while old tasks run',
      service({ rollouts: [rollout(), old] }),
      two,
      { class: 'bad', late: 'in-progress', value: 'web: old tasks' },
    ],
    [
      'not there yet while a task is replaced',
      service({ running: 1, pending: 1 }),
      [task()],
      { class: 'bad', late: 'in-progress', value: 'web: 1 of 2 running' },
    ],
    ['not there yet when ECS lists no task', service(), [], { class: 'bad', late: 'in-progress' }],
    [
      'not there yet with a task of another revision',
      service(),
      [task(), task({ taskDefinition: 'web:1' })],
      { class: 'bad', late: 'in-progress', value: 'web: mixed tasks' },
    ],
    [
      'not there yet with two images of one tag',
      service(),
      [task(), task({ containers: [{ name: 'web', image: 'web:2', digest: 'sha256:3' }] })],
      { class: 'bad', late: 'in-progress', value: 'web: mixed images' },
    ],
    [
      'not there yet with one unhealthy task',
      service(),
      [task(), task({ health: 'UNHEALTHY' })],
      { class: 'bad', late: 'in-progress' },
    ],
    [
      'bad when all tasks are unhealthy',
      service(),
      [task({ health: 'UNHEALTHY' })],
      { class: 'bad', value: 'web: all unhealthy' },
    ],
    [
      'bad when nothing runs',
      service({ running: 0 }),
      [],
      { class: 'bad', value: 'web: 0 of 2 running' },
    ],
    [
      'bad when it was scaled to zero',
      service({ desired: 0, running: 0 }),
      [],
      { class: 'bad', value: 'web: scaled to zero' },
    ],
    [
      'hard evidence when its rollout failed',
      service({
        rollouts: [
          rollout({
            state: 'FAILED',
            why: 'ECS deployment circuit breaker: tasks failed to start.',
          }),
        ],
      }),
      two,
      {
        class: 'bad',
        hard: 'web: rollout FAILED: ECS deployment circuit breaker: tasks failed to start.',
      },
    ],
    [
      'hard evidence while ECS rolls back',
      service({
        rollouts: [
          rollout({ id: 'ecs-svc/1', taskDefinition: 'web:1', state: 'IN_PROGRESS' }),
          rollout({ primary: false, state: 'FAILED', why: 'it said so' }),
        ],
      }),
      two,
      { hard: 'web: ECS gave up web:2: it said so' },
    ],
    [
      'hard evidence when ECS went back since the restore point',
      service({ events: [event(now - 30_000)] }),
      two,
      { hard: 'web: (service web) rolling back to deployment ecs-svc/1.' },
    ],
    [
      'good when ECS went back before the restore point',
      service({ events: [event(now - 700_000)] }),
      two,
      { class: 'good' },
    ],
    [
      'good when ECS went back before this rollout began',
      service({ events: [event(now - 90_000)] }),
      two,
      { class: 'good' },
    ],
    [
      'hard evidence when two tasks crashed',
      service({ rollouts: [rollout({ state: 'IN_PROGRESS' })] }),
      [crashed(1), crashed(139)],
      { hard: 'web: 2 tasks failed: container web exited with 1' },
    ],
    [
      'hard evidence when two tasks cannot start for one cause',
      service(),
      [
        ...two,
        cannotPull('CannotPullContainerError: web:2 not found'),
        cannotPull('CannotPullContainerError: other words'),
      ],
      { value: 'web: 2 tasks failed' },
    ],
    [
      'good when two tasks failed for two causes',
      service(),
      [
        ...two,
        cannotPull('CannotPullContainerError: x'),
        cannotPull('ResourceInitializationError: y'),
      ],
      { class: 'good' },
    ],
    [
      'good when the tasks that crashed were those of another deployment',
      service(),
      [...two, crashed(1, { startedBy: 'ecs-svc/1' }), crashed(1, { startedBy: 'ecs-svc/1' })],
      { class: 'good' },
    ],
    [
      'hard evidence when two tasks failed their health checks',
      service(),
      [
        ...two,
        stopped({
          stopCode: 'ServiceSchedulerInitiated',
          stoppedReason: 'Task failed ELB health checks in (target-group arn)',
        }),
        stopped({ stoppedReason: 'Task failed ELB health checks in (target-group arn)' }),
      ],
      { value: 'web: 2 tasks failed' },
    ],
  ])('%s', (_, live, tasks, seen) => {
    expect(judgeEcs(look(live, tasks), context())).toMatchObject(seen)
  })

  test('good at zero when it ran nothing before, and says nothing when it is the only one', () => {
    const idle = service({ name: 'cron', desired: 0, running: 0, rollouts: [] })
    expect(judgeEcs(look(idle, []), context())).toMatchObject({ class: 'void' })
    expect(judgeEcs(look([service(), idle], two), context())).toMatchObject({
      class: 'good',
      value: '1 steady, 1 at zero',
    })
  })

  test('the worst of several', () => {
    const services = [
      service(),
      service({ name: 'jobs', running: 0 }),
      service({ name: 'api', running: 1 }),
    ]
    expect(judgeEcs(look(services, two), context())).toMatchObject({
      value: 'jobs: 0 of 2 running',
    })
  })

  test.each<[EcsContext['expect'], string, string]>([
    ['released', 'web', 'bad'],
    ['released', 'new', 'bad'],
    ['restored', 'web', 'bad'],
    ['restored', 'new', 'good'],
    ['anything', 'new', 'good'],
  ])('expecting %s, the service %s that is not there is %s', (expect_, name, verdict) => {
    const other = service({ name: 'other' })
    const absent = [{ name, is: 'MISSING', why: 'it does not exist in cluster prod' }]
    const observed = { services: [other], absent }
    const seen = judgeEcs(
      { observed, tasks: new Map([['other', two]]) },
      context({ expect: expect_ }),
    )
    expect(seen.class).toBe(verdict)
  })
})

describe('compared with the first look', () => {
  const steady = remember(look(service(), [...two, crashed(), crashed()]), context())

  test('tasks that ended before a complete rollout was first seen are no evidence', () => {
    const first = steady
    const ended = [...first.values()]
      .flatMap(({ ended }) => [...ended])
      .map((id) => crashed(1, { id }))
    expect(judgeEcs(look(service(), [...two, ...ended]), context({ first }))).toMatchObject({
      class: 'good',
    })
    expect(
      judgeEcs(look(service(), [...two, crashed(), crashed()]), context({ first })),
    ).toHaveProperty('hard')
  })

  test('tasks that ended in a rollout still in progress are', () => {
    const rolling = service({ rollouts: [rollout({ state: 'IN_PROGRESS' })] })
    const tasks = [crashed(), crashed()]
    const first = remember(look(rolling, tasks), context())
    expect(judgeEcs(look(rolling, tasks), context({ first }))).toHaveProperty('hard')
  })

  test.each(['released', 'restored', 'anything'] as const)(
    'another task definition in its place is hard evidence when %s is expected',
    (expectation) => {
      const replaced = service({
        rollouts: [rollout({ id: 'ecs-svc/1', taskDefinition: 'web:1' })],
      })
      const seen = judgeEcs(look(replaced, two), context({ first: steady, expect: expectation }))
      expect(seen.hard).toBe(
        'web: web:1 took the place of web:2: ECS rolled back or somebody deployed',
      )
    },
  )

  test('a restart with the same task definition is none', () => {
    const restarted = service({ rollouts: [rollout({ id: 'ecs-svc/3', state: 'IN_PROGRESS' })] })
    expect(judgeEcs(look(restarted, two), context({ first: steady }))).toMatchObject({
      late: 'in-progress',
    })
  })
})

describe('a restored service', () => {
  const restored = context({ expect: 'restored' })

  test('is good although ECS went back: that is what was wanted', () => {
    const gone = rollout({
      id: 'ecs-svc/3',
      primary: false,
      taskDefinition: 'web:3',
      state: 'FAILED',
      running: 0,
    })
    const back = service({ rollouts: [rollout(), gone], events: [event(now - 10_000)] })
    expect(judgeEcs(look(back, two), restored)).toMatchObject({ class: 'good' })
  })

  test('is not good while it is stopped', () => {
    const still = service({ desired: 0, running: 0 })
    expect(judgeEcs(look(still, []), restored)).toMatchObject({ class: 'bad' })
  })
})

describe('why a task stopped', () => {
  test.each<[string, LiveTask, string | undefined]>([
    ['exit with an error', crashed(2), 'container web exited with 2'],
    ['exit without one', crashed(0), undefined],
    [
      'out of memory',
      crashed(137, {
        containers: [
          {
            name: 'web',
            image: 'w',
            exitCode: 137,
            reason: 'OutOfMemoryError: Container killed due to memory usage',
          },
        ],
      }),
      'container web exited with 137: OutOfMemoryError: Container killed due to memory usage',
    ],
    [
      'a role that is not there yet',
      stopped({
        stopCode: 'TaskFailedToStart',
        stoppedReason: 'ECS was unable to assume the role',
      }),
      undefined,
    ],
    ['spot interruption', stopped({ stopCode: 'SpotInterruption' }), undefined],
    [
      'no start',
      cannotPull('CannotPullContainerError: not found'),
      'CannotPullContainerError: not found',
    ],
  ])('%s', (_, ended, says) => {
    expect(evidenceOf(ended)?.says).toBe(says)
  })

  test('one failure alone is not repeated', () => {
    expect(repeated([crashed(), cannotPull('X: y')])).toBeUndefined()
  })
})
