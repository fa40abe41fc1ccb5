import { Readable } from 'node:stream'
import {
  DeleteServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  ListTasksCommand,
  UpdateTaskProtectionCommand,
} from '@aws-sdk/client-ecs'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Json, Result } from '#core'
import { linesOf, summaryOf } from '../../../packages/action/summary.ts'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { CLUSTER, clientsOf, MINUTE, type Scene, scene } from './scene.ts'

/** One story per class of docs/ecs.md: what an on-call engineer is told when the rollback itself goes wrong. */
let at: Scene
afterEach(() => at.close())

type Data = { readonly services: readonly { readonly [key: string]: Json }[] }

/** What the report says of the service that went wrong. */
const told = (result: Result) => (result.data as unknown as Data).services[0] ?? {}

/** The rows of the screen as `what: seen`. */
const screenOf = (result: Result) =>
  (result.sections ?? [])
    .flatMap((section) =>
      'rows' in section && section.title.startsWith('web in prod') ? section.rows : [],
    )
    .map((row) => row.join(': '))

const first = (result: Result, what: string) =>
  screenOf(result).find((row) => row.startsWith(`${what}: `)) ?? ''

/** A bad release with a verified point to go back to. */
async function broken(given: Parameters<typeof scene>[0] = {}): Promise<void> {
  at = await scene(given)
  await at.takePoint()
  await at.deployBad()
}

/** How long a run took, in virtual time. */
async function timed(run: () => Promise<Result & { readonly lines: string[] }>) {
  const before = at.clock.now()
  const result = await run()
  return { result, took: at.clock.now() - before }
}

describe('A, refused', () => {
  test('a call that AWS refuses ends at once with the missing permission', async () => {
    await broken()
    at.gateway.faults.set([{ effect: 'denied', service: 'ecs', operation: 'UpdateService' }])
    const { result, took } = await timed(() => at.run({}))
    expect([result.outcome, told(result).class]).toEqual(['failed', 'refused'])
    expect(result.headline).toContain('web (A, refused by AWS): ecs:UpdateService on web')
    expect(result.next).toContain('grant ecs:UpdateService to the role of this job')
    expect(took).toBeLessThan(MINUTE)
  })
})

describe('B, image', () => {
  test('an image that is gone ends on the first task, with what the registry says', async () => {
    const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v0'
    at = await scene()
    at.push(image)
    await at.update('web', { taskDefinition: await at.register('web', image) })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    // After the look before the first mutation.
    at.clock.after(5000, () => void at.images.remove(image))
    const { result, took } = await timed(() => at.run({}))
    expect([result.outcome, told(result).class]).toEqual(['failed', 'image'])
    expect(first(result, 'cause')).toMatch(
      /^cause: \d × CannotPullContainerError: .*not found; container web$/,
    )
    expect(told(result).says).toEqual([
      'container web: ECR does not have web:v0 any more: it was deleted',
    ])
    expect(took).toBeLessThan(1.5 * MINUTE)
  })

  test('an image in the registry of another region is asked for there', async () => {
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v0'
    at = await scene()
    at.push(image)
    await at.update('web', { taskDefinition: await at.register('web', image) })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    at.script.trouble({ image, is: 'registry-timeout' })
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'image'])
    expect(told(result).says).toEqual([
      expect.stringMatching(/^container web: ECR has web:v0, ACTIVE/),
    ])
  })

  test('a registry that does not answer two tasks is no failure yet', async () => {
    await broken({ service: { desiredCount: 1 } })
    at.script.trouble({ image: 'web:v1', is: 'registry-timeout', times: 2 })
    expect((await at.run({})).outcome).toBe('done')
  })

  test('a registry that does not answer the third task either is one', async () => {
    const deploymentConfiguration = { deploymentCircuitBreaker: { enable: false, rollback: false } }
    await broken({ service: { deploymentConfiguration, desiredCount: 1 } })
    at.script.trouble({ image: 'web:v1', is: 'registry-timeout' })
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'image'])
    expect(first(result, 'cause')).toContain('3 × CannotPullContainerError')
  })
})

describe('C, tasks cannot start', () => {
  test.each(['network-interface', 'file-system', 'log-driver'] as const)(
    '%s ends on the second task',
    async (is) => {
      await broken()
      at.script.trouble({ image: 'web:v1', is })
      const result = await at.run({})
      expect([result.outcome, told(result).class]).toEqual(['failed', 'start'])
      expect(first(result, 'verdict')).toContain(
        'C, tasks cannot start; web in prod (us-east-1), after ',
      )
    },
  )
})

describe('D, crash', () => {
  test('names the container, its exit code and its log stream', async () => {
    at = await scene()
    const logConfiguration = {
      logDriver: 'awslogs' as const,
      options: {
        'awslogs-group': '/ecs/shop',
        'awslogs-region': 'us-east-1',
        'awslogs-stream-prefix': 'shop',
      },
    }
    const good = await at.register('web', 'web:v1', { logConfiguration })
    await at.update('web', { taskDefinition: good })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    at.script.trouble({ image: 'web:v1', is: 'out-of-memory' })
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'crash'])
    expect(first(result, 'cause')).toContain(
      '2 × Essential container in task exited; container web, exit code 137, OutOfMemoryError',
    )
    expect(first(result, 'serving now')).toMatch(
      /^serving now: 2 of 2 desired tasks run web:3 \(web@/,
    )
    const links = told(result).links as readonly { text: string; url: string }[]
    expect(links.map(({ text }) => text)).toEqual([
      'service web',
      expect.stringMatching(/^log of container web: \/ecs\/shop shop\/web\/[0-9a-f]{32}$/),
    ])
  })
})

/** An answer of DescribeServices in which no event says that a task is unhealthy. */
function withoutUnhealthy(text: string): string {
  const { services, ...rest } = JSON.parse(text) as {
    readonly services: readonly { readonly events?: readonly { readonly message: string }[] }[]
  }
  const kept = services.map(({ events = [], ...service }) => ({
    ...service,
    events: events.filter(({ message }) => !message.includes('is unhealthy')),
  }))
  return JSON.stringify({ ...rest, services: kept })
}

describe('E, health', () => {
  /** A service behind a load balancer whose good release answers 502 when it comes back. */
  async function ill(): Promise<void> {
    at = await scene()
    const { targetGroupArn } = await at.balancers.create({
      name: 'web',
      account: '123456789012',
      region: 'us-east-1',
    })
    const portMappings = [{ containerPort: 8080 }]
    const loadBalancers = [{ targetGroupArn, containerName: 'web', containerPort: 8080 }]
    const good = await at.register('web', 'web:v1', { portMappings })
    await at.update('web', { taskDefinition: good, loadBalancers })
    await at.clock.advance(15 * MINUTE)
    await at.takePoint()
    at.push('web:v2')
    await at.update('web', {
      taskDefinition: await at.register('web', 'web:v2', { portMappings }),
    })
    await at.clock.advance(15 * MINUTE)
    at.script.trouble({ image: 'web:v1', is: 'target-unhealthy', status: 502 })
  }

  test('says why the load balancer refuses the tasks, and where it asks', async () => {
    await ill()
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'health'])
    expect(screenOf(result)).toContain(
      'cause: load balancer: Health checks failed with these codes: [502]',
    )
    expect((told(result).says as string[]).join('\n')).toContain(
      'target group web asks / on port 8080 for 200; container web gets its traffic on 8080',
    )
  })

  test('says so too when the event comes after the look at the service that saw the tasks end', async () => {
    await ill()
    const inner = inProcessHandler(at.gateway)
    let ended = 0
    const clients = clientsOf({
      handle: async (request) => {
        const operation = (request.headers['x-amz-target'] ?? '').split('.').at(-1)
        const { response } = await inner.handle(request)
        const text = Buffer.concat(await response.body.toArray()).toString()
        if (operation === 'DescribeTasks') ended = text.split('failed ELB health checks').length - 1
        const late = operation === 'DescribeServices' && ended < 2
        const body = Readable.from([Buffer.from(late ? withoutUnhealthy(text) : text)])
        return { response: { ...response, body } }
      },
    })
    const result = await at.run({ clients })
    expect([result.outcome, told(result).class]).toEqual(['failed', 'health'])
    expect(screenOf(result)).toContain(
      'cause: load balancer: Health checks failed with these codes: [502]',
    )
  })

  test('without the permission for that says the rest, and names it', async () => {
    await ill()
    at.gateway.faults.set([{ effect: 'denied', operation: 'DescribeTargetHealth' }])
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'health'])
    expect(result.next?.join('\n')).toContain(
      'grant elasticloadbalancing:DescribeTargetHealth to the role of this job',
    )
  })
})

describe('F, capacity', () => {
  test('is a warning at once, and ends when there was no place for as long as it may take', async () => {
    await broken()
    at.script.trouble({ taskDefinition: 'web:1', is: 'no-capacity' })
    const { result, took } = await timed(() => at.run({ patience: { capacity: 10 * MINUTE } }))
    expect([result.outcome, told(result).class]).toEqual(['failed', 'capacity'])
    expect(result.lines.filter((line) => line.startsWith('warning: web: '))).toEqual([
      expect.stringContaining('Capacity is unavailable at this time'),
    ])
    expect(took).toBeGreaterThan(10 * MINUTE)
    expect(took).toBeLessThan(11 * MINUTE)
    expect(result.next?.[0]).toContain('make room')
  })

  test('that comes back in time is no failure', async () => {
    await broken()
    const end = at.script.trouble({ taskDefinition: 'web:1', is: 'vcpu-quota' })
    at.clock.after(5 * MINUTE, end)
    expect((await at.run({ patience: { capacity: 10 * MINUTE } })).outcome).toBe('done')
  })

  test('percentages that leave ECS no move end at once, with their numbers', async () => {
    // 150 percent of one task is one task.
    const deploymentConfiguration = { minimumHealthyPercent: 100, maximumPercent: 150 }
    await broken({ service: { desiredCount: 1 } })
    await at.update('web', { deploymentConfiguration })
    const { result, took } = await timed(() => at.run({}))
    expect([result.outcome, told(result).class]).toEqual(['failed', 'capacity'])
    expect(told(result).why).toContain(
      'minimumHealthyPercent 100 and maximumPercent 150 of 1 desired task',
    )
    expect(took).toBeLessThan(MINUTE)
  })
})

describe('G, platform noise', () => {
  test('interrupted tasks are no failure of the rollback', async () => {
    await broken({ service: { desiredCount: 4 } })
    const interrupt = () =>
      at.script.interrupt({ service: 'web', code: 'SpotInterruption', count: 3 })
    for (const minutes of [1, 2, 3]) at.clock.after(minutes * MINUTE, interrupt)
    expect((await at.run({})).outcome).toBe('done')
  })

  test('a role that cannot be assumed in the first minute is none either', async () => {
    await broken()
    at.script.trouble({ image: 'web:v1', is: 'assume-role', times: 2 })
    expect((await at.run({})).outcome).toBe('done')
  })
})

describe('H, ECS gave up', () => {
  test('a rollout that ECS calls FAILED ends with its reason and the state of the breaker', async () => {
    const deploymentConfiguration = {
      deploymentCircuitBreaker: {
        enable: true,
        rollback: false,
        thresholdConfiguration: { type: 'COUNT' as const, value: 1 },
      },
    }
    await broken({ service: { deploymentConfiguration, desiredCount: 1 } })
    at.script.trouble({ image: 'web:v1', is: 'network-interface' })
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'verdict'])
    expect(told(result).why).toContain('circuit breaker')
    expect(first(result, 'ECS says')).toMatch(/circuit breaker TRIGGERED, 1 of 1 failures/)
  })
})

describe('H, an alarm', () => {
  test('that goes off in the bake time is named', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    const says = (status: object) => ({ ...at.clients, ecs: withDeployments(status) })
    const result = await at.run({
      clients: says({
        deploymentCircuitBreaker: undefined,
        alarms: { status: 'TRIGGERED', alarmNames: ['5xx', 'p99'], triggeredAlarmNames: ['p99'] },
      }),
    })
    expect([result.outcome, told(result).class]).toEqual(['failed', 'verdict'])
    expect(told(result).why).toContain('alarms that went off: p99')
  })

  /** ECS, whose service deployments say something else, and one whose event hints at it. */
  function withDeployments(status: object): typeof at.clients.ecs {
    const send = async (command: object) => {
      const answer = await at.clients.ecs.send(command as DescribeServiceDeploymentsCommand)
      if (command instanceof DescribeServicesCommand && at.entries.length > 0) {
        at.script.say({ service: 'web' }, 'alarm detected')
      }
      if (!(command instanceof DescribeServiceDeploymentsCommand)) return answer
      const { serviceDeployments = [] } = answer
      return { serviceDeployments: serviceDeployments.map((one) => ({ ...one, ...status })) }
    }
    return { config: at.clients.ecs.config, send } as unknown as typeof at.clients.ecs
  }
})

describe('I, undone', () => {
  test('is the loudest: the service is back on the BAD version, with both fingerprints', async () => {
    const deploymentConfiguration = {
      deploymentCircuitBreaker: {
        enable: true,
        rollback: true,
        thresholdConfiguration: { type: 'COUNT' as const, value: 1 },
      },
    }
    await broken({ service: { deploymentConfiguration, desiredCount: 1 } })
    at.script.trouble({ image: 'web:v1', is: 'network-interface' })
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['failed', 'undone'])
    expect(first(result, 'verdict')).toMatch(
      /^verdict: I, UNDONE BY ECS; web in prod \(us-east-1\), after .*: undone: .*back on the BAD version web:2.*wanted web@\w{12}; now 1 of 1 desired tasks run web:2/,
    )
  })
})

describe('J, superseded', () => {
  test('says who deployed, and when', async () => {
    await broken()
    at.push('web:v3')
    const fix = await at.register('web', 'web:v3')
    at.clock.after(20_000, () => at.update('web', { taskDefinition: fix }))
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['superseded', 'superseded'])
    expect(told(result).why).toMatch(/^somebody else deployed web:3 \(ecs-svc\/\d+\) at 2026-/)
    expect(told(result).who).toMatch(/^web:3 was registered by /)
  })
})

describe('K, old tasks that do not end', () => {
  test('is done for the traffic, and says that they are not drained', async () => {
    await broken()
    at.script.trouble({ image: 'web:v2', is: 'slow-stop', ms: 60 * MINUTE })
    const { result, took } = await timed(() => at.run({}))
    expect([result.outcome, told(result).class]).toEqual(['done', 'draining'])
    expect(result.outputs?.['bad-tasks-drained']).toBe('false')
    expect(told(result).why).toBe('web:1 runs on all 2 tasks; 2 old tasks are still ending')
    expect(result.lines.join('\n')).toMatch(/2 old tasks are still ending, for about \d+ s/)
    expect(took).toBeLessThan(10 * MINUTE)
  })

  test('is done when the time is over', async () => {
    await broken()
    at.script.trouble({ image: 'web:v2', is: 'slow-stop', ms: 60 * MINUTE })
    const result = await at.run({ timeout: 4 * MINUTE })
    expect([result.outcome, result.outputs?.['bad-tasks-drained']]).toEqual(['done', 'false'])
  })

  test('protected tasks go on serving, and that is not done', async () => {
    await broken()
    const { taskArns: tasks = [] } = await at.clients.ecs.send(
      new ListTasksCommand({ cluster: CLUSTER, serviceName: 'web' }),
    )
    await at.clients.ecs.send(
      new UpdateTaskProtectionCommand({ cluster: CLUSTER, tasks, protectionEnabled: true }),
    )
    const result = await at.run({ timeout: 10 * MINUTE })
    expect([result.outcome, result.outputs?.['bad-tasks-drained']]).toEqual([
      'inconclusive',
      'false',
    ])
    expect(told(result).why).toContain('under protection')
  })
})

describe('L, false calm', () => {
  test('a service that is stable with no task proves nothing', async () => {
    await broken()
    await at.update('web', { desiredCount: 0 })
    await at.clock.advance(5 * MINUTE)
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['inconclusive', 'calm'])
  })

  test('a service that is stable with other digests fails with both', async () => {
    at = await scene()
    const floating = { versionConsistency: 'disabled' as const }
    const taskDefinition = await at.register('web', 'web:v1', floating)
    await at.update('web', { taskDefinition })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.run({ mode: 'stop' })
    const moved = at.push('web:v1', 'something else')
    const result = await at.run({ mode: 'start' })
    expect([result.outcome, told(result).class]).toEqual(['failed', 'calm'])
    expect(told(result).why).toContain(`container web runs ${moved}, expected sha256:`)
  })
})

describe('M, vanished', () => {
  test('a service that is deleted meanwhile ends at once', async () => {
    await broken()
    at.clock.after(20_000, async () => {
      await at.clients.ecs.send(
        new DeleteServiceCommand({ cluster: CLUSTER, service: 'web', force: true }),
      )
    })
    const { result, took } = await timed(() => at.run({}))
    expect([result.outcome, told(result).class]).toEqual(['failed', 'vanished'])
    expect(told(result).why).toContain('it is DRAINING in cluster prod')
    expect(took).toBeLessThan(MINUTE)
  })
})

describe('N, our side', () => {
  test('a session that ended says so, and that ECS goes on', async () => {
    await broken()
    at.clock.after(20_000, () =>
      at.gateway.faults.set([{ effect: 'expired', service: 'ecs', operation: 'DescribeServices' }]),
    )
    const result = await at.run({})
    expect([result.outcome, told(result).class]).toEqual(['inconclusive', 'unseen'])
    expect(told(result).why).toContain('ExpiredToken')
    expect(result.next).toContain(
      'ECS goes on with web by itself: mend it, then run again to attach to it',
    )
    at.gateway.faults.clear()
    expect((await at.run({})).outcome).toBe('done')
    expect(await at.deployments('web')).toBe(3)
  })

  test('AWS that throttles is asked less often, and the rollback ends as it would', async () => {
    await broken()
    let asked = 0
    const busy = at.clock.now() + 9 * MINUTE
    const send = async (command: object) => {
      const looks = command instanceof DescribeServicesCommand
      asked += looks ? 1 : 0
      if (looks && at.entries.length > 0 && at.clock.now() < busy) {
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' })
      }
      return at.clients.ecs.send(command as DescribeServicesCommand)
    }
    const ecs = { config: at.clients.ecs.config, send } as unknown as typeof at.clients.ecs
    const result = await at.run({ clients: { ...at.clients, ecs } })
    expect(result.outcome).toBe('done')
    // Every 5 s would be 108 times.
    expect(asked).toBeLessThan(25)
  })
})

describe('stable-for', () => {
  test('holds the end until all has stayed proven so long, and starts anew when a task ends', async () => {
    await broken()
    const { result: plain, took } = await timed(() => at.run({}))
    await at.close()
    await broken()
    const hold = { patience: { stable: 2 * MINUTE } }
    const { result, took: held } = await timed(() => at.run(hold))
    expect([plain.outcome, result.outcome]).toEqual(['done', 'done'])
    expect(held - took).toBeGreaterThanOrEqual(2 * MINUTE - 10_000)
    await at.close()
    await broken()
    at.clock.after(took + MINUTE, () =>
      at.script.interrupt({ service: 'web', code: 'SpotInterruption', count: 1 }),
    )
    const { took: again } = await timed(() => at.run(hold))
    expect(again).toBeGreaterThan(held + MINUTE / 2)
  })
})

describe('what is shown', () => {
  const CANARY = 'hunter2-canary'
  const hostile = '</td>::error::x\n| a | [b](https://evil.example) ${{ secrets.X }}'

  test('has no value of an environment in it, and hostile texts cannot do anything', async () => {
    at = await scene()
    const environment = [{ name: 'PASSWORD', value: CANARY }]
    const dockerLabels = { token: CANARY }
    const command = ['serve', CANARY]
    const good = await at.register('web', 'web:v1', { environment, dockerLabels, command })
    await at.update('web', { taskDefinition: good })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    at.script.trouble({ image: 'web:v1', is: 'exit', code: 1, reason: hostile })
    at.clock.after(10_000, () => at.script.say({ service: 'web' }, `failed ${hostile}`))
    const result = await at.run({})
    expect(told(result).class).toBe('crash')
    const texts = [summaryOf('ecs-rollback', result), ...linesOf(result), ...result.lines]
    expect([...texts, JSON.stringify(result)].join('\n')).not.toContain(CANARY)
    const [summary = ''] = texts
    expect(summary).not.toMatch(/^::|<\/td>|[^\\]\]\(https:\/\/evil/m)
    expect(summary).toContain('- [service web](https://us-east-1.console.aws.amazon.com/')
  })

  test('comes in one order: verdict, way, why, what serves, causes, events, ECS’s verdict', async () => {
    await broken()
    at.script.trouble({ image: 'web:v1', is: 'out-of-memory' })
    const result = await at.run({})
    const kinds = screenOf(result).map((row) => row.split(':')[0])
    const once = kinds.filter((kind, index) => kinds.indexOf(kind) === index)
    expect(once.filter((kind) => kind !== 'event')).toEqual([
      'verdict',
      'from → to',
      'why there',
      'serving now',
      'cause',
      'ECS says',
      'deployment',
    ])
    const titles = result.sections?.map(({ title }) => title) ?? []
    expect(titles.slice(0, 3)).toEqual([
      'web in prod (us-east-1): failed',
      'Look at web',
      'Services',
    ])
    expect(result.next?.[0]).toMatch(/^web: read the log of the container/)
  })

  test('ends with where else the service could go, as to: takes it', async () => {
    at = await scene()
    await at.deployBad()
    at.push('web:v3')
    await at.update('web', { taskDefinition: await at.register('web', 'web:v3') })
    await at.clock.advance(60 * MINUTE)
    at.script.trouble({ image: 'web:v2', is: 'out-of-memory' })
    const result = await at.run({ withoutStore: true })
    expect(told(result)).toMatchObject({ class: 'crash', change: 'web:3 → web:2' })
    expect(first(result, 'why there')).toMatch(/^why there: G\d: /)
    const elsewhere = result.next?.find((line) => line.startsWith('web could go elsewhere'))
    expect(elsewhere).toMatch(/^web could go elsewhere: to: \S+ \(web:1, G\d: /)
    expect(JSON.stringify(told(result).chosen)).toMatch(/^\{"grade":"G\d","why":"[^"]+"\}$/)
  })

  test('in the end of a good one is what runs, by task definition', async () => {
    await broken()
    const result = await at.run({})
    const services = result.sections?.find(({ title }) => title === 'Services')
    const [row] = services && 'rows' in services ? services.rows : []
    expect(row?.slice(0, 2)).toEqual(['web', 'web:2 → web:1'])
    expect(row?.[3]).toBe('web:1 2/2')
    expect(result.sections?.map(({ title }) => title)).not.toContain('Look at web')
  })
})

describe('the calls of a watch', () => {
  test('thirty services need one list of ended tasks each, and few looks at the others', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `service-${index}`)
    await broken({ names })
    const { clients, counts } = counting()
    expect((await at.run({ clients })).outcome).toBe('done')
    expect(counts.ListTasksSTOPPED).toBe(30)
    expect((counts.ListTasks ?? 0) + (counts.DescribeTasks ?? 0)).toBeLessThanOrEqual(30 * 11)
    expect(counts.DescribeServices).toBeLessThanOrEqual(3 * 26)
  }, 30_000)
})

/** Clients whose calls are counted by operation. */
function counting() {
  const counts: Record<string, number> = {}
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  const inner = inProcessHandler(at.gateway)
  const clients = clientsOf({
    handle: async (request: Parameters<typeof inner.handle>[0]) => {
      const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? ''
      count(operation)
      if (
        operation === 'ListTasks' &&
        new TextDecoder().decode(request.body as Uint8Array).includes('STOPPED')
      )
        count('ListTasksSTOPPED')
      return inner.handle(request)
    },
  })
  return { clients, counts }
}
