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
  type RegisterTaskDefinitionCommandInput,
  type Service,
  type ServiceDeployment,
  type Task,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import type { TargetGroup } from '../../../packages/sandbox/balancer/targetGroup.ts'
import { ecsService } from '../../../packages/sandbox/ecs/index.ts'
import {
  AwsError,
  type Gateway,
  inProcessHandler,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { type FakeRuntime, fakeRuntime } from '../../../packages/sandbox/processes/fake.ts'

export const MINUTE = 60_000
const ACCOUNT = '123456789012'
const REGION = 'us-east-1'

/** A simulated ECS in virtual time with one cluster, seen through the real SDK client. */
export interface Shop {
  readonly clock: VirtualClock
  readonly runtime: FakeRuntime
  readonly ecs: ReturnType<typeof ecsService>
  readonly client: ECSClient
  readonly gateway: Gateway
  readonly group: TargetGroup
  /** Pushes an image and answers its digest. */
  push(reference: string, content?: string): string
  /** Registers a revision of family `web` and answers its ARN. */
  revision(image: string, more?: Partial<RegisterTaskDefinitionCommandInput>): Promise<string>
  /** Creates `web` with `web:1`, two tasks and the circuit breaker, and waits until it is steady. */
  open(more?: Partial<CreateServiceCommandInput>): Promise<void>
  update(more: Partial<UpdateServiceCommandInput>): Promise<Service>
  service(): Promise<Service>
  tasks(desiredStatus?: 'RUNNING' | 'STOPPED'): Promise<Task[]>
  history(): Promise<ServiceDeployment[]>
  close(): Promise<void>
}

/** Makes a shop; `web:1` is in the catalogue. */
export async function shop(options: { staleReadsMs?: number } = {}): Promise<Shop> {
  const clock = virtualClock()
  const runtime = fakeRuntime(clock)
  const resolveSecret = async (valueFrom: string) => {
    if (!valueFrom.includes('gone')) return `value of ${valueFrom}`
    throw new AwsError(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    )
  }
  let ecs: ReturnType<typeof ecsService> | undefined
  const gateway = memoryGateway({
    clock,
    services: (ground, { alarms }) => {
      ecs = ecsService(ground, { runtime, resolveSecret, alarms, ...options })
      return [ecs]
    },
  })
  if (!ecs) throw new Error('no ECS')
  const client = new ECSClient({
    region: REGION,
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'x' },
    requestHandler: inProcessHandler(gateway),
    maxAttempts: 1,
  })
  await client.send(new CreateClusterCommand({ clusterName: 'prod' }))
  const group = ecs.balancers.createGroup({ name: 'web', account: ACCOUNT, region: REGION })
  const parts = { clock, runtime, ecs, client, group }
  parts.ecs.images.push('web:1', { command: ['web', '1'] })
  return { ...parts, gateway, ...verbs(parts), close: () => gateway.close() }
}

type Parts = Pick<Shop, 'clock' | 'ecs' | 'client' | 'group'>

function verbs(parts: Parts): Omit<Shop, keyof Parts | 'runtime' | 'gateway' | 'close'> {
  const { client, ecs, clock, group } = parts
  const web = { cluster: 'prod', service: 'web' }
  const revision: Shop['revision'] = async (image, more = {}) => {
    const container = { name: 'web', image, portMappings: [{ containerPort: 8080 }] }
    const registered = await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'web',
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [container],
        ...more,
      }),
    )
    return registered.taskDefinition?.taskDefinitionArn ?? ''
  }
  const behind = [{ targetGroupArn: group.arn, containerName: 'web', containerPort: 8080 }]
  return {
    revision,
    push: (reference, content = reference) =>
      ecs.images.push(reference, { command: ['web', content] }).digest,
    open: async (more = {}) => {
      await client.send(
        new CreateServiceCommand({
          cluster: 'prod',
          serviceName: 'web',
          taskDefinition: more.taskDefinition ?? (await revision('web:1')),
          desiredCount: 2,
          launchType: 'FARGATE',
          networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
          loadBalancers: behind,
          deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
          ...more,
        }),
      )
      await clock.advance(5 * MINUTE)
    },
    update: async (more) => {
      const { service } = await client.send(new UpdateServiceCommand({ ...web, ...more }))
      return service ?? {}
    },
    service: async () => {
      const found = await client.send(
        new DescribeServicesCommand({ cluster: 'prod', services: ['web'] }),
      )
      return found.services?.[0] ?? {}
    },
    tasks: (desiredStatus = 'RUNNING') => tasks(client, desiredStatus),
    history: () => history(client),
  }
}

async function tasks(client: ECSClient, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const listed = await client.send(
    new ListTasksCommand({ cluster: 'prod', serviceName: 'web', desiredStatus }),
  )
  if (!listed.taskArns?.length) return []
  const found = await client.send(
    new DescribeTasksCommand({ cluster: 'prod', tasks: listed.taskArns }),
  )
  return found.tasks ?? []
}

async function history(client: ECSClient): Promise<ServiceDeployment[]> {
  const listed = await client.send(
    new ListServiceDeploymentsCommand({ cluster: 'prod', service: 'web' }),
  )
  const arns = (listed.serviceDeployments ?? []).map((one) => one.serviceDeploymentArn ?? '')
  if (arns.length === 0) return []
  const found = await client.send(
    new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: arns }),
  )
  return found.serviceDeployments ?? []
}

/** One line per deployment: `PRIMARY IN_PROGRESS web:2 1/2`. */
export function rows(service: Service): string[] {
  return (service.deployments ?? []).map((one) => {
    const revision = one.taskDefinition?.split('/').at(-1)
    return `${one.status} ${one.rolloutState} ${revision} ${one.runningCount}/${one.desiredCount}`
  })
}

/** The texts of a service's events without the parts that differ from run to run, oldest first. */
export function told(service: Service): string[] {
  return (service.events ?? [])
    .map((event) => event.message ?? '')
    .map((text) => text.replace(/^\(service web\) /, ''))
    .map((text) => text.replace(/\((task|deployment|target-group) [^)]+\)/g, '($1)'))
    .map((text) => text.replace(/ecs-svc\/\d+/, 'ecs-svc'))
    .reverse()
}
