// Three ways to take three services to another task definition and to wait until that is done: our action, the AWS CLI,
// and the SDK with its own waiter. Each is a process of its own, and each polls at its own default pace, divided by the
// time scale of the sandbox.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cluster, serviceNames } from '../../packages/sandbox/sample/index.ts'
import type { ActionDefinition } from '../actions.ts'
import { type Ran, runBundle, runProgram } from './program.ts'

/** Where to go: for our action by tag, for the others by task definitions, as a person has to look them up. */
export interface Goal {
  readonly tag: string
  /** `family:revision` by service. */
  readonly taskDefinitions: Readonly<Record<string, string>>
}

/** One way of doing it. Throws when it does not end well. */
export interface Contender {
  readonly name: string
  /** The pace of its looks, in words. */
  readonly looks: string
  go(goal: Goal): Promise<Pick<Ran, 'began' | 'ended'>>
}

/** What all contenders need. */
export interface Ring {
  readonly env: Readonly<Record<string, string>>
  readonly scale: number
  readonly suite: string
  /** The project's Python. */
  readonly python: string
  /** A folder beside a node_modules. */
  readonly folder: string
  readonly definition: ActionDefinition
}

function succeeded(what: string, ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`${what} ended with ${ran.code}:\n${ran.printed}`)
  return ran
}

/** The bundle of `ecs-rollback` with the defaults of its action.yml. */
export function ourAction({ env, scale, suite, definition }: Ring): Contender {
  const defaults = Object.entries(definition.inputs ?? {}).map(([name, input]) => [
    name,
    String(input.default ?? ''),
  ])
  const script = join(suite, 'dist/ecs-rollback/index.js')
  const looks = 5000
  return {
    name: 'ecs-rollback',
    looks: 'every 5 s',
    go: async ({ tag }) => {
      const inputs = {
        ...Object.fromEntries(defaults),
        cluster,
        services: serviceNames.join(','),
        to: `tag:${tag}`,
        'poll-interval': `${Math.round(looks / scale)}ms`,
      }
      return succeeded('ecs-rollback', await runBundle(script, inputs, { env }))
    },
  }
}

/** A copy of the CLI's own waiters that differs in the pace of `services-stable` alone; returns the folder for AWS_DATA_PATH. */
export function scaledWaiters({ python, folder, scale }: Ring): string {
  const path = 'ecs/2014-11-13/waiters-2.json'
  const [found] = globSync(`lib/python3*/site-packages/awscli/botocore/data/${path}`, {
    cwd: dirname(dirname(python)),
  })
  if (!found) throw new Error('The AWS CLI has no waiters for ECS where they were expected.')
  const waiters = JSON.parse(readFileSync(join(dirname(dirname(python)), found), 'utf8'))
  waiters.waiters.ServicesStable.delay /= scale
  const file = join(folder, 'models', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(waiters))
  return join(folder, 'models')
}

/** `aws ecs update-service` for one service after another, then `aws ecs wait services-stable`. */
export function awsCli(ring: Ring): Contender {
  const env = { ...ring.env, AWS_DATA_PATH: scaledWaiters(ring), AWS_PAGER: '' }
  const command = join(dirname(ring.python), 'aws')
  const aws = async (...args: string[]) =>
    succeeded(`aws ${args.join(' ')}`, await runProgram({ command, args: ['ecs', ...args], env }))
  return {
    name: 'AWS CLI',
    looks: 'every 15 s',
    go: async ({ taskDefinitions }) => {
      const begun: number[] = []
      for (const [service, to] of Object.entries(taskDefinitions)) {
        const where = ['--cluster', cluster, '--service', service]
        const { began } = await aws('update-service', ...where, '--task-definition', to)
        begun.push(began)
      }
      const wait = ['wait', 'services-stable', '--cluster', cluster, '--services']
      const { ended } = await aws(...wait, ...serviceNames)
      return { began: Math.min(...begun), ended }
    },
  }
}

const SDK = `import { ECSClient, UpdateServiceCommand, waitUntilServicesStable } from '@aws-sdk/client-ecs'

const { cluster, goal, scale } = JSON.parse(process.argv[2])
const client = new ECSClient({})
for (const [service, taskDefinition] of Object.entries(goal))
  await client.send(new UpdateServiceCommand({ cluster, service, taskDefinition }))
await waitUntilServicesStable(
  { client, maxWaitTime: 600, minDelay: 15 / scale, maxDelay: 600 / scale },
  { cluster, services: Object.keys(goal) },
)
`

/** A script with the SDK: UpdateService for each service, then `waitUntilServicesStable` with its default pace. */
export function sdkScript({ env, scale, folder }: Ring): Contender {
  const script = join(folder, 'sdk.mjs')
  writeFileSync(script, SDK)
  return {
    name: 'SDK waiter',
    looks: 'every 15 to 600 s',
    go: async ({ taskDefinitions }) => {
      const given = JSON.stringify({ cluster, goal: taskDefinitions, scale })
      const ran = await runProgram({ command: process.execPath, args: [script, given], env })
      return succeeded('the script with the SDK', ran)
    },
  }
}
