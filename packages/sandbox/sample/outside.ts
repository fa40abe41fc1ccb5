import { createHmac, randomBytes } from 'node:crypto'
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs'
import { type DBInstance, DescribeDBInstancesCommand } from '@aws-sdk/client-rds'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { GetParametersByPathCommand } from '@aws-sdk/client-ssm'
import pg from 'pg'
import { loadPage, type PageSeen } from './browser.ts'
import type { Clients } from './clients.ts'
import type { FrontEnd } from './front.ts'
import type { Sample } from './install.ts'
import { cluster, databaseSecret, parameterPath, tokenSecret } from './names.ts'
import { serviceNames } from './releases.ts'

/** What the front door says, asked several times so that each task behind the load balancer is met. */
export interface FrontDoor {
  readonly status: number
  readonly release?: string
  readonly commit?: string
}

/** One service as ECS describes it. */
export interface ServiceSeen {
  readonly name: string
  /** `family:revision`. */
  readonly taskDefinition: string
  readonly desired: number
  readonly running: number
  readonly deployments: number
  /** Digests of the images that really run, each once. */
  readonly digests: readonly string[]
}

/** The database that the connection secret leads to. */
export interface DatabaseSeen {
  readonly instance: string
  /** What was set on the instance and does not follow from its name. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly applied: readonly string[]
  readonly triggers: number
  /** The refs of all triggers. */
  readonly refs: ReadonlySet<string>
}

/** A setting in force. */
export interface SettingSeen {
  /** The id of a secret's current version, the number of a parameter's newest. */
  readonly version: string
  /** Equal for equal values within one process, and tells nothing else of them. */
  readonly mark: string
}

/** The front end as visitors get it, and the API as its pages do. */
export interface SiteSeen extends PageSeen {
  readonly version: FrontDoor
  readonly api: FrontDoor
}

/** Everything, seen with plain clients. */
export interface Outside {
  readonly doors: readonly FrontDoor[]
  readonly services: readonly ServiceSeen[]
  readonly database: DatabaseSeen
  /** Of a company that was installed with everything. */
  readonly site?: SiteSeen
  /** By the name of the secret or parameter. */
  readonly configuration?: Readonly<Record<string, SettingSeen>>
}

async function knock(url: string): Promise<FrontDoor> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
    const { release, commit } = (await response.json()) as { release?: string; commit?: string }
    return { status: response.status, ...(release && { release }), ...(commit && { commit }) }
  } catch {
    return { status: 0 }
  }
}

const lastPart = (arn = '') => arn.slice(arn.lastIndexOf('/') + 1)

async function digestsOf({ ecs }: Clients, serviceName: string): Promise<readonly string[]> {
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, serviceName }))
  if (taskArns.length === 0) return []
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }))
  const digests = tasks.flatMap(({ containers = [] }) => containers.map((one) => one.imageDigest))
  return [...new Set(digests)].map(String)
}

async function lookAtServices(clients: Clients): Promise<readonly ServiceSeen[]> {
  const { services = [] } = await clients.ecs.send(
    new DescribeServicesCommand({ cluster, services: [...serviceNames] }),
  )
  return Promise.all(
    services.map(async (one) => ({
      name: String(one.serviceName),
      taskDefinition: lastPart(one.taskDefinition),
      desired: one.desiredCount ?? 0,
      running: one.runningCount ?? 0,
      deployments: one.deployments?.length ?? 0,
      digests: await digestsOf(clients, String(one.serviceName)),
    })),
  )
}

/** Everything that can be set on an instance and that AWS shows, in one order. */
function settingsOf(instance: DBInstance): Readonly<Record<string, unknown>> {
  return {
    class: instance.DBInstanceClass,
    multiAz: instance.MultiAZ,
    storage: [instance.AllocatedStorage, instance.MaxAllocatedStorage, instance.StorageType],
    encrypted: instance.StorageEncrypted,
    parameterGroups: instance.DBParameterGroups?.map((group) => group.DBParameterGroupName),
    optionGroups: instance.OptionGroupMemberships?.map((group) => group.OptionGroupName),
    subnetGroup: instance.DBSubnetGroup?.DBSubnetGroupName,
    securityGroups: instance.VpcSecurityGroups?.map((group) => group.VpcSecurityGroupId),
    public: instance.PubliclyAccessible,
    backups: [instance.BackupRetentionPeriod, instance.PreferredBackupWindow],
    maintenance: [instance.PreferredMaintenanceWindow, instance.AutoMinorVersionUpgrade],
    deletionProtection: instance.DeletionProtection,
    copyTagsToSnapshot: instance.CopyTagsToSnapshot,
    iamAuthentication: instance.IAMDatabaseAuthenticationEnabled,
    logExports: instance.EnabledCloudwatchLogsExports,
    performanceInsights: instance.PerformanceInsightsEnabled,
    monitoring: [instance.MonitoringInterval, instance.MonitoringRoleArn],
    certificate: instance.CACertificateIdentifier,
    tags: tagsOf(instance),
  }
}

/** The owner's tags in one order; those of our suite and of AWS itself mark what was made for a rollback. */
function tagsOf({ TagList = [] }: DBInstance): readonly string[] {
  const own = TagList.filter(({ Key = '' }) => !/^(aws:|rollback-actions)/.test(Key))
  return own.map(({ Key, Value }) => `${Key}=${Value}`).sort()
}

/** What the database shows, and with `rows` what it holds, which a release may have made unreadable. */
async function lookAtDatabase({ rds, secrets }: Clients, rows = true): Promise<DatabaseSeen> {
  const { SecretString } = await secrets.send(
    new GetSecretValueCommand({ SecretId: databaseSecret }),
  )
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}))
  const port = Number(new URL(String(SecretString)).port)
  const instance = DBInstances.find((one) => one.Endpoint?.Port === port)
  const client = new pg.Client({ connectionString: SecretString })
  await client.connect()
  try {
    const applied = await client.query('select version from schema_migrations order by version')
    const triggers = rows ? await client.query('select ref from triggers') : { rows: [] }
    return {
      instance: String(instance?.DBInstanceIdentifier),
      settings: instance ? settingsOf(instance) : {},
      applied: applied.rows.map(({ version }) => version),
      triggers: triggers.rows.length,
      refs: new Set(triggers.rows.map(({ ref }) => ref)),
    }
  } finally {
    await client.end()
  }
}

async function lookAtSite({ url }: FrontEnd): Promise<SiteSeen> {
  const [page, version, api] = await Promise.all([
    loadPage(url),
    knock(`${url}/version.json`),
    knock(`${url}/api/health`),
  ])
  return { ...page, version, api }
}

/** Values are compared, never shown: without this process's key nobody can try out what a mark stands for. */
const markKey = randomBytes(32)
const markOf = (value: unknown) =>
  createHmac('sha256', markKey).update(String(value)).digest('hex').slice(0, 16)

async function lookAtConfiguration({
  secrets,
  ssm,
}: Clients): Promise<Readonly<Record<string, SettingSeen>>> {
  const [secret, { Parameters = [] }] = await Promise.all([
    secrets.send(new GetSecretValueCommand({ SecretId: tokenSecret })),
    ssm.send(new GetParametersByPathCommand({ Path: parameterPath, Recursive: true })),
  ])
  const parameters = Parameters.map(({ Name, Version, Value }) => [
    Name,
    { version: String(Version), mark: markOf(Value) },
  ])
  return {
    [tokenSecret]: { version: String(secret.VersionId), mark: markOf(secret.SecretString) },
    ...Object.fromEntries(parameters),
  }
}

/** Looks at a sample company with HTTP, SQL and AWS's describe calls only: never with this suite's own code. */
export async function lookFromOutside({
  url,
  front,
  clients,
}: Pick<Sample, 'url' | 'front' | 'clients'>): Promise<Outside> {
  const [doors, services, database, site, configuration] = await Promise.all([
    Promise.all(Array.from({ length: 6 }, () => knock(`${url}/health`))),
    lookAtServices(clients),
    lookAtDatabase(clients),
    front && lookAtSite(front),
    front && lookAtConfiguration(clients),
  ])
  return {
    ...{ doors, services, database },
    ...(site && { site }),
    ...(configuration && { configuration }),
  }
}

/** What of everything could be seen, while it is broken; of the database not what it holds. */
export type Glimpse = Partial<Omit<Outside, 'database'>> & {
  readonly database?: Omit<DatabaseSeen, 'triggers' | 'refs'>
}

/** Looks as `lookFromOutside` does, at something that may be broken: what cannot be seen is left out. */
export async function glimpseFromOutside({
  url,
  front,
  clients,
}: Pick<Sample, 'url' | 'front' | 'clients'>): Promise<Glimpse> {
  const maybe = <T>(look: Promise<T> | undefined) => look?.catch(() => undefined)
  const [doors, services, database, site, configuration] = await Promise.all([
    Promise.all(Array.from({ length: 2 }, () => knock(`${url}/health`))),
    maybe(lookAtServices(clients)),
    maybe(lookAtDatabase(clients, false)),
    maybe(front && lookAtSite(front)),
    maybe(front && lookAtConfiguration(clients)),
  ])
  return {
    doors,
    ...(services && { services }),
    ...(database && { database }),
    ...(site && { site }),
    ...(configuration && { configuration }),
  }
}
