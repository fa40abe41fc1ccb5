import { randomBytes } from 'node:crypto'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds'
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import pg from 'pg'
import type { Sandbox } from '../index.ts'
import { type Clients, clientsOf, eventually } from './clients.ts'
import { createFrontEnd, type FrontEnd, publish } from './front.ts'
import { applyMigrations } from './migrate.ts'
import {
  cluster,
  databaseInstance,
  databaseName,
  databaseSecret,
  flagsParameter,
  type Place,
  storeBucket,
  tokenSecret,
} from './names.ts'
import {
  firstFlags,
  imageContent,
  imageReference,
  type Release,
  type ReleaseNumber,
  releases,
  type ServiceName,
  serviceNames,
} from './releases.ts'
import { type RepositoryOptions, type SampleRepository, sampleRepository } from './repository.ts'

/** Which sample company to install, and how its repository looks. */
export interface InstallOptions extends Place, Pick<RepositoryOptions, 'folder' | 'environment'> {
  readonly release: ReleaseNumber
  /** The whole system: a front end and configuration too, named in `.github/rollback.yml` with a check of the assets. */
  readonly everything?: boolean
  /** The workflow files of the repository, once it is known where customers reach the company. */
  readonly workflows?: Readonly<Record<string, string>>
}

/** An installed company. */
export interface Sample extends Place {
  /** Where customers reach it: its load balancer. */
  readonly url: string
  /** Its front end, if it was installed with everything. */
  readonly front?: FrontEnd
  readonly repository: SampleRepository
  /** The key with which customers' tokens are signed. */
  readonly tokenKey: string
  readonly clients: Clients
}

/** Calls an admin page of the sandbox. Throws with its answer when it refuses. */
async function admin<T>(sandbox: Sandbox, page: string, body: unknown): Promise<T> {
  const response = await fetch(`${sandbox.url}/_sandbox/${page}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${page}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Pushes the images of every release into the sandbox's registry. */
export async function pushImages(sandbox: Sandbox, place: Place): Promise<void> {
  const all = Object.values(releases).flatMap((release) =>
    serviceNames.map((service) => ({
      action: 'push',
      image: imageReference(service, release, place),
      ...imageContent(service, release),
    })),
  )
  await Promise.all(all.map((push) => admin(sandbox, 'images', push)))
}

async function createStore({ s3 }: Clients, place: Place): Promise<void> {
  const Bucket = storeBucket(place)
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
}

/** A database with attributes that a restore does not carry over by itself. */
async function createDatabase({ rds }: Clients, place: Place): Promise<string> {
  // Such passwords exist, and a connection string spells them in another way.
  const password = `${randomBytes(18).toString('base64url')}:%#?+`
  const group = 'acme-postgres'
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: group,
      DBParameterGroupFamily: 'postgres18',
      Description: 'acme',
    }),
  )
  await rds.send(
    new CreateDBSubnetGroupCommand({
      DBSubnetGroupName: 'acme-private',
      DBSubnetGroupDescription: 'acme',
      SubnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-1a1b2c3d4e5f60718'],
    }),
  )
  await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: databaseInstance,
      DBInstanceClass: 'db.m7g.large',
      Engine: 'postgres',
      DBName: databaseName,
      MasterUsername: 'acme',
      MasterUserPassword: password,
      AllocatedStorage: 100,
      MaxAllocatedStorage: 500,
      StorageType: 'gp3',
      StorageEncrypted: true,
      MultiAZ: true,
      DBParameterGroupName: group,
      DBSubnetGroupName: 'acme-private',
      VpcSecurityGroupIds: ['sg-0d1e2f3a4b5c6d7e8'],
      BackupRetentionPeriod: 14,
      PreferredBackupWindow: '02:00-02:30',
      PreferredMaintenanceWindow: 'sun:03:30-sun:04:00',
      AutoMinorVersionUpgrade: false,
      DeletionProtection: true,
      CopyTagsToSnapshot: true,
      EnableIAMDatabaseAuthentication: true,
      EnableCloudwatchLogsExports: ['postgresql'],
      EnablePerformanceInsights: true,
      MonitoringInterval: 60,
      MonitoringRoleArn: `arn:aws:iam::${place.account}:role/rds-monitoring`,
      PubliclyAccessible: false,
      Tags: [
        { Key: 'team', Value: 'platform' },
        { Key: 'cost-center', Value: '4711' },
      ],
    }),
  )
  const endpoint = await eventually('the database', async () => {
    const { DBInstances } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseInstance }),
    )
    return DBInstances?.[0]?.Endpoint
  })
  const { Address, Port } = endpoint
  return `postgres://acme:${encodeURIComponent(password)}@${Address}:${Port}/${databaseName}?sslmode=disable`
}

/** Rows from before anything went wrong. */
async function seed(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `insert into triggers (ref, name, owner)
       select 'seed-' || n, 'Seeded trigger ' || n, 'customer-' || n % 5 from generate_series(1, 100) n`,
    )
    await client.query("insert into events (trigger_id, kind) select id, 'created' from triggers")
  } finally {
    await client.end()
  }
}

/** What tasks get from outside their images: ARNs of secrets and of a parameter. */
interface Settings {
  readonly database: string
  readonly token: string
  readonly flags?: string
}

async function createSecret({ secrets }: Clients, Name: string, SecretString: string) {
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name, SecretString }))
  return String(ARN)
}

async function createFlags({ ssm }: Clients, { account, region }: Place): Promise<string> {
  const Name = flagsParameter
  await ssm.send(new PutParameterCommand({ Name, Value: firstFlags, Type: 'String' }))
  return `arn:aws:ssm:${region}:${account}:parameter${Name}`
}

interface ServiceToCreate extends Place {
  readonly release: Release
  readonly commit: string
  readonly settings: Settings
  readonly targetGroup: string
}

const counts: Readonly<Record<ServiceName, number>> = {
  'api-gateway': 2,
  'event-processor': 1,
  'action-workers': 1,
}

const taskSize = {
  networkMode: 'awsvpc' as const,
  requiresCompatibilities: ['FARGATE' as const],
  cpu: '256',
  memory: '512',
}

const settingsOfApi = ({ token, flags }: Settings) => [
  { name: 'JWT_SECRET', valueFrom: token },
  ...(flags === undefined ? [] : [{ name: 'FEATURE_FLAGS', valueFrom: flags }]),
]

async function createService({ ecs }: Clients, service: ServiceName, given: ServiceToCreate) {
  const { account, region, release, commit, settings, targetGroup } = given
  const isApi = service === 'api-gateway'
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: `acme-${service}`,
      ...taskSize,
      executionRoleArn: `arn:aws:iam::${account}:role/ecs-execution`,
      containerDefinitions: [
        {
          name: service,
          image: imageReference(service, release, { account, region }),
          essential: true,
          environment: [{ name: 'COMMIT', value: commit }],
          secrets: [
            { name: 'DATABASE_URL', valueFrom: settings.database },
            ...(isApi ? settingsOfApi(settings) : []),
          ],
          ...(isApi && { portMappings: [{ containerPort: 8080 }] }),
        },
      ],
    }),
  )
  const loadBalancers = [
    { targetGroupArn: targetGroup, containerName: service, containerPort: 8080 },
  ]
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: service,
      taskDefinition: String(taskDefinition?.taskDefinitionArn),
      desiredCount: counts[service],
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a1b2c3d4e5f60718'] } },
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
      ...(isApi && { loadBalancers, healthCheckGracePeriodSeconds: 60 }),
    }),
  )
}

/** The load balancer asks whether processes live; whether they can do their work is asked by the checks. */
function createBalancer(sandbox: Sandbox, { account, region }: Place) {
  return admin<{ url: string; targetGroupArn: string }>(sandbox, 'load-balancers', {
    action: 'create',
    name: 'acme-api',
    account,
    region,
    healthCheck: { path: '/ping', intervalMs: 10_000, healthyThreshold: 2 },
    deregistrationDelayMs: 20_000,
  })
}

async function untilServing(clients: Clients, url: string, commit: string): Promise<void> {
  await eventually('a steady system', async () => {
    const { services = [] } = await clients.ecs.send(
      new DescribeServicesCommand({ cluster, services: [...serviceNames] }),
    )
    const steady = services.every(
      (one) => one.deployments?.length === 1 && one.deployments[0]?.rolloutState === 'COMPLETED',
    )
    return steady ? true : undefined
  })
  await eventually('a healthy answer', async () => {
    const response = await fetch(`${url}/health`)
    const body = (await response.json()) as { commit?: string }
    return response.status === 200 && body.commit === commit ? true : undefined
  })
  await eventually('an available database', async () => {
    const { DBInstances } = await clients.rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseInstance }),
    )
    return DBInstances?.[0]?.DBInstanceStatus === 'available' ? true : undefined
  })
}

interface Ground extends Place {
  readonly clients: Clients
  readonly repository: SampleRepository
  readonly front: FrontEnd | undefined
  /** Where customers reach it, and what tasks register with. */
  readonly url: string
  readonly targetGroup: string
}

/** Everything that serves a release, from the database up; answers the key of customers' tokens. */
async function createSystem(ground: Ground, release: Release): Promise<string> {
  const { account, region, clients, repository, front, url, targetGroup } = ground
  const commit = repository.commitOf(release.number)
  const connection = await createDatabase(clients, { account, region })
  await applyMigrations(repository.folder, connection)
  await seed(connection)
  const tokenKey = randomBytes(24).toString('base64url')
  const settings = {
    database: await createSecret(clients, databaseSecret, connection),
    token: await createSecret(clients, tokenSecret, tokenKey),
    ...(front && { flags: await createFlags(clients, { account, region }) }),
  }
  const given = { account, region, release, commit, settings, targetGroup }
  await Promise.all(serviceNames.map((service) => createService(clients, service, given)))
  await untilServing(clients, url, commit)
  return tokenKey
}

/**
 * Builds the sample company in one account of a sandbox, by the calls that anybody would make to AWS, and resolves
 * when everything serves. Several companies live side by side in different accounts.
 */
export async function installSample(sandbox: Sandbox, options: InstallOptions): Promise<Sample> {
  const { account, region, release, everything = false } = options
  const place = { account, region }
  const clients = clientsOf(sandbox.url, place)
  const [{ url, targetGroupArn: targetGroup }] = await Promise.all([
    createBalancer(sandbox, place),
    pushImages(sandbox, place),
    createStore(clients, place),
    clients.ecs.send(new CreateClusterCommand({ clusterName: cluster })),
  ])
  const front = everything ? await createFrontEnd(clients, place, url) : undefined
  const repository = await sampleRepository({ ...options, url, ...(front && { front }) })
  const commit = await repository.release(release)
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account, AWS_REGION: region }
  const [tokenKey] = await Promise.all([
    createSystem({ ...place, clients, repository, front, url, targetGroup }, releases[release]),
    front && publish(repository.folder, commit, env),
  ])
  return { ...place, url, ...(front && { front }), repository, tokenKey, clients }
}
