import { afterEach, describe, expect, test } from '@jest/globals'
import { captureServices } from '#ecs'
import { digests } from '../../../packages/ecs/capture.ts'
import { type Scene, scene } from '../../actions/ecs-rollback/scene.ts'
import { testRun } from '../../support/run.ts'
import { A, B, definition, service, task } from './state.ts'

describe('the digests of a service', () => {
  const revision = [{ name: 'web', image: 'web:v1', digest: B }]
  const of = (...runs: (string | undefined)[]) =>
    runs.map((digest) =>
      task({ containers: [{ name: 'web', image: 'web:v1', ...(digest ? { digest } : {}) }] }),
    )
  test.each([
    ['are those of its tasks', of(A, A), revision, A],
    ['are those of its revision when nothing runs', [], revision, B],
    ['are those of its revision when ECS does not tell the tasks’', of(undefined), revision, B],
    ['are not known when tasks differ', of(A, B), revision, undefined],
    ['are not known when nobody tells', [], [], undefined],
    ['ignore tasks of another task definition', [task({ taskDefinition: 'web:2' })], revision, B],
  ])('%s', (_, tasks, revised, digest) => {
    const [container] = digests({
      service: service(),
      definition: definition(),
      tasks,
      revision: revised,
    })
    expect(container?.digest).toBe(digest)
  })

  test('leave out injected sidecars', () => {
    const sidecar = { name: 'aws-guardduty-agent-x', image: 'agent', digest: B }
    const tasks = [task({ containers: [sidecar, { name: 'web', image: 'web:v1', digest: A }] })]
    const found = digests({ service: service(), definition: definition(), tasks, revision: [] })
    expect(found.map(({ name }) => name)).toEqual(['web'])
  })
})

describe('a capture', () => {
  let at: Scene
  afterEach(() => at.close())
  const capture = (names: readonly string[]) =>
    captureServices(at.clients, { cluster: 'prod', names })(testRun({ clock: at.clock }))

  test('has task definition, count, revision and digests of each service', async () => {
    at = await scene({ names: ['web', 'api'] })
    const digest = at.images.find('web:v1')?.digest
    const captured = await capture(['web', 'api'])
    expect(captured.problems).toEqual([])
    expect(captured.warnings).toEqual([])
    expect(captured.state.services[0]).toEqual({
      name: 'web',
      taskDefinition: 'web:1',
      desiredCount: 2,
      serviceRevision: expect.stringMatching(/^\d+$/),
      containers: [{ name: 'web', image: 'web:v1', digest }],
    })
    expect(captured.rows).toEqual([
      ['web', `web:1, web@${digest?.slice(7, 19)}, 2 tasks`],
      ['api', expect.stringContaining('api:1')],
    ])
  })

  test('takes the digests of the revision when no task runs', async () => {
    at = await scene({ service: { desiredCount: 0 } })
    const captured = await capture(['web'])
    const digest = at.images.find('web:v1')?.digest
    expect(captured.state.services[0]?.containers[0]?.digest).toBe(digest)
  })

  test.each<[string, (scene: Scene) => Promise<void>, string]>([
    [
      'a read that is denied',
      async (one) =>
        one.gateway.faults.set([{ effect: 'denied', service: 'ecs', operation: 'ListTasks' }]),
      'grant ecs:ListTasks to the role of this job',
    ],
    [
      'services that may not be read at all',
      async (one) =>
        one.gateway.faults.set([
          { effect: 'denied', service: 'ecs', operation: 'DescribeServices' },
        ]),
      'grant ecs:DescribeServices to the role of this job',
    ],
  ])('has a problem: %s', async (_, prepare, problem) => {
    at = await scene()
    await prepare(at)
    const { problems } = await capture(['web', 'wbe'])
    expect(problems.join('\n')).toContain(problem)
  })

  test('warns that a rollback to an INACTIVE task definition needs a copy, and for what it needs permission', async () => {
    at = await scene()
    await at.deregister('web:1')
    const { problems, warnings } = await capture(['web'])
    expect([problems, warnings.join('\n')]).toEqual([
      [],
      expect.stringMatching(/web:1 is INACTIVE; .* copy, which needs ecs:RegisterTaskDefinition/),
    ])
  })

  test('names what a copy is a copy of', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.deregister('web:1')
    await at.run({})
    const [service] = (await capture(['web'])).state.services
    expect(service).toMatchObject({ taskDefinition: 'web:3', copyOf: 'web:1' })
  })

  test('has a problem when the cluster is not there', async () => {
    at = await scene()
    const where = { cluster: 'prd', names: ['web'] }
    const { problems } = await captureServices(at.clients, where)(testRun({ clock: at.clock }))
    expect(problems.join('\n')).toContain('ClusterNotFoundException')
  })

  test('warns of a service that this deployment may create', async () => {
    at = await scene()
    const { problems, warnings, state } = await capture(['web', 'wbe'])
    expect(problems).toEqual([])
    expect(warnings.join('\n')).toContain('service wbe: it does not exist in cluster prod')
    expect(state.services.map(({ name }) => name)).toEqual(['web'])
  })

  test('warns of a deployment that is under way', async () => {
    at = await scene()
    at.push('web:v2')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v2') })
    const { problems, warnings } = await capture(['web'])
    expect([problems, warnings[0]]).toEqual([
      [],
      expect.stringContaining('a deployment is under way (web:2 is IN_PROGRESS)'),
    ])
  })
})
