// ecspresso (kayac/ecspresso), a deployment tool for ECS by others, works with the sandbox as with AWS. It waits by its own
// logic, of which this project knows nothing; the AWS CLI says beside it what is there.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type ServiceDeploymentBrief,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'
import { aws, awsJson, type Ran } from '../gateway/clients.ts'
import { eventually, pushProgram } from './street.ts'

/** It looks every 10 or 15 real seconds, which cannot be changed: a rollout of two simulated minutes ends between two looks. */
const SCALE = 15

const { ecspresso: install } = (await import(
  pathToFileURL(resolve('scripts/install.mjs')).href
)) as { readonly ecspresso: () => string }

let sandbox: Sandbox
let program: string

beforeAll(async () => {
  program = install()
  sandbox = await startSandbox({ scale: SCALE, ministack: false })
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
  await pushProgram(sandbox, 'web:bad', { VERSION: 'bad', BOOT: 'badly' })
}, 600_000)
afterAll(() => sandbox.close())

type Kept = { readonly containerDefinitions: [{ image: string }] }

/** A service `web` of an account of its own, and a folder with what `ecspresso init` wrote of it. */
interface Shop {
  readonly env: Record<string, string>
  readonly client: ECSClient
  readonly folder: string
  ecspresso(...args: string[]): Promise<Ran>
  /** Puts another image into the task definition file, as a deployment does. */
  edit(image: string): void
  register(image: string): Promise<string>
  look(): Promise<Look>
}

/** What the AWS CLI says: tasks by image, and the newest service deployment. */
interface Look {
  readonly taskDefinition: string
  readonly rollouts: readonly string[]
  readonly deployment: string
  readonly images: readonly string[]
}

async function shop(account: string): Promise<Shop> {
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account }
  const client = new ECSClient({
    region: 'us-east-1',
    endpoint: sandbox.url,
    credentials: { accessKeyId: account, secretAccessKey: 'x' },
  })
  const register = async (image: string) => {
    const { taskDefinition } = await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'web',
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [{ name: 'web', image, portMappings: [{ containerPort: 8080 }] }],
        tags: [{ key: 'team', value: 'shop' }],
      }),
    )
    return taskDefinition?.taskDefinitionArn ?? ''
  }
  await client.send(new CreateClusterCommand({ clusterName: 'prod' }))
  await client.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: await register('web:1'),
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      tags: [{ key: 'team', value: 'shop' }],
    }),
  )
  mkdirSync(join(sandbox.folder, 'ecspresso'), { recursive: true })
  const folder = mkdtempSync(join(sandbox.folder, 'ecspresso/'))
  const definition = join(folder, 'ecs-task-def.json')
  return {
    env,
    client,
    folder,
    register,
    ecspresso: (...args) => run(folder, env, args),
    edit: (image) => {
      const kept = JSON.parse(readFileSync(definition, 'utf8')) as Kept
      kept.containerDefinitions[0].image = image
      writeFileSync(definition, JSON.stringify(kept))
    },
    look: () => look({ env, client }),
  }
}

function run(cwd: string, env: Record<string, string>, args: readonly string[]): Promise<Ran> {
  const options = { cwd, env: { ...env, ECSPRESSO_COLOR: 'false' } }
  return new Promise((done) => {
    execFile(program, [...args], options, (error, out, err) => {
      done({ code: error ? Number(error.code ?? 1) : 0, out, err })
    })
  })
}

async function look({ env, client }: Pick<Shop, 'env' | 'client'>): Promise<Look> {
  const ecs = (...args: string[]) => awsJson(env, 'ecs', ...args)
  const [{ services }, { serviceDeployments }] = await Promise.all([
    ecs('describe-services', '--cluster', 'prod', '--services', 'web'),
    ecs('list-service-deployments', '--cluster', 'prod', '--service', 'web'),
  ])
  const { taskArns = [] } = await client.send(
    new ListTasksCommand({ cluster: 'prod', serviceName: 'web', desiredStatus: 'RUNNING' }),
  )
  const { tasks = [] } = await client.send(
    new DescribeTasksCommand({ cluster: 'prod', tasks: taskArns }),
  )
  return {
    taskDefinition: services[0].taskDefinition.split('/')[1],
    rollouts: services[0].deployments.map(
      (one: { status: string; rolloutState: string }) => `${one.status} ${one.rolloutState}`,
    ),
    deployment: serviceDeployments[0].status,
    images: tasks.map(({ containers = [] }) => containers[0]?.image ?? ''),
  }
}

/** Waits with the AWS CLI's own waiter, 15 real seconds between two looks. */
const stable = ({ env }: Shop) =>
  aws(env, 'ecs', 'wait', 'services-stable', '--cluster', 'prod', '--services', 'web')

/** The newest deployment, looked at by the SDK, which is quick. */
async function newest({ client }: Pick<Shop, 'client'>): Promise<ServiceDeploymentBrief> {
  const asked = new ListServiceDeploymentsCommand({ cluster: 'prod', service: 'web' })
  const { serviceDeployments = [] } = await client.send(asked)
  return serviceDeployments[0] ?? {}
}

const finished = (one: Shop) =>
  eventually(
    'the newest deployment is finished',
    async () => (await newest(one)).status === 'SUCCESSFUL',
  )

async function opened(account: string): Promise<Shop> {
  const one = await shop(account)
  await finished(one)
  const began = await one.ecspresso('init', '--cluster', 'prod', '--service', 'web')
  expect(began).toMatchObject({ code: 0 })
  return one
}

/** What an ecspresso that deploys says of the deployment that it follows: each status once, in order. */
const statuses = ({ out, err }: Ran) =>
  [...`${out}\n${err}`.matchAll(/service deployment status.*?status[=:]"?([A-Z_]+)/g)].map(
    ([, status]) => status,
  )

type Row = readonly [name: string, account: string, story: (one: Shop) => Promise<void>]

const byHand = (one: Shop, taskDefinition: string) =>
  one.client.send(new UpdateServiceCommand({ cluster: 'prod', service: 'web', taskDefinition }))

const rows: readonly Row[] = [
  [
    'init and status tell what was registered and created, and diff finds nothing to say',
    '310000000001',
    async (one) => {
      const kept = (file: string) => JSON.parse(readFileSync(join(one.folder, file), 'utf8'))
      const tags = [{ key: 'team', value: 'shop' }]
      expect(kept('ecs-task-def.json')).toMatchObject({
        ...{ family: 'web', networkMode: 'awsvpc', cpu: '256', memory: '512', tags },
        containerDefinitions: [{ name: 'web', image: 'web:1' }],
      })
      expect(kept('ecs-service-def.json')).toMatchObject({
        ...{ desiredCount: 2, launchType: 'FARGATE', schedulingStrategy: 'REPLICA', tags },
        deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
      })
      expect(await one.ecspresso('diff')).toMatchObject({ code: 0, out: '' })
      const { code, out } = await one.ecspresso('status')
      expect(code).toBe(0)
      expect(out).toContain('PRIMARY web:1 desired:2 pending:0 running:2 COMPLETED')
      expect(out).toContain('(service web) has reached a steady state.')
    },
  ],
  [
    'a release that comes up: deployed, stable and running',
    '310000000002',
    async (one) => {
      one.edit('web:2')
      const deployed = await one.ecspresso('deploy', '--wait-until', 'deployed')
      expect(deployed).toMatchObject({ code: 0 })
      expect(statuses(deployed).at(-1)).toBe('SUCCESSFUL')
      expect(await stable(one)).toMatchObject({ code: 0 })
      expect(await one.look()).toEqual(serves('web:2', 'SUCCESSFUL'))
    },
  ],
  [
    'a release that never starts: the circuit breaker takes it back, which ecspresso calls a failure and the waiter of the AWS CLI stable',
    '310000000003',
    async (one) => {
      one.edit('web:bad')
      const deployed = await one.ecspresso('deploy', '--wait-until', 'deployed')
      expect(deployed.code).toBe(1)
      expect(statuses(deployed).at(-1)).toBe('ROLLBACK_SUCCESSFUL')
      expect(deployed.err).toMatch(/web:2 is not deployed yet\. PRIMARY deployment is \S+web:1$/m)
      expect(await stable(one)).toMatchObject({ code: 0 })
      expect(await one.look()).toEqual(serves('web:1', 'ROLLBACK_SUCCESSFUL'))
    },
  ],
  [
    'a release that somebody stops by the AWS CLI: ecspresso, which deploys it, sees it go back',
    '310000000004',
    async (one) => {
      one.edit('web:2')
      const deploying = one.ecspresso('deploy', '--wait-until', 'deployed')
      await eventually('it is under way', async () =>
        /PENDING|IN_PROGRESS/.test((await newest(one)).status ?? ''),
      )
      const { serviceDeploymentArn = '' } = await newest(one)
      await awsJson(
        one.env,
        ...['ecs', 'stop-service-deployment', '--stop-type', 'ROLLBACK'],
        ...['--service-deployment-arn', serviceDeploymentArn],
      )
      const deployed = await deploying
      expect(deployed.code).toBe(1)
      expect(deployed.err).toContain('web:2 is not deployed yet.')
      expect(await stable(one)).toMatchObject({ code: 0 })
      expect(await one.look()).toEqual(serves('web:1', 'ROLLBACK_SUCCESSFUL'))
    },
  ],
  [
    'a finished release: ecspresso rolls back by UpdateService, waits, and deregisters what it says',
    '310000000005',
    async (one) => {
      await byHand(one, await one.register('web:2'))
      await finished(one)
      const rolled = await one.ecspresso('rollback')
      expect(rolled).toMatchObject({ code: 0 })
      expect(rolled.err).toContain('deregistered successfully [task_definition:web:2]')
      expect(await stable(one)).toMatchObject({ code: 0 })
      expect(await one.look()).toEqual(serves('web:1', 'SUCCESSFUL'))
      const second = ['ecs', 'describe-task-definition', '--task-definition', 'web:2']
      expect((await awsJson(one.env, ...second)).taskDefinition.status).toBe('INACTIVE')
      // The first is the release.
      expect(called(one)).toEqual(['UpdateService', 'UpdateService', 'DeregisterTaskDefinition'])
    },
  ],
  [
    // It counts only deployments that began after itself, so it is held until there is one.
    'a release under way: ecspresso stops its deployment, and ECS goes back by itself',
    '310000000006',
    async (one) => {
      const { AWS_ACCESS_KEY_ID: account = '' } = one.env
      const second = await one.register('web:2')
      const held = { account, operation: 'DescribeServices', nth: 1 } as const
      sandbox.faults.add({ effect: 'slow', ms: 3000 * SCALE, ...held })
      const rolling = one.ecspresso('rollback', '--no-wait', '--no-deregister-task-definition')
      await eventually('it looks', async () =>
        sandbox.faults.list().some(({ rule, hit }) => rule.account === account && hit > 0),
      )
      await byHand(one, second)
      expect(await rolling).toMatchObject({ code: 0 })
      expect(called(one)).toEqual(['UpdateService', 'StopServiceDeployment'])
      expect(await one.ecspresso('wait', '--wait-until', 'stable')).toMatchObject({ code: 0 })
      expect(await one.look()).toEqual(serves('web:1', 'ROLLBACK_SUCCESSFUL'))
    },
  ],
  [
    'a rollback of ours: ecspresso and the AWS CLI, waiting beside it, agree that it ended, none before it had',
    '310000000007',
    async (one) => {
      await byHand(one, await one.register('web:2'))
      await finished(one)
      const inputs = { cluster: 'prod', services: 'web', to: 'web:1', 'poll-interval': '500ms' }
      const timed = async <T extends { code: number }>(work: Promise<T>) => ({
        code: (await work).code,
        at: Date.now(),
      })
      const ours = timed(runBundle('ecs-rollback', { inputs, env: one.env }))
      await eventually('it began', async () => called(one).length === 2)
      const ends = await Promise.all([
        ours,
        timed(one.ecspresso('wait', '--wait-until', 'stable')),
        timed(stable(one)),
      ])
      expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
      const { events } = (
        await awsJson(
          one.env,
          ...['ecs', 'describe-services', '--cluster', 'prod', '--services', 'web'],
        )
      ).services[0]
      const steadyAt = Date.parse(events[0].createdAt)
      expect(ends.filter(({ at }) => at < steadyAt)).toEqual([])
      expect(await one.look()).toEqual(serves('web:1', 'SUCCESSFUL'))
    },
  ],
]

/** What the AWS CLI says of a service whose two tasks all run one image. */
function serves(image: string, deployment: string): Look {
  return {
    ...{ taskDefinition: image, rollouts: ['PRIMARY COMPLETED'], deployment },
    images: [image, image],
  }
}

/** What changed a service after it was there, in order. */
const called = ({ env }: Shop) =>
  sandbox.calls
    .list({ mutating: true, account: env.AWS_ACCESS_KEY_ID ?? '' })
    .map(({ operation }) => operation)
    .filter((operation) => !/^(Create|Register)/.test(operation))

// Side by side, each in an account of its own: most of it is waiting.
test.concurrent.each(rows)(
  '%s',
  async (_name, account, story) => {
    await story(await opened(account))
  },
  180_000,
)
