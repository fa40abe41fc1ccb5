import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { GetParameterHistoryCommand } from '@aws-sdk/client-ssm'
import type { EnvironmentState, Lease, Pin, Point, Record as RollbackRecord } from '#store'
import { flagsParameter, tokenSecret } from '../../../packages/sandbox/sample/names.ts'
import { serviceNames } from '../../../packages/sandbox/sample/releases.ts'
import { type Company, cluster, type Data, instancesOf, secret } from './company.ts'

const lastPart = (arn = '') => arn.slice(arn.lastIndexOf('/') + 1)
/** Times in names differ between two runs of the same story. */
const timeless = (name: string) => name.replace(/\d{8}-\d{6}/, '<time>')

/** Everything that matters in the end, without times and ids that differ between two runs of the same story. */
export async function picture(company: Company) {
  return {
    services: await servicesOf(company),
    door: await doorOf(company),
    customer: company.customer(),
    database: await databaseOf(company),
    configuration: await configurationOf(company),
    site: await siteOf(company),
    store: storeOf(company),
  }
}

export type Picture = Awaited<ReturnType<typeof picture>>

async function servicesOf({ clients: { ecs } }: Company) {
  const { services = [] } = await ecs.send(
    new DescribeServicesCommand({ cluster, services: [...serviceNames] }),
  )
  return Promise.all(
    services.map(async (one) => {
      const service = one.serviceName ?? ''
      const { taskArns = [] } = await ecs.send(
        new ListTasksCommand({ cluster, serviceName: service }),
      )
      const { tasks = [] } =
        taskArns.length === 0
          ? {}
          : await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))
      const { serviceDeployments = [] } = await ecs.send(
        new ListServiceDeploymentsCommand({ cluster, service }),
      )
      return {
        service,
        runs: `${lastPart(one.taskDefinition)} ${one.runningCount}/${one.desiredCount}`,
        rollout: (one.deployments ?? []).map(({ rolloutState }) => rolloutState).join(),
        deployments: serviceDeployments.length,
        images: tasks.map((task) => lastPart(task.containers?.[0]?.image)).join(),
      }
    }),
  )
}

async function doorOf({ fetchOnce }: Company): Promise<readonly string[]> {
  const ask = { url: 'http://acme.test/health', method: 'GET', headers: {}, timeout: 1000 }
  const answers = [await fetchOnce(ask), await fetchOnce(ask)]
  return answers.map((one) =>
    one.is === 'answer' ? `${one.status} ${JSON.parse(one.body).release}` : one.code,
  )
}

async function databaseOf({ clients, gateway }: Company) {
  const { SecretString = '' } = await clients.secrets.send(
    new GetSecretValueCommand({ SecretId: secret }),
  )
  const port = Number(new URL(SecretString).port)
  const instances = await instancesOf(clients)
  const { DBSnapshots = [] } = await clients.rds.send(
    new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
  )
  const serving = instances.find((one) => one.Endpoint?.Port === port)
  return {
    serving: serving?.DBInstanceIdentifier,
    data: gateway.data.at(port)?.value as Data | undefined,
    instances: instances
      .map((one) => `${timeless(one.DBInstanceIdentifier ?? '')} ${one.DBInstanceStatus}`)
      .sort(),
    snapshots: DBSnapshots.map(
      (one) =>
        `${timeless(one.DBSnapshotIdentifier ?? '')} of ${one.DBInstanceIdentifier} ${one.Status}`,
    ).sort(),
  }
}

/** Labels by the value that carries them, and every value that the parameter ever had. */
async function configurationOf({ clients: { secrets, ssm } }: Company) {
  const { VersionIdsToStages = {} } = await secrets.send(
    new DescribeSecretCommand({ SecretId: tokenSecret }),
  )
  const labels = await Promise.all(
    Object.entries(VersionIdsToStages).map(async ([VersionId, stages]) => {
      const { SecretString } = await secrets.send(
        new GetSecretValueCommand({ SecretId: tokenSecret, VersionId }),
      )
      return `${SecretString}: ${[...stages].sort().join()}`
    }),
  )
  const { Parameters = [] } = await ssm.send(
    new GetParameterHistoryCommand({ Name: flagsParameter }),
  )
  return { labels: labels.sort(), flags: Parameters.map(({ Value }) => Value).join(' then ') }
}

/** What lies in the bucket and how often each object was made, and what a visitor gets of it. */
async function siteOf({ front }: Company) {
  const made = [...front.bucket.versions].map(([key, all]) => [
    key,
    `${all[0]?.marker ? 'hidden' : all[0]?.etag} after ${all.length}`,
  ])
  const page = await front.visit('/')
  const text = page.is === 'answer' ? page.body : page.code
  const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => String(path))
  const answers = await Promise.all(files.map((path) => front.visit(path)))
  return {
    objects: Object.fromEntries(made.sort()),
    page: /name="release" content="(\d+)"/.exec(text)?.[1],
    files: answers.map((one) => (one.is === 'answer' ? one.status : one.code)).join(),
  }
}

/** A lease that lapsed is as good as none: anybody may take it. */
const holderOf = (lease: Lease | undefined, now: number) =>
  lease && lease.owner !== 'nobody' && Date.parse(lease.until) >= now ? lease.owner : 'nobody'

function storeOf({ bucket, clock }: Company) {
  const read = <T>(key: string) => {
    const text = bucket.content.get(`acme-rollback/${key}`)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  const keys = [...bucket.content.keys()].map((key) => key.replace('acme-rollback/', '')).sort()
  // Manifests are named by what they hold, and ids of versions differ.
  const named = keys.map((key) => key.replace(/(sites\/)\w+/, '$1<hash>')).sort()
  const environment = read<EnvironmentState>('production/environment.json')
  const records = keys
    .filter((key) => /rollback-\d+\.json$/.test(key))
    .map((key) => read<RollbackRecord>(key))
    .map((record) => `${record?.id} ${record?.state} ${record?.outcome}`)
  const deployments = keys
    .filter((key) => /\/before\.json$/.test(key))
    .map((key) => read<Point>(key))
    .map((point) => `${point?.id} ${point?.deployment?.state}`)
  const pins = keys
    .filter((key) => key.includes('/pins/'))
    .map((key) => read<Pin>(key))
    .map((pin) => `${pin?.sha.slice(0, 2)} by ${pin?.record}`)
  return {
    keys: named,
    open: environment?.open,
    verified: environment?.verified,
    latest: environment?.latest,
    lease: holderOf(read<Lease>('production/lease.json'), clock.now()),
    ...{ records, deployments, pins },
  }
}
