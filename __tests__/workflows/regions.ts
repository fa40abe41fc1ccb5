import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { parse, stringify } from 'yaml'
import { eventually } from '../../packages/sandbox/sample/index.ts'
import type { Company, Town } from './town.ts'

/** A company that serves from several regions: one service in each, and a script that deploys to the region it is told. */

export const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const
type Region = (typeof regions)[number]

const cluster = 'acme-edge'
const family = 'edge'

const script = `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { ECSClient, RegisterTaskDefinitionCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs'
const ecs = new ECSClient({})
const images = JSON.parse(readFileSync('regions.json', 'utf8'))
const image = images[process.env.AWS_REGION]
const made = await ecs.send(
  new RegisterTaskDefinitionCommand({
    family: '${family}',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [{ name: '${family}', image }],
  }),
)
const taskDefinition = \`${family}:\${made.taskDefinition.revision}\`
await ecs.send(new UpdateServiceCommand({ cluster: '${cluster}', service: '${family}', taskDefinition }))
console.log(process.env.AWS_REGION, image)
`

const clientIn = ({ sandbox }: Town, { account }: Company, region: Region) =>
  new ECSClient({
    endpoint: sandbox.url,
    region,
    credentials: { accessKeyId: account, secretAccessKey: 'x' },
  })

/** Pushes an image whose program runs for ever, or ends at once with a fault. */
async function push({ sandbox }: Town, image: string, command: readonly string[]): Promise<void> {
  const body = JSON.stringify({ action: 'push', image, command })
  const { ok, status } = await fetch(`${sandbox.url}/_sandbox/images`, { method: 'POST', body })
  if (!ok) throw new Error(`images: ${status}`)
}

/** Runs `edge:1` in each region, and names each in the configuration as an environment of its own. */
export async function settleRegions(town: Town, company: Company): Promise<void> {
  await push(town, 'edge:1', ['sleep', '600'])
  await push(town, 'edge:2', ['sleep', '601'])
  await push(town, 'edge:bad', ['sh', '-c', 'exit 3'])
  await Promise.all(regions.map((region) => settleRegion(town, company, region)))
  const { environments, ...rest } = parse(company.repository.read('.github/rollback.yml'))
  const { account } = environments.production
  const named = regions.map((region) => [
    `production-${region}`,
    {
      ...{ region, account, services: { cluster, names: [family] } },
      ...{ checks: [{ ecs: true }], watch: '3s' },
    },
  ])
  const text = stringify({ ...rest, environments: Object.fromEntries(named) })
  await company.repository.commit('Several regions', {
    '.github/rollback.yml': text,
    'scripts/deploy': script,
  })
}

async function settleRegion(town: Town, company: Company, region: Region): Promise<void> {
  const ecs = clientIn(town, company, region)
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }))
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      containerDefinitions: [{ name: family, image: 'edge:1' }],
    }),
  )
  await ecs.send(
    new CreateServiceCommand({
      ...{ cluster, serviceName: family, taskDefinition: family, desiredCount: 1 },
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    }),
  )
  ecs.destroy()
  await eventually(
    `a steady ${region}`,
    async () => (await runsIn(town, company, region)).endsWith('1/1') || undefined,
  )
}

/** Says which image each region is to run, and commits that. */
export function brings(
  { repository }: Company,
  image: string,
  except: Partial<Record<Region, string>> = {},
): Promise<string> {
  const images = { ...Object.fromEntries(regions.map((region) => [region, image])), ...except }
  return repository.commit(`Release ${image}`, { 'regions.json': JSON.stringify(images) })
}

/** What a region runs: `edge:2 1/1`. */
export async function runsIn(town: Town, company: Company, region: Region): Promise<string> {
  const ecs = clientIn(town, company, region)
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [family] }))
  ecs.destroy()
  const [one] = services ?? []
  return `${one?.taskDefinition?.split('/').at(-1)} ${one?.runningCount}/${one?.desiredCount}`
}
