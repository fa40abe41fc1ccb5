import {
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
  type RegisterScalableTargetCommandInput,
} from '@aws-sdk/client-application-auto-scaling'
import {
  type ContainerDefinition,
  CreateClusterCommand,
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import type { Journal, OnCut, Result, Run, Written } from '#core'
import {
  captureServices,
  changeServices,
  connect,
  type EcsClients,
  type EcsSettings,
  settings,
} from '#ecs'
import {
  createDocument,
  envelope,
  keys,
  openStore,
  type Point,
  type Store,
  type Record as StoredRecord,
} from '#store'
import type { Balancers } from '../../../packages/sandbox/balancer/balancers.ts'
import { ecsService } from '../../../packages/sandbox/ecs/index.ts'
import {
  inProcessHandler,
  type MemoryGateway,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { type FakeRuntime, fakeRuntime } from '../../../packages/sandbox/processes/fake.ts'
import { memoryObjects } from '../../support/objects.ts'
import { memoryJournal, testRun } from '../../support/run.ts'

export const MINUTE = 60_000
export const CLUSTER = 'prod'
const ACCOUNT = '123456789012'
const REGION = 'us-east-1'
const BREAKER = { deploymentCircuitBreaker: { enable: true, rollback: true } }

/** A cluster in virtual time whose services were deployed well once; the product sees it through the real SDK. */
export interface Scene {
  readonly clock: VirtualClock
  readonly runtime: FakeRuntime
  readonly gateway: MemoryGateway
  readonly images: ReturnType<typeof ecsService>['images']
  /** Lets things go wrong: `script.trouble({ image: 'web:v1', is: 'no-capacity' })`. */
  readonly script: ReturnType<typeof ecsService>['script']
  readonly balancers: ReturnType<typeof ecsService>['balancers']
  readonly clients: EcsClients
  readonly names: readonly string[]
  /** What mutations were written down, kept between runs as a record keeps it. */
  readonly entries: Written[]
  readonly store: Store
  /** Points the tag at an image with this content and answers its digest. */
  push(reference: string, content?: string): string
  /** Registers a revision of a family with one container of its name. */
  register(family: string, image: string, more?: Omit<ContainerDefinition, 'name'>): Promise<string>
  deregister(taskDefinition: string): Promise<void>
  update(service: string, more: Partial<UpdateServiceCommandInput>): Promise<void>
  /** Deploys `<service>:v2` as `<service>:2` to all services and lets it settle. */
  deployBad(): Promise<void>
  /** Takes a verified restore point of what runs now: the destination of `auto`. */
  takePoint(change?: (point: Point) => Point): Promise<Point>
  run(given: Partial<EcsSettings> & Options): Promise<Result & { readonly lines: string[] }>
  /** `web:1 2/2 COMPLETED`. */
  shows(service: string): Promise<string>
  /** How many deployments a service has had. */
  deployments(service: string): Promise<number>
  /** Registers or changes a scalable target: 2 to 10 tasks unless told otherwise. */
  autoscale(service: string, more?: Partial<RegisterScalableTargetCommandInput>): Promise<void>
  /** Load asks for so many tasks from now on. */
  load(service: string, tasks: number): Promise<void>
  /** `2 to 10`, and what is suspended: `2 to 10, in out scheduled`. */
  autoscaling(service: string): Promise<string>
  close(): Promise<void>
}

interface Options {
  readonly dryRun?: boolean
  readonly timeout?: number
  readonly withoutStore?: boolean
  readonly clients?: EcsClients
  readonly journal?: Journal
  readonly clock?: Run['clock']
  readonly onCut?: OnCut
}

export const recordId = 'production/4711/rollback-1'

/** Opens a record whose destination is a point. */
export async function openRecord(
  { store }: Scene,
  to: string,
  given: Partial<StoredRecord> = {},
): Promise<void> {
  const record: StoredRecord = {
    kind: 'record',
    ...envelope(store),
    id: recordId,
    repository: 'acme/shop',
    undone: 'production/4711',
    from: 'b'.repeat(40),
    to,
    profile: 'A',
    planId: 'p',
    consent: 'not-needed',
    reason: 'it answers 5xx',
    actor: 'ada',
    trigger: 'verdict',
    state: 'open',
    openedAt: '2026-11-22T03:00:00Z',
    runs: [],
    journal: [],
    parts: {},
    ...given,
  }
  await createDocument(store, keys.document(recordId), record)
}

/** What services are made with, beside what all of them have. */
type ServiceOptions =
  | Partial<CreateServiceCommandInput>
  | ((balancers: Balancers, name: string) => Partial<CreateServiceCommandInput>)

/** How requests of the SDK travel. */
export type Transport = Pick<ReturnType<typeof inProcessHandler>, 'handle'>

/**
 * Makes clients of the product for a transport. Answers carry no date: the SDK would take virtual time for a skewed
 * clock and send every call that fails eight times.
 */
export function clientsOf(transport: Transport): EcsClients {
  const requestHandler = {
    ...(transport as ReturnType<typeof inProcessHandler>),
    handle: async (request: Parameters<Transport['handle']>[0]) => {
      const { response } = await transport.handle(request)
      const { date: _, ...headers } = response.headers as Record<string, string>
      return { response: { ...response, headers } }
    },
  }
  const config = {
    region: REGION,
    credentials: async () => ({ accessKeyId: ACCOUNT, secretAccessKey: 'x' }),
    maxAttempts: 8,
    retryMode: 'standard' as const,
    customUserAgent: 'test',
    endpoint: 'http://sandbox.invalid',
    requestHandler,
  }
  return connect(config)
}

/** Opens a cluster with services of two tasks each, `<service>:1` with image `<service>:v1`, all steady. */
export async function scene(
  given: {
    readonly names?: readonly string[]
    readonly staleReadsMs?: number
    readonly service?: ServiceOptions
    /** What every registered container has. */
    readonly container?: Omit<ContainerDefinition, 'name' | 'image'>
  } = {},
): Promise<Scene> {
  const names = given.names ?? ['web']
  const clock = virtualClock()
  const runtime = fakeRuntime(clock)
  let ecs: ReturnType<typeof ecsService> | undefined
  const gateway = memoryGateway({
    clock,
    services: (ground, { alarms }) => {
      const resolveSecret = async () => 'value'
      ecs = ecsService(ground, { runtime, resolveSecret, alarms })
      return [ecs]
    },
  })
  if (!ecs) throw new Error('no ECS')
  const { images, script, balancers } = ecs
  const clients = clientsOf(inProcessHandler(gateway))
  const store = await openStore(memoryObjects(clock), {
    environment: 'production',
    account: ACCOUNT,
    region: REGION,
  })
  const parts = {
    ...{ clock, runtime, gateway, images, script, balancers, clients, names, store },
    entries: [] as Written[],
  }
  const verbs = verbsOf(parts, given.container)
  const { service } = given
  await openServices(parts, verbs, (name) =>
    typeof service === 'function' ? service(balancers, name) : service,
  )
  if (given.staleReadsMs)
    await ecs.admin.consistency?.(
      { staleReadsMs: given.staleReadsMs },
      new URL('http://x/'),
      'POST',
    )
  return { ...parts, ...verbs, close: () => gateway.close() }
}

type Parts = Pick<
  Scene,
  | 'clock'
  | 'runtime'
  | 'gateway'
  | 'images'
  | 'script'
  | 'balancers'
  | 'clients'
  | 'names'
  | 'store'
  | 'entries'
>
type Verbs = Omit<Scene, keyof Parts | 'close'>

async function openServices(
  { clients, names, clock }: Parts,
  verbs: Verbs,
  more: (name: string) => Partial<CreateServiceCommandInput> | undefined,
): Promise<void> {
  await clients.ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }))
  for (const serviceName of names) {
    verbs.push(`${serviceName}:v1`)
    await clients.ecs.send(
      new CreateServiceCommand({
        cluster: CLUSTER,
        serviceName,
        taskDefinition: await verbs.register(serviceName, `${serviceName}:v1`),
        desiredCount: 2,
        launchType: 'FARGATE',
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
        deploymentConfiguration: BREAKER,
        ...more(serviceName),
      }),
    )
  }
  await clock.advance(5 * MINUTE)
}

function verbsOf(parts: Parts, container: Omit<ContainerDefinition, 'name'> = {}): Verbs {
  const { clients, images, clock, names, store, entries } = parts
  const { ecs } = clients
  const register: Scene['register'] = (family, image, more) =>
    registerRevision(ecs, { ...container, ...more, name: family, image })
  const update: Scene['update'] = async (service, more) => {
    await ecs.send(new UpdateServiceCommand({ cluster: CLUSTER, service, ...more }))
  }
  const push: Scene['push'] = (reference, content = reference) =>
    images.push(reference, { command: ['run', content] }).digest
  return {
    push,
    register,
    update,
    deployBad: async () => {
      for (const name of names) {
        push(`${name}:v2`)
        await update(name, { taskDefinition: await register(name, `${name}:v2`) })
      }
      await clock.advance(10 * MINUTE)
    },
    deregister: async (taskDefinition) => {
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }))
    },
    takePoint: (change = (point) => point) => takePoint(parts, change),
    run: async (given) => {
      const {
        dryRun,
        timeout,
        withoutStore,
        clients: others,
        journal,
        clock: other,
        onCut,
        ...more
      } = given
      const run = testRun({
        clock: other ?? clock,
        journal: journal ?? keptJournal(parts),
        ...(dryRun === undefined ? {} : { dryRun }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(onCut === undefined ? {} : { onCut }),
      })
      const chosen = { ...settingsOf(names), ...more }
      const result = await changeServices(
        run,
        others ?? clients,
        chosen,
        withoutStore ? undefined : store,
      )
      return { ...result, lines: run.lines }
    },
    shows: (service) => shows(ecs, service),
    deployments: async (service) => {
      const found = await ecs.send(new ListServiceDeploymentsCommand({ cluster: CLUSTER, service }))
      return found.serviceDeployments?.length ?? 0
    },
    entries,
    ...autoscalingOf(parts),
  } as Verbs
}

function autoscalingOf({
  clients,
  gateway,
}: Parts): Pick<Scene, 'autoscale' | 'load' | 'autoscaling'> {
  const of = (service: string) => ({
    ServiceNamespace: 'ecs' as const,
    ResourceId: `service/${CLUSTER}/${service}`,
    ScalableDimension: 'ecs:service:DesiredCount' as const,
  })
  return {
    autoscale: async (service, more = { MinCapacity: 2, MaxCapacity: 10 }) => {
      await clients.scaling.send(new RegisterScalableTargetCommand({ ...of(service), ...more }))
    },
    load: (service, tasks) =>
      gateway.autoscaling.load({
        ...{ account: ACCOUNT, region: REGION },
        ...{ cluster: CLUSTER, service, tasks },
      }),
    autoscaling: async (service) => {
      const ResourceIds = [of(service).ResourceId]
      const command = new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds })
      const [target] = (await clients.scaling.send(command)).ScalableTargets ?? []
      if (!target) return 'none'
      const { SuspendedState: state = {} } = target
      const kinds = [
        ...(state.DynamicScalingInSuspended ? ['in'] : []),
        ...(state.DynamicScalingOutSuspended ? ['out'] : []),
        ...(state.ScheduledScalingSuspended ? ['scheduled'] : []),
      ]
      const bounds = `${target.MinCapacity} to ${target.MaxCapacity}`
      return kinds.length > 0 ? `${bounds}, ${kinds.join(' ')}` : bounds
    },
  }
}

/** A journal over the scene's entries: the next run reads what this one wrote. */
export function keptJournal({ clock, entries }: Pick<Scene, 'clock' | 'entries'>): Journal {
  const journal = memoryJournal(clock, entries)
  return {
    entries: () => entries,
    intend: async (planned) => {
      await journal.intend(planned)
      entries.push(...journal.written.slice(entries.length))
    },
    beat: async () => {},
  }
}

const settingsOf = (names: readonly string[]): EcsSettings =>
  settings(
    {
      mode: 'rollback',
      cluster: CLUSTER,
      services: { by: 'names', names },
      to: { by: 'point', to: 'auto' },
    },
    undefined,
  )

async function registerRevision(
  ecs: ECSClient,
  container: ContainerDefinition & { readonly name: string },
): Promise<string> {
  const registered = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: container.name,
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/execution`,
      containerDefinitions: [container],
    }),
  )
  return registered.taskDefinition?.taskDefinitionArn ?? ''
}

async function shows(ecs: ECSClient, service: string): Promise<string> {
  const found = await ecs.send(
    new DescribeServicesCommand({ cluster: CLUSTER, services: [service] }),
  )
  const [one] = found.services ?? []
  const revision = one?.taskDefinition?.split('/').at(-1)
  return `${revision} ${one?.runningCount}/${one?.desiredCount} ${one?.deployments?.[0]?.rolloutState}`
}

async function takePoint(parts: Parts, change: (point: Point) => Point): Promise<Point> {
  const { clients, names, store, clock } = parts
  const captured = await captureServices(
    clients,
    { cluster: CLUSTER, names },
    'point',
  )(testRun({ clock }))
  const id = 'production/4711/before'
  const point = change({
    kind: 'restore-point',
    ...envelope(store),
    id,
    point: 'before',
    takenAt: '2026-11-22T03:00:00Z',
    repository: 'acme/shop',
    sha: 'a'.repeat(40),
    run: '4711',
    verified: { is: true, why: 'its checks were healthy', held: false },
    fingerprint: 'f',
    components: { ecs: captured.state },
  })
  await createDocument(store, keys.document(id), point)
  return point
}
