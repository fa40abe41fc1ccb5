import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { captureServices, connect as connectEcs } from '#ecs'
import { connect as connectStore, createDocument, envelope, keys, openStore } from '#store'
import { type EcsService, ecsService } from '../../../packages/sandbox/ecs/index.ts'
import { type Fault, type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { fakeRuntime } from '../../../packages/sandbox/processes/fake.ts'
import { recordId } from '../../actions/ecs-rollback/scene.ts'
import { runBundle } from '../bundle.ts'
import { testRun } from '../run.ts'

/** A rollout takes two and a half seconds. */
const SCALE = 60
const PATIENCE = 90_000
const REGION = 'us-east-1'

/** Something that the bundle of ecs-rollback does to a service, step by step, and can be killed in. */
export interface Work {
  readonly name: string
  readonly modes: readonly ('rollback' | 'stop' | 'start')[]
  /** How it comes to need it. */
  readonly before: (at: Place) => Promise<void>
}

/** A sandbox with a store and scripted containers. */
export interface Ground {
  readonly sandbox: Sandbox
  readonly ecs: EcsService
  close(): Promise<void>
}

/** An account with one service, a verified restore point and the open record of its rollback. */
interface Place {
  readonly ground: Ground
  readonly account: string
  readonly client: ECSClient
}

/** Starts a sandbox for any number of kills. */
export async function startGround(): Promise<Ground> {
  let ecs: EcsService | undefined
  const sandbox = await startSandbox({
    scale: SCALE,
    services: (ground, wiring) => {
      ecs = ecsService(ground, { ...wiring, runtime: fakeRuntime(ground.clock) })
      return [ecs]
    },
  })
  if (!ecs) throw new Error('no ECS')
  return { sandbox, ecs, close: () => sandbox.close() }
}

/** A cluster of its own, so that what goes wrong there goes wrong nowhere else. */
const clusterOf = ({ account }: Pick<Place, 'account'>) => `shop-${account}`
const webOf = (at: Place) => ({ cluster: clusterOf(at), service: 'web' })

async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`Still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const configOf = ({ ground: { sandbox }, account }: Place) => ({
  region: REGION,
  credentials: async () => ({ accessKeyId: account, secretAccessKey: 'x' }),
  maxAttempts: 8,
  retryMode: 'standard' as const,
  customUserAgent: 'test',
  endpoint: sandbox.url,
})

const bucketOf = ({ account }: Place) => `store-${account}`

async function register({ client, ground, account }: Place, tag: string): Promise<string> {
  const image = `shop-${account}:${tag}`
  // The same digest in every account.
  ground.ecs.images.push(image, { command: ['run', tag] })
  const { taskDefinition } = await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [{ name: 'web', image }],
    }),
  )
  return taskDefinition?.taskDefinitionArn ?? ''
}

async function newest(at: Place): Promise<string | undefined> {
  const asked = new ListServiceDeploymentsCommand(webOf(at))
  const { serviceDeployments } = await at.client.send(asked)
  return serviceDeployments?.[0]?.status
}

async function deploy(at: Place, reaches: string): Promise<void> {
  const taskDefinition = await register(at, 'v2')
  await at.client.send(new UpdateServiceCommand({ ...webOf(at), taskDefinition }))
  await eventually(reaches, async () => (await newest(at)) === reaches)
}

async function openPlace(ground: Ground, account: string): Promise<Place> {
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  const client = new ECSClient({ endpoint: ground.sandbox.url, region: REGION, credentials })
  const at = { ground, account, client }
  await client.send(new CreateClusterCommand({ clusterName: clusterOf(at) }))
  await client.send(
    new CreateServiceCommand({
      cluster: clusterOf(at),
      serviceName: 'web',
      taskDefinition: await register(at, 'v1'),
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    }),
  )
  await eventually('the first release', async () => (await newest(at)) === 'SUCCESSFUL')
  await openStoreOf(at)
  return at
}

/** The store with what rollback-report leaves there: a verified point and an open record. */
async function openStoreOf(at: Place): Promise<void> {
  const config = configOf(at)
  const Bucket = bucketOf(at)
  const s3 = new S3Client({ ...config, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const where = { environment: 'production', account: at.account, region: REGION }
  const store = await openStore(connectStore(config, `s3://${Bucket}`), where)
  const captured = await captureServices(connectEcs(config), {
    cluster: clusterOf(at),
    names: ['web'],
  })(testRun())
  const point = 'production/4711/before'
  await createDocument(store, keys.document(point), {
    kind: 'restore-point',
    ...envelope(store),
    ...{ id: point, point: 'before', takenAt: '2026-11-22T03:00:00Z', repository: 'acme/shop' },
    ...{ sha: 'a'.repeat(40), run: '4711', fingerprint: 'f' },
    verified: { is: true, why: 'its checks were healthy', held: false },
    components: { ecs: captured.state },
  })
  await createDocument(store, keys.document(recordId), {
    kind: 'record',
    ...envelope(store),
    ...{ id: recordId, repository: 'acme/shop', undone: 'production/4711', from: 'b'.repeat(40) },
    ...{ to: point, profile: 'A', planId: 'p', consent: 'not-needed', reason: 'it answers 5xx' },
    ...{ actor: 'ada', trigger: 'verdict', state: 'open', openedAt: '2026-11-22T03:00:00Z' },
    ...{ runs: [], journal: [], parts: {} },
  })
}

/** What is killed, and how it comes to that. */
export const works: readonly Work[] = [
  {
    name: 'a release that is under way is taken back by ECS',
    modes: ['rollback'],
    before: async (at) => {
      const { script } = at.ground.ecs
      script.trouble({ is: 'no-capacity', taskDefinition: 'web:2', cluster: clusterOf(at) })
      await deploy(at, 'IN_PROGRESS')
    },
  },
  {
    name: 'a release that is finished goes back to a destination that has to be registered again',
    modes: ['rollback'],
    before: async (at) => {
      await deploy(at, 'SUCCESSFUL')
      await at.client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: 'web:1' }))
    },
  },
  {
    name: 'a service is stopped, rolled back and started',
    modes: ['stop', 'rollback', 'start'],
    before: (at) => deploy(at, 'SUCCESSFUL'),
  },
]

/** How a series of bundles ended: the outcome of the last, or `killed`. */
async function run(at: Place, { modes }: Work): Promise<string> {
  const { sandbox } = at.ground
  let outcome = ''
  for (const mode of modes) {
    const ended = await runBundle('ecs-rollback', {
      inputs: {
        ...{ mode, cluster: clusterOf(at), services: 'web', environment: 'production' },
        ...{ store: `s3://${bucketOf(at)}`, record: recordId, 'poll-interval': '300ms' },
      },
      env: {
        ...{ AWS_ENDPOINT_URL: sandbox.url, AWS_REGION: REGION },
        ...{ AWS_ACCESS_KEY_ID: at.account, AWS_SECRET_ACCESS_KEY: 'x' },
        ...{ GITHUB_REPOSITORY: 'acme/shop', GITHUB_ACTOR: 'ada', GITHUB_SHA: 'a'.repeat(40) },
        ...{ GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '1' },
      },
    })
    outcome = ended.outputs.outcome ?? 'killed'
    if (outcome === 'killed') return outcome
    if (!['done', 'unchanged'].includes(outcome)) throw new Error(ended.log.slice(-1500))
  }
  return outcome
}

/** What is there at the end: who serves, how many deployments and revisions there were. */
async function endOf(at: Place) {
  const { client } = at
  const cluster = clusterOf(at)
  const { services } = await client.send(
    new DescribeServicesCommand({ cluster, services: ['web'] }),
  )
  const { taskDefinition = '', desiredCount } = services?.[0] ?? {}
  const listed = await client.send(
    new ListTasksCommand({ cluster, serviceName: 'web', desiredStatus: 'RUNNING' }),
  )
  const tasks = listed.taskArns ?? []
  const found = tasks.length
    ? ((await client.send(new DescribeTasksCommand({ cluster, tasks }))).tasks ?? [])
    : []
  const images = found.flatMap(({ containers = [] }) => containers[0]?.image?.split(':')[1] ?? '')
  const { serviceDeployments = [] } = await client.send(
    new ListServiceDeploymentsCommand(webOf(at)),
  )
  const revisions = await Promise.all(
    (['ACTIVE', 'INACTIVE'] as const).map(async (status) => {
      const asked = new ListTaskDefinitionsCommand({ familyPrefix: 'web', status })
      return `${status} ${(await client.send(asked)).taskDefinitionArns?.length ?? 0}`
    }),
  )
  return {
    runs: `${taskDefinition.split('/').at(-1)} of ${desiredCount}: ${images.sort().join(' ')}`,
    deployments: serviceDeployments.map(({ status }) => status).join(' '),
    revisions: revisions.join(', '),
  }
}

/** How a work ends when nobody kills it, and its mutating calls. */
export interface Whole {
  readonly work: Work
  readonly end: Awaited<ReturnType<typeof endOf>>
  readonly calls: readonly string[]
}

let accounts = 0
/** An account of its own for each kill. */
async function begun(ground: Ground, work: Work): Promise<Place> {
  accounts += 1
  const at = await openPlace(ground, String(500_000_000_000 + accounts))
  await work.before(at)
  return at
}

/** Does a work without a kill. */
export async function whole(ground: Ground, work: Work): Promise<Whole> {
  const at = await begun(ground, work)
  const after = ground.sandbox.calls.list().at(-1)?.n ?? 0
  await run(at, work)
  const { account } = at
  const calls = ground.sandbox.calls.list({ account, mutating: true, after })
  return { work, end: await endOf(at), calls: calls.map(({ operation }) => operation) }
}

type Mark = Pick<Extract<Fault, { effect: 'kill' }>, 'operation' | 'nth' | 'when'>

/** Kills a work at a call, does it once more in peace, and says what is then other than without the kill. */
export async function killed(
  ground: Ground,
  { work, end }: Whole,
  mark: Mark,
): Promise<readonly string[]> {
  const at = await begun(ground, work)
  const { account } = at
  ground.sandbox.faults.add({ effect: 'kill', pid: 'caller', account, ...mark })
  const first = await run(at, work)
  const second = await run(at, work)
  const last = await endOf(at)
  const wrong = (Object.keys(end) as (keyof typeof end)[]).filter((key) => last[key] !== end[key])
  return [
    ...(first === 'killed' ? [] : [`ended ${first}, not killed`]),
    ...(second === 'killed' ? ['killed twice'] : []),
    ...wrong.map((key) => `${key}: ${last[key]}, without the kill ${end[key]}`),
  ]
}
