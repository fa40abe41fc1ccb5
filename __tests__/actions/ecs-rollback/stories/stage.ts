import {
  CreateClusterCommand,
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import {
  type Fault,
  listenOn,
  type MemoryGateway,
  memoryGateway,
  realClock,
} from '../../../../packages/sandbox/index.ts'
import { type Ended, runBundle } from '../../../support/bundle.ts'

/** Simulated milliseconds in one: a rollout takes two and a half seconds. */
const SCALE = 60

/** In the environment of every task definition, and nowhere else. */
export const CANARY = 'hunter2-canary'

/** A cloud behind a socket, for bundles in processes of their own; its containers are scripted. */
export interface Stage {
  readonly cloud: MemoryGateway
  readonly url: string
  /** Opens an account with a cluster of its own, in which `web:1` runs `<cluster>:v1`, two tasks, steady. */
  open(name: string, more?: Partial<CreateServiceCommandInput>): Promise<Street>
  close(): Promise<void>
}

type Trouble = Parameters<MemoryGateway['ecs']['script']['trouble']>[0]

/** One service and who does what to it. */
export interface Street {
  readonly cluster: string
  readonly account: string
  readonly client: ECSClient
  readonly stage: Stage
  readonly env: Readonly<Record<string, string>>
  /** Registers the next revision of `web` with an image of this cluster. */
  register(tag: string): Promise<string>
  update(more: Partial<UpdateServiceCommandInput>): Promise<void>
  /** Begins to deploy `v2` as `web:2`. */
  deploy(tag?: string): Promise<void>
  /** The newest deployment ends in this state. */
  reaches(status: string): Promise<void>
  /** The newest deployment waits at a hook. */
  pauses(): Promise<void>
  /** Has ECS take the newest deployment back. */
  takeBack(): Promise<void>
  /** Lets something go wrong in this cluster alone; the answer ends it. */
  trouble(rule: Trouble): () => void
  fault(rule: Fault): void
  /** What the bundle has changed so far. */
  changed(): readonly string[]
  run(
    inputs?: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<Ended>
  /** What serves, asked of ECS: `web:1 2/2`, and the digests that run. */
  serves(): Promise<string>
  newest(): Promise<string | undefined>
}

/** Looks until it is so; throws after 60 real seconds. */
export async function eventually(what: string, look: () => Promise<boolean> | boolean) {
  const deadline = performance.now() + 60_000
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`Still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

/** Opens the stage. */
export async function openStage(): Promise<Stage> {
  const cloud = memoryGateway({ clock: realClock(SCALE) })
  const { url, close } = await listenOn(cloud)
  let opened = 0
  const stage: Stage = {
    cloud,
    url,
    open: async (name, more) => {
      opened += 1
      const account = String(400_000_000_000 + opened)
      const one = street(stage, { cluster: name, account })
      await begin(one, more)
      return one
    },
    close: async () => {
      await close()
      await cloud.close()
    },
  }
  return stage
}

async function begin(one: Street, more: Partial<CreateServiceCommandInput> = {}): Promise<void> {
  const { client, cluster } = one
  await client.send(new CreateClusterCommand({ clusterName: cluster }))
  await client.send(
    new CreateServiceCommand({
      cluster,
      serviceName: 'web',
      taskDefinition: await one.register('v1'),
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      ...more,
    }),
  )
  // What ECS deploys by itself.
  if (more.deploymentController === undefined) await one.reaches('SUCCESSFUL')
}

type Named = Pick<Street, 'cluster' | 'account'>

function street(stage: Stage, { cluster, account }: Named): Street {
  const { cloud, url } = stage
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  const client = new ECSClient({ endpoint: url, region: 'us-east-1', credentials })
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: account,
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
  }
  const at = { cluster, service: 'web' }
  const register = async (tag: string) => {
    cloud.ecs.images.push(`${cluster}:${tag}`, { command: ['run', cluster, tag] })
    return registered(client, `${cluster}:${tag}`)
  }
  const update: Street['update'] = async (more) => {
    await client.send(new UpdateServiceCommand({ ...at, ...more }))
  }
  const newest = async () => {
    const found = await client.send(new ListServiceDeploymentsCommand(at))
    return found.serviceDeployments?.[0]
  }
  return {
    ...{ cluster, account, client, stage, env, register, update },
    deploy: async (tag = 'v2') => update({ taskDefinition: await register(tag) }),
    reaches: (status) =>
      eventually(`${cluster} ${status}`, async () => (await newest())?.status === status),
    pauses: () =>
      eventually(`${cluster} pauses`, async () => {
        const arn = (await newest())?.serviceDeploymentArn ?? ''
        const asked = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] })
        const [found] = (await client.send(asked)).serviceDeployments ?? []
        return (
          found?.lifecycleHookDetails?.some(({ status }) => status === 'AWAITING_ACTION') === true
        )
      }),
    takeBack: async () => {
      const { serviceDeploymentArn } = (await newest()) ?? {}
      const stopType = 'ROLLBACK'
      await client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType }))
    },
    trouble: (rule) => cloud.ecs.script.trouble({ ...rule, cluster }),
    fault: (rule) => cloud.faults.add({ ...rule, account }),
    changed: () =>
      cloud.calls
        .list({ account, mutating: true })
        .filter(({ userAgent }) => userAgent.includes('rollback-actions'))
        .map(({ operation }) => operation),
    run: (inputs, more) =>
      runBundle('ecs-rollback', {
        inputs: { cluster, services: 'web', to: 'web:1', 'poll-interval': '300ms', ...inputs },
        env: { ...env, ...more },
      }),
    serves: () => serves(client, at),
    newest: async () => (await newest())?.status,
  }
}

async function registered(client: ECSClient, image: string): Promise<string> {
  const environment = [{ name: 'PASSWORD', value: `${CANARY} of ${image}` }]
  const { taskDefinition } = await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [
        { name: 'web', image, environment, portMappings: [{ containerPort: 8080 }] },
      ],
    }),
  )
  return taskDefinition?.taskDefinitionArn ?? ''
}

async function serves(
  client: ECSClient,
  { cluster, service }: { cluster: string; service: string },
): Promise<string> {
  const { services } = await client.send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  )
  const { desiredCount } = services?.[0] ?? {}
  const { taskArns = [] } = await client.send(
    new ListTasksCommand({ cluster, serviceName: service, desiredStatus: 'RUNNING' }),
  )
  if (taskArns.length === 0) return `nothing, of ${desiredCount}`
  const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))
  const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING')
  const names = [...new Set(running.map((one) => one.taskDefinitionArn?.split('/').at(-1)))]
  return `${names.sort().join('+')} ${running.length}/${desiredCount}`
}
