import {
  CreateClusterCommand,
  CreateServiceCommand,
  type ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type RunTaskCommandOutput,
} from '@aws-sdk/client-ecs'
import type { Journal } from '#core'
import { connect, runTask, type TaskClients, type TaskEnd, type TaskOrder, tokensOf } from '#tasks'
import {
  inProcessHandler,
  type MemoryGateway,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { testRun } from '../../support/run.ts'

export const TASK = 'tool:1'

/** A cluster in virtual time with a service that has no task, seen through the real SDK. */
export interface Scene {
  readonly clock: VirtualClock
  readonly gateway: MemoryGateway
  readonly clients: TaskClients
  /** What the tool does from now on: ends with the code after some simulated time. */
  behave(code: number, afterMs?: number): void
  run(
    more?: Partial<TaskOrder>,
    options?: Options,
  ): Promise<{ end: TaskEnd; lines: readonly string[] }>
  /** How many tasks of the order ECS has. */
  tasks(): Promise<number>
  close(): Promise<void>
}

interface Options {
  readonly timeout?: number
  readonly clients?: TaskClients
  readonly journal?: Journal
}

export const order: TaskOrder = {
  cluster: 'prod',
  taskDefinition: TASK,
  container: 'tool',
  command: ['./migrate', 'down'],
  environment: { STEPS: '2' },
  service: 'web',
  ...tokensOf('production/4711/rollback-1/migrations'),
}

export async function scene(): Promise<Scene> {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock })
  const clients = clientsOf(gateway)
  await openService(gateway, clients.ecs)
  const behave = (code: number, afterMs = 20_000) =>
    gateway.runtime.behave('tool:v1', { kind: 'crashes', afterMs, code })
  behave(0)
  return {
    clock,
    gateway,
    clients,
    behave,
    run: async (more = {}, options = {}) => {
      const { timeout, journal } = options
      const run = testRun({ clock, ...(timeout && { timeout }), ...(journal && { journal }) })
      const end = await runTask(run, options.clients ?? clients, { ...order, ...more })
      return { end, lines: run.lines }
    },
    tasks: async () => {
      const lists = await Promise.all(
        (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
          clients.ecs.send(
            new ListTasksCommand({ cluster: 'prod', family: 'tool', desiredStatus }),
          ),
        ),
      )
      return lists.flatMap(({ taskArns }) => taskArns ?? []).length
    },
    close: () => gateway.close(),
  }
}

/** Answers carry no date: the SDK would take virtual time for a skewed clock. */
function clientsOf(gateway: MemoryGateway): TaskClients {
  const transport = inProcessHandler(gateway)
  const requestHandler = {
    ...transport,
    handle: async (request: Parameters<typeof transport.handle>[0]) => {
      const { response } = await transport.handle(request)
      const { date: _, ...headers } = response.headers as Record<string, string>
      return { response: { ...response, headers } }
    },
  }
  const config = {
    region: 'us-east-1',
    credentials: async () => ({ accessKeyId: '123456789012', secretAccessKey: 'x' }),
    maxAttempts: 8,
    retryMode: 'standard' as const,
    customUserAgent: 'test',
    endpoint: 'http://sandbox.invalid',
    requestHandler,
  }
  return connect(config)
}

async function openService(gateway: MemoryGateway, ecs: ECSClient): Promise<void> {
  gateway.ecs.images.push('tool:v1', { command: ['tool'] })
  await ecs.send(new CreateClusterCommand({ clusterName: 'prod' }))
  for (const family of ['tool', 'other']) {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [
          { name: 'tool', image: family === 'tool' ? 'tool:v1' : 'tool:none' },
          { name: 'sidecar', image: 'tool:v1', essential: false },
        ],
      }),
    )
  }
  await ecs.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: 'tool',
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-7'] } },
    }),
  )
}

/** Clients of which one operation answers as told; everything else is the sandbox's. */
export function answering(
  { ecs }: TaskClients,
  operation: 'RunTask' | 'DescribeTasks',
  answer: () => Pick<RunTaskCommandOutput, 'tasks' | 'failures'>,
): TaskClients {
  const send = async (command: { readonly constructor: { readonly name: string } }) =>
    command.constructor.name === `${operation}Command`
      ? answer()
      : ecs.send(command as Parameters<ECSClient['send']>[0])
  return { ecs: { send } as unknown as ECSClient }
}
