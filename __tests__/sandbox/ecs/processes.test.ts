import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  waitUntilServicesStable,
} from '@aws-sdk/client-ecs'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Sandbox } from '../../../packages/sandbox/index.ts'
import {
  admin,
  createLoadBalancer,
  eventually,
  exists,
  pushProgram,
  startStreet,
} from './street.ts'

const ACCOUNT = '200000000001'
const web = { cluster: 'prod', services: ['web'] }
let sandbox: Sandbox
let client: ECSClient
let url: string

async function register(image: string, secret: string): Promise<string> {
  const { taskDefinition } = await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/execution`,
      containerDefinitions: [
        {
          name: 'web',
          image,
          portMappings: [{ containerPort: 8080 }],
          secrets: [{ name: 'TOKEN', valueFrom: secret }],
        },
      ],
    }),
  )
  return taskDefinition?.taskDefinitionArn ?? ''
}

const stable = () =>
  waitUntilServicesStable({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, web)
const deployed = async (taskDefinition: string) => {
  await client.send(new UpdateServiceCommand({ cluster: 'prod', service: 'web', taskDefinition }))
  await stable()
}
const answer = async () => (await fetch(url)).json() as Promise<{ version: string; pid: number }>
const describe_ = async () => (await client.send(new DescribeServicesCommand(web))).services?.[0]
const processes = async () =>
  (await admin(sandbox, 'tasks')).tasks.flatMap((task: { containers: { pid: number | null }[] }) =>
    task.containers.flatMap(({ pid }) => pid ?? []),
  ) as number[]

let secret: string

beforeAll(async () => {
  sandbox = await startStreet()
  const config = {
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'x' },
  }
  client = new ECSClient(config)
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
  await pushProgram(sandbox, 'web:broken', { VERSION: '3', BOOT: 'badly' })
  const balancer = await createLoadBalancer(sandbox, { name: 'web', account: ACCOUNT })
  url = balancer.url
  const made = await new SecretsManagerClient(config).send(
    new CreateSecretCommand({ Name: 'prod/token', SecretString: 'twelve chars' }),
  )
  secret = made.ARN ?? ''
  await client.send(new CreateClusterCommand({ clusterName: 'prod' }))
  await client.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: await register('web:1', secret),
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      loadBalancers: [
        { targetGroupArn: balancer.targetGroupArn, containerName: 'web', containerPort: 8080 },
      ],
      deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    }),
  )
  await stable()
}, 60_000)
afterAll(async () => {
  const pids = await processes()
  await sandbox.close()
  expect(pids.length).toBeGreaterThan(0)
  expect(pids.filter(exists)).toEqual([])
})

describe('containers that are processes', () => {
  test('get their environment and their secret, and their output is kept', async () => {
    expect(await answer()).toMatchObject({ version: '1', token: 'twelve chars'.length })
    const { logs } = await admin(sandbox, 'logs?service=web&container=web')
    expect(logs.map((one: { text: string }) => one.text.split('\n')[0])).toContain(
      'version 1 listens',
    )
    const everything = JSON.stringify([await describe_(), await admin(sandbox, 'tasks')])
    expect(everything).not.toContain('twelve chars')
  })

  test('are replaced under traffic without a lost request', async () => {
    let over = false
    const versions: string[] = []
    const traffic = async (path: string) => {
      while (!over) {
        const got = await fetch(`${url}${path}`)
        versions.push(got.ok ? (await got.text()).slice(0, 200) : `status ${got.status}`)
      }
    }
    const customers = [traffic('/'), traffic('/'), traffic('/slow')]
    await deployed(await register('web:2', secret))
    over = true
    await Promise.all(customers)
    expect(versions.filter((text) => text.startsWith('status'))).toEqual([])
    expect(versions.length).toBeGreaterThan(50)
    expect(await answer()).toMatchObject({ version: '2' })
    expect((await processes()).length).toBe(2)
  }, 40_000)

  test('that crash are replaced', async () => {
    const { pid } = await answer()
    process.kill(pid, 'SIGKILL')
    await eventually('two new processes', async () => {
      const alive = await processes()
      return alive.length === 2 && !alive.includes(pid)
    })
    const stopped = (await admin(sandbox, 'tasks')).tasks.filter(
      (task: { stoppedReason: string }) =>
        task.stoppedReason === 'Essential container in task exited',
    )
    expect(stopped).toHaveLength(1)
    await stable()
    expect((await describe_())?.runningCount).toBe(2)
  }, 40_000)

  test('that cannot boot are taken back while customers are served', async () => {
    await deployed(await register('web:broken', secret))
    const service = await describe_()
    expect(service?.deployments).toHaveLength(1)
    expect(service?.events?.map((event) => event.message).join('\n')).toContain(
      'rolling back to deployment ecs-svc/',
    )
    expect(await answer()).toMatchObject({ version: '2' })
    const { logs } = await admin(sandbox, 'logs?service=web')
    const failed = logs.filter((one: { text: string }) => one.text === 'boot failed\n')
    expect(failed.length).toBeGreaterThanOrEqual(3)
  }, 40_000)

  test('that are asked to stop finish the answers they have begun', async () => {
    const slow = fetch(`${url}/slow`)
    await client.send(
      new UpdateServiceCommand({ cluster: 'prod', service: 'web', desiredCount: 0 }),
    )
    expect(await (await slow).text()).toBe('2')
    await eventually('no process', async () => (await processes()).length === 0)
    expect((await fetch(url)).status).toBe(503)
    await client.send(
      new UpdateServiceCommand({ cluster: 'prod', service: 'web', desiredCount: 2 }),
    )
    await eventually('two processes', async () => (await processes()).length === 2)
  }, 40_000)
})

test('no program survives a sandbox that is killed', async () => {
  const script = fileURLToPath(new URL('./orphans.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=source', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  const [line] = await once(child.stdout, 'data')
  const pid = Number(String(line))
  expect(exists(pid)).toBe(true)
  child.kill('SIGKILL')
  await eventually('the program is gone', async () => !exists(pid))
})
