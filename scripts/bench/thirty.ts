// Thirty services taken back: by our action all at once, by our action one after the other, and by the AWS CLI, on one sandbox
// with scripted containers. When the bad release served last is read from the simulated ECS itself, not from any contender.
import { dirname, join } from 'node:path'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import {
  listenOn,
  type MemoryGateway,
  memoryGateway,
  realClock,
} from '../../packages/sandbox/index.ts'
import { type Ring, scaledWaiters } from './contenders.ts'
import { type Ran, runBundle, runProgram, wallClock } from './program.ts'
import { compare, inTurn, median } from './statistics.ts'
import { ratioText, simulated, table } from './table.ts'

const cluster = 'town'
const services = Array.from({ length: 30 }, (_, at) => `service-${String(at).padStart(2, '0')}`)
const releases = ['v1', 'v2'] as const
type Release = (typeof releases)[number]
/** The revision of each family is the number of its release. */
const revisionOf = (release: Release) => release.slice(1)

/** What one turn came to. */
interface Turn {
  /** From its start to the moment from which no task of the bad release served, in any service: real milliseconds. */
  readonly served: number
  /** From its start to its own end. */
  readonly ended: number
  readonly calls: number
}

interface Contender {
  readonly name: string
  /** Takes all services to a release and waits. Throws when it does not end well. */
  go(to: Release): Promise<void>
}

/** What of the sandbox is needed. */
interface Town {
  readonly cloud: MemoryGateway
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

async function foundTown(scale: number): Promise<Town> {
  const cloud = memoryGateway({ clock: realClock(scale) })
  const { url, close } = await listenOn(cloud)
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: '123456789012',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
  }
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'sandbox' }
  const client = new ECSClient({ endpoint: url, region: 'us-east-1', credentials })
  await client.send(new CreateClusterCommand({ clusterName: cluster }))
  for (const name of services) await foundService(client, cloud, name)
  client.destroy()
  const town = { cloud, env, close: () => close().then(() => cloud.close()) }
  await quiet(town, 'v1')
  return town
}

async function foundService(client: ECSClient, cloud: MemoryGateway, name: string): Promise<void> {
  for (const release of releases) {
    const image = `${name}:${release}`
    cloud.ecs.images.push(image, { command: ['run', image] })
    await client.send(
      new RegisterTaskDefinitionCommand({
        family: name,
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [{ name, image }],
      }),
    )
  }
  await client.send(
    new CreateServiceCommand({
      cluster,
      serviceName: name,
      taskDefinition: `${name}:1`,
      desiredCount: 2,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    }),
  )
}

interface TaskRow {
  readonly taskDefinitionArn: string
  readonly lastStatus: string
  readonly desiredStatus: string
}

/** How many tasks of a release serve, and how many there are of any: the sandbox's own page, which is no call of AWS. */
async function countsOf({ cloud }: Town, release: Release) {
  const page = await cloud.ecs.admin.tasks?.(undefined, new URL('http://sandbox/'), 'GET')
  const { tasks } = page as { readonly tasks: readonly TaskRow[] }
  const alive = tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED')
  const serves = ({ lastStatus, desiredStatus, taskDefinitionArn }: TaskRow) =>
    lastStatus === 'RUNNING' &&
    desiredStatus === 'RUNNING' &&
    taskDefinitionArn.endsWith(`:${revisionOf(release)}`)
  return { serving: alive.filter(serves).length, alive: alive.length }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until a release alone is there, with two tasks of each service. */
async function quiet(town: Town, release: Release): Promise<void> {
  for (;;) {
    const { serving, alive } = await countsOf(town, release)
    if (serving === 2 * services.length && alive === serving) return
    await pause(50)
  }
}

async function takeTurn(town: Town, contender: Contender, to: Release): Promise<Turn> {
  const from = to === 'v1' ? 'v2' : 'v1'
  await quiet(town, from)
  const before = town.cloud.calls.list().at(-1)?.n ?? 0
  const began = wallClock()
  let last = began
  let over = false
  const watching = (async () => {
    while (!over) {
      if ((await countsOf(town, from)).serving > 0) last = wallClock()
      await pause(20)
    }
  })()
  await contender.go(to)
  const ended = wallClock() - began
  const calls = town.cloud.calls.list({ after: before }).length
  await quiet(town, to)
  over = true
  await watching
  return { served: last - began, ended, calls }
}

function succeeded(what: string, { code, printed }: Ran): void {
  if (code !== 0) throw new Error(`${what} ended with ${code}:\n${printed.slice(-3000)}`)
}

function ours(ring: Ring, env: Town['env'], order: 'parallel' | 'declared'): Contender {
  const { scale, suite, definition } = ring
  const defaults = Object.entries(definition.inputs ?? {}).map(([name, input]) => [
    name,
    String(input.default ?? ''),
  ])
  return {
    name: `ecs-rollback, ${order === 'parallel' ? 'all at once' : 'one after the other'}`,
    go: async (to) => {
      const inputs = {
        ...Object.fromEntries(defaults),
        ...{ cluster, services: services.join(','), to: `tag:${to}`, order },
        'poll-interval': `${Math.round(5000 / scale)}ms`,
      }
      const script = join(suite, 'dist/ecs-rollback/index.js')
      succeeded('ecs-rollback', await runBundle(script, inputs, { env }))
    },
  }
}

/** `update-service` for each, then the waiter for ten at a time, which is all that it takes. */
function cli(ring: Ring, town: Town['env']): Contender {
  const env = { ...town, AWS_DATA_PATH: scaledWaiters(ring), AWS_PAGER: '' }
  const command = join(dirname(ring.python), 'aws')
  const aws = async (...args: string[]) =>
    succeeded(`aws ${args.join(' ')}`, await runProgram({ command, args: ['ecs', ...args], env }))
  return {
    name: 'aws ecs update-service, then wait services-stable',
    go: async (to) => {
      for (const service of services) {
        const where = ['--cluster', cluster, '--service', service]
        await aws('update-service', ...where, '--task-definition', `${service}:${revisionOf(to)}`)
      }
      for (let at = 0; at < services.length; at += 10)
        await aws(
          ...['wait', 'services-stable', '--cluster', cluster],
          ...['--services', ...services.slice(at, at + 10)],
        )
    },
  }
}

const column = (turns: readonly Turn[], key: keyof Turn) => turns.map((turn) => turn[key])

/** Takes thirty services to and fro and tells what each contender needed. */
export async function measureThirty(ring: Ring, rounds: number): Promise<string> {
  const town = await foundTown(ring.scale)
  try {
    const contenders = [
      ours(ring, town.env, 'parallel'),
      ours(ring, town.env, 'declared'),
      cli(ring, town.env),
    ]
    const turns = new Map<Contender, Turn[]>(contenders.map((one) => [one, []]))
    let to: Release = 'v1'
    for (const contender of inTurn(rounds, contenders).flat()) {
      to = to === 'v1' ? 'v2' : 'v1'
      turns.get(contender)?.push(await takeTurn(town, contender, to))
    }
    return thirtyTable(turns, ring.scale)
  } finally {
    await town.close()
  }
}

function thirtyTable(turns: ReadonlyMap<Contender, readonly Turn[]>, scale: number): string {
  const [first = []] = turns.values()
  const beside = (theirs: readonly Turn[], key: keyof Turn) =>
    theirs === first ? '' : ratioText(compare(column(first, key), column(theirs, key)))
  const rows = [...turns].map(([{ name }, all]) => [
    name,
    simulated(median(column(all, 'served')), scale),
    beside(all, 'served'),
    simulated(median(column(all, 'ended')), scale),
    median(column(all, 'calls')).toFixed(0),
    beside(all, 'calls'),
  ])
  const head = ['thirty services', 'bad traffic ended, simulated s', 'at once/this']
  return table([...head, 'program ended', 'calls', 'at once/this'], rows)
}
