import type { LiveService, LiveTask, Rollout, TaskSet } from '#ecs'
import { judgeEcs } from '../../../packages/health/ecs.ts'
import { type EcsContext, type Remembered, remember } from '../../../packages/health/remember.ts'

const point = Date.UTC(2026, 10, 22, 3, 0, 0)
const MINUTE = 60_000

interface Given {
  readonly id?: number
  readonly is?: string
  readonly of?: string
  readonly running?: number
  readonly desired?: number
  readonly steady?: boolean
  readonly createdAt?: number
}

/** A task set as DescribeServices shows it: `blue` from before the restore point, `green` from after it. */
const blue = (more: Given = {}): Given => ({ id: 1, of: 'web:1', createdAt: point - 9e6, ...more })
const green = (more: Given = {}): Given => ({
  ...{ id: 2, of: 'web:2', createdAt: point + MINUTE },
  ...more,
})
const primary = { is: 'PRIMARY' }
const draining = { is: 'DRAINING', desired: 0 }

const setOf = ({ id, is = 'ACTIVE', of = '', running = 2, desired = 2 }: Given): TaskSet => ({
  id: `ecs-svc/${id}`,
  status: is,
  taskDefinition: of,
  desired,
  running,
})

const rolloutOf = (given: Given): Rollout => {
  const { status, deployment: _, ...set } = setOf(given)
  return {
    ...set,
    primary: status === 'PRIMARY',
    state: given.steady === false ? 'IN_PROGRESS' : 'COMPLETED',
    why: '',
    failedTasks: 0,
    createdAt: given.createdAt ?? 0,
  }
}

function service(sets: readonly Given[], more: Partial<LiveService> = {}): LiveService {
  return {
    name: 'web',
    controller: 'CODE_DEPLOY',
    strategy: 'ROLLING',
    scheduling: 'REPLICA',
    taskDefinition: sets.find(({ is }) => is === 'PRIMARY')?.of ?? '',
    desired: 2,
    running: sets.reduce((sum, { running = 2 }) => sum + running, 0),
    pending: 0,
    rollouts: sets.map(rolloutOf),
    taskSets: sets.map(setOf),
    events: [],
    revisions: [],
    balanced: [],
    loadBalancers: [],
    ...more,
  }
}

let made = 0
const task = (set: Given, more: Partial<LiveTask> = {}): LiveTask => ({
  id: `task-${made++}`,
  taskDefinition: set.of ?? '',
  startedBy: `ecs-svc/${set.id}`,
  desiredStatus: 'RUNNING',
  status: 'RUNNING',
  health: 'UNKNOWN',
  createdAt: set.createdAt ?? 0,
  startedAt: (set.createdAt ?? 0) + 1,
  containers: [{ name: 'web', image: set.of ?? '', digest: `sha256:${set.of}` }],
  ...more,
})
const two = (set: Given) => [task(set), task(set)]
const crashed = (set: Given) =>
  task(set, {
    status: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ name: 'web', image: set.of ?? '', exitCode: 1 }],
  })
const stopped = (set: Given) => task(set, { status: 'STOPPED', desiredStatus: 'STOPPED' })

const context = (more: Partial<EcsContext> = {}): EcsContext => ({
  expect: 'released',
  first: new Map(),
  desired: new Map([['web', 2]]),
  recorded: new Map([['web', 'web:1']]),
  since: point,
  ...more,
})

type Look = readonly [LiveService, readonly LiveTask[]]

/** What the last of some looks says, each remembering those before it. */
function last(looks: readonly Look[], more: Partial<EcsContext> = {}) {
  let first: ReadonlyMap<string, Remembered> = new Map()
  const seen = looks.map(([live, tasks]) => {
    const look = {
      observed: { services: [live], absent: [] },
      tasks: new Map([[live.name, tasks]]),
    }
    first = remember(look, { ...context(more), first })
    return judgeEcs(look, context({ ...more, first }))
  })
  return seen.at(-1)
}

const before: Look = [service([blue(primary)]), two(blue())]
const coming: Look = [service([green(), blue(primary)]), [...two(green()), ...two(blue())]]
const waiting: Look = [service([green(primary), blue()]), [...two(green()), ...two(blue())]]
const released: Look = [service([green(primary)]), two(green())]
const again: Look = [service([green(draining), blue(primary)]), [...two(green()), ...two(blue())]]
const other = green({ id: 3, of: 'web:3', createdAt: point + 9 * MINUTE })

const good = { class: 'good', value: '1 steady' }
const late = { class: 'bad', late: 'in-progress' }
const doubt = { class: 'void', value: 'web: unclear' }

describe('a service that CodeDeploy deploys is', () => {
  test.each<[string, readonly Look[], object]>([
    ['good when its PRIMARY task set is steady and nothing else is there', [released], good],
    ['good while the old task set waits for its end', [waiting], good],
    [
      'good while the old task set ends',
      [[service([green(primary), blue(draining)]), [...two(green()), ...two(blue())]]],
      good,
    ],
    ['good when it is no part of the release', [before, before], good],
    ['good when the release came to it while it was watched', [before, coming, waiting], good],
    ['good when the release came to it between two looks', [before, released], good],
    [
      'good after one crash in the new task set',
      [[waiting[0], [...waiting[1], crashed(green())]]],
      good,
    ],
    [
      'good when tasks of the old one crashed',
      [[waiting[0], [...waiting[1], crashed(blue()), crashed(blue())]]],
      good,
    ],
    [
      'good when a set from before the restore point was left beside it',
      [
        [
          service([green({ createdAt: point - 1000 }), blue(primary)]),
          [...two(green()), ...two(blue())],
        ],
      ],
      good,
    ],
    [
      'not there yet while the new task set has no traffic',
      [coming],
      {
        ...late,
        value: 'web: deploying',
        why: 'web: CodeDeploy deploys web:2, 2 of 2 running; web:1 is PRIMARY still',
      },
    ],
    [
      'not there yet while its PRIMARY task set is not steady',
      [[service([green({ ...primary, steady: false }), blue()]), two(green())]],
      { ...late, value: 'web: not steady' },
    ],
    [
      'not there yet while a task of PRIMARY is missing, however many the old one has',
      [[service([green({ ...primary, running: 1 }), blue()]), [task(green()), ...two(blue())]]],
      { ...late, value: 'web: 1 of 2 running' },
    ],
    [
      'not there yet when its first tasks start',
      [[service([green({ ...primary, running: 0, steady: false })]), []]],
      late,
    ],
    [
      'not there yet when no task of PRIMARY is listed',
      [[waiting[0], two(blue())]],
      { ...late, value: 'web: no task seen' },
    ],
    [
      'not there yet with two images of one tag in PRIMARY',
      [
        [
          waiting[0],
          [
            task(green()),
            task(green(), { containers: [{ name: 'web', image: 'w', digest: 'sha256:x' }] }),
          ],
        ],
      ],
      { ...late, value: 'web: mixed images' },
    ],
    [
      'bad when nothing of PRIMARY runs, although the old tasks do',
      [[service([green({ ...primary, running: 0 }), blue()]), two(blue())]],
      { class: 'bad', value: 'web: 0 of 2 running' },
    ],
    [
      'bad when all tasks of PRIMARY ended and start anew',
      [
        [
          service([green({ ...primary, running: 0, steady: false }), blue()]),
          [stopped(green()), ...two(blue())],
        ],
      ],
      { class: 'bad', value: 'web: 0 of 2 running' },
    ],
    [
      'hard evidence when two tasks crashed before the traffic came',
      [[coming[0], [...coming[1], crashed(green()), crashed(green())]]],
      { hard: 'web: 2 tasks failed: container web exited with 1' },
    ],
    [
      'hard evidence while the new task set ends and the old one serves',
      [again],
      {
        hard: 'web: web:1 serves, the task set of web:2 was given up: CodeDeploy went back or was stopped',
      },
    ],
    [
      'hard evidence when it went back although nobody saw it',
      [[before[0], [...two(blue()), stopped(green())]]],
      { value: 'web: taken back by CodeDeploy' },
    ],
    [
      'hard evidence when it went back by a deployment of its own, with new tasks',
      [
        [
          service([blue({ ...primary, id: 4, createdAt: point + 9 * MINUTE })]),
          [...two(blue({ id: 4 })), stopped(green())],
        ],
      ],
      { value: 'web: taken back by CodeDeploy' },
    ],
    [
      'hard evidence when the task set that came is gone',
      [coming, before],
      { value: 'web: taken back by CodeDeploy' },
    ],
    [
      'hard evidence when it was good and went back',
      [before, waiting, before],
      { hard: expect.stringContaining('web:1 took the place of web:2: CodeDeploy went back') },
    ],
    [
      'hard evidence when somebody deploys over the release',
      [before, waiting, [service([{ ...other, ...primary }]), two(other)]],
      { hard: expect.stringContaining('web:3 took the place of web:2') },
    ],
    [
      'hard evidence when somebody deploys over a release that was there at the first look',
      [released, [service([{ ...other, ...primary }]), two(other)]],
      { hard: expect.stringContaining('web:3 took the place of web:2') },
    ],
    [
      'not there yet while the release is tried again',
      [[service([other, blue(primary)]), [...two(other), ...two(blue()), stopped(green())]]],
      late,
    ],
    ['unclear when no task set is PRIMARY', [[service([green(), blue()]), two(green())]], doubt],
    ['unclear without any task set', [[service([]), two(green())]], doubt],
    [
      'unclear when the service names another task definition than PRIMARY',
      [[service([green(primary)], { taskDefinition: 'web:1' }), two(green())]],
      doubt,
    ],
    [
      'unclear when its tasks are of none of its task sets',
      [[released[0], two(green({ id: 9 }))]],
      doubt,
    ],
    [
      'bad when it was scaled to zero',
      [[service([green({ ...primary, running: 0, desired: 0 })], { desired: 0 }), []]],
      { class: 'bad', value: 'web: scaled to zero' },
    ],
  ])('%s', (_, looks, seen) => {
    expect(last(looks)).toMatchObject(seen)
  })

  test.each<[string, readonly Look[], object]>([
    ['the release came while it was watched', [before, coming, waiting], good],
    ['it went back after it came', [before, waiting, before], { hard: expect.anything() }],
    ['the new task set ends', [again], { value: 'web: taken back by CodeDeploy' }],
    ['the task set that came is gone', [coming, before], { hard: expect.anything() }],
  ])('judged without a restore point by what was seen: %s', (_, looks, seen) => {
    const nothing = { recorded: new Map(), desired: new Map(), since: undefined }
    expect(last(looks, nothing)).toMatchObject(seen)
  })
})

test('before a deployment, a task set that may get the traffic is not there yet', () => {
  expect(last([coming], { expect: 'anything', since: undefined })).toMatchObject(late)
})

describe('a restored service that CodeDeploy deploys is', () => {
  test.each<[string, readonly Look[], object]>([
    ['good although what was undone ends', [again], good],
    [
      'good although what was undone left tasks',
      [[before[0], [...two(blue()), stopped(green())]]],
      good,
    ],
    [
      'good while what was undone waits without traffic',
      [
        [
          service([blue({ ...primary, id: 5, createdAt: point + 9 * MINUTE }), green()]),
          two(blue({ id: 5 })),
        ],
      ],
      good,
    ],
    ['good although a deployment that was stopped left its task set', [coming, coming], good],
    ['hard evidence when something newer serves', [before, waiting], { hard: expect.anything() }],
  ])('%s', (_, looks, seen) => {
    expect(last(looks, { expect: 'restored' })).toMatchObject(seen)
  })
})

test('one service that cannot be told is not hidden by another that is good', () => {
  const unclear = service([green(), blue()], { name: 'api' })
  const look = {
    observed: { services: [released[0], unclear], absent: [] },
    tasks: new Map([
      ['web', released[1]],
      ['api', two(green())],
    ]),
  }
  expect(judgeEcs(look, context())).toMatchObject({ class: 'void', value: 'api: unclear' })
})
