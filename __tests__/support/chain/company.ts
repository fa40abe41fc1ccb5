import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds'
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import { stringify } from 'yaml'
import { type ConfigClients, connect as connectConfig } from '#config'
import { connect as connectEcs, type EcsClients } from '#ecs'
import type { FetchOnce } from '#health'
import { connect as connectRds, type RdsClients } from '#rds'
import { connect as connectSite, type SiteClients } from '#site'
import type { Change, Connection, Database } from '#sql'
import {
  type MemoryGateway,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import {
  flagsParameter,
  parameterPath,
  tokenSecret,
} from '../../../packages/sandbox/sample/names.ts'
import {
  imageContent,
  imageReference,
  migrationsOf,
  type ReleaseNumber,
  releases,
  type ServiceName,
  serviceNames,
  shopFolder,
} from '../../../packages/sandbox/sample/releases.ts'
import { type MemoryBucket, memoryBucket } from './bucket.ts'
import { configure, flagsOf, keyOf } from './configuration.ts'
import { applyIn, databaseOf } from './database.ts'
import { customerAnswer, frontDoor, isDoor } from './door.ts'
import { distribution, type FrontEnd, frontEnd, publish, siteBucket, siteUrl } from './front.ts'
import { type Machine, machine, type Watcher } from './machine.ts'

export const MINUTE = 60_000
export const place = { account: '123456789012', region: 'us-east-1' }
export const cluster = 'acme-production'
export const secret = 'acme/production/database-url'
export const root = 'acme-production'
const counts: Readonly<Record<ServiceName, number>> = {
  'api-gateway': 2,
  'event-processor': 1,
  'action-workers': 1,
}
/** What a database holds: its ledger, and how many rows were ever written. */
export interface Data {
  readonly applied: readonly string[]
  readonly rows: number
}

/** The sample company in one process and in virtual time: what runs against which ledger decides what customers get. */
export interface Company {
  readonly clock: VirtualClock
  readonly gateway: MemoryGateway
  readonly bucket: MemoryBucket
  /** Clients of nobody in particular: for looking and for what people do. */
  readonly clients: EcsClients & RdsClients & Pick<ConfigClients, 'ssm'> & SiteClients
  readonly front: FrontEnd
  readonly config: string
  /** The front door, asked by verify-health. */
  readonly fetchOnce: FetchOnce
  readonly database: (connection: Connection) => Database
  /** Runs a down and forgets its row, together. */
  readonly apply: (connection: Connection, change: Change) => Promise<void>
  /** What a customer is answered whose token was signed when all was well. */
  readonly customer: () => string
  machine(watcher?: Watcher): Machine
  /** Checks out a release: its migrations are the ones in the working tree. Answers its commit. */
  checkout(release: ReleaseNumber, on?: readonly ReleaseNumber[]): string
  /** The company's own scripts, as of the commit that is checked out. */
  migrate(): Promise<void>
  deploy(): Promise<void>
  /** A customer writes a row into whatever database the company uses now. */
  write(): Promise<void>
  close(): Promise<void>
}

export const commitOf = (release: ReleaseNumber) =>
  release.toString(16).padStart(2, '0').padEnd(40, 'c')
const versionsOf = (release: ReleaseNumber, on: readonly ReleaseNumber[]) =>
  migrationsOf(release, on).map((file) => file.split('_')[0] ?? '')

/**
 * Installs the company at release 2, steady and healthy. `environment` changes its entry in the configuration file; `brings` is what
 * its script `deploy` takes of a release.
 */
export async function company(
  environment: Readonly<Record<string, unknown>> = {},
  brings: 'everything' | 'configuration' = 'everything',
) {
  const clock = virtualClock()
  const bucket = memoryBucket()
  const front = frontEnd(clock)
  const gateway = memoryGateway({
    clock,
    services: () => [front.cloudfront],
    forward: (context) => (front.owns(context) ? front.bucket : bucket).forward(context),
  })
  const folder = mkdtempSync(join(tmpdir(), 'company-'))
  const newMachine = (watcher?: Watcher) => machine(gateway, { clock, ...place }, watcher)
  const { aws } = newMachine()
  const clients = {
    ...{ ...connectEcs(aws), ...connectRds(aws) },
    ...{ ssm: connectConfig(aws).ssm, ...connectSite(aws) },
  }
  const config = join(folder, 'rollback.yml')
  writeFileSync(config, configText(folder, environment))
  let head: { release: ReleaseNumber; on: readonly ReleaseNumber[] } = { release: 2, on: [] }
  const found = { clock, gateway, clients }
  const self: Company = {
    ...{ clock, gateway, bucket, clients, front, config, machine: newMachine },
    fetchOnce: frontDoor(gateway, front),
    customer: () => customerAnswer(gateway),
    database: databaseOf(gateway),
    apply: applyIn(gateway),
    checkout: (release, on = []) => {
      head = { release, on }
      writeMigrations(folder, release, on)
      return commitOf(release)
    },
    migrate: async () => {
      const server = await serving(found)
      const { rows } = server.value as Data
      const left = head.release === 9 ? 0 : rows
      gateway.data.write(server.id, { applied: versionsOf(head.release, head.on), rows: left })
    },
    deploy: async () => {
      await configure(clients, releases[head.release])
      if (brings === 'configuration') return restartAll(clients)
      await deployRelease(clients, head.release)
      await publish(clients, front, {
        release: releases[head.release],
        commit: commitOf(head.release),
      })
    },
    write: async () => {
      const server = await serving(found)
      const { applied, rows } = server.value as Data
      gateway.data.write(server.id, { applied, rows: rows + 1 })
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true })
      await gateway.close()
    },
  }
  await install(self)
  self.checkout(2)
  return self
}

function configText(folder: string, environment: Readonly<Record<string, unknown>>): string {
  const production = {
    ...{ region: place.region, account: place.account },
    services: { cluster, names: [...serviceNames] },
    database: { connection: `secret:${secret}`, 'data-restore': 'automatic' },
    migrations: { tool: 'dbmate', path: join(folder, 'migrations') },
    secrets: [tokenSecret],
    parameters: [parameterPath],
    site: { bucket: siteBucket, distribution },
    checks: [
      { http: 'http://acme.test/health', version: { json: '.commit' } },
      { ecs: true },
      { assets: `${siteUrl}/` },
    ],
    watch: '2m',
    ...environment,
  }
  return stringify({ version: 1, store: 's3://acme-rollback', environments: { production } })
}

function writeMigrations(folder: string, release: ReleaseNumber, on: readonly ReleaseNumber[]) {
  const migrations = join(folder, 'migrations')
  rmSync(migrations, { recursive: true, force: true })
  mkdirSync(migrations)
  for (const file of migrationsOf(release, on))
    writeFileSync(join(migrations, file), readFileSync(join(shopFolder, 'migrations', file)))
}

async function install({ clients, gateway, front, clock }: Company): Promise<void> {
  for (const release of Object.values(releases)) {
    for (const service of serviceNames) {
      const image = imageReference(service, release, place)
      gateway.ecs.images.push(image, imageContent(service, release))
      if (release.fault === 'cannot-start')
        gateway.runtime.behave(image, { kind: 'crashes', afterMs: 1000, code: 1 })
    }
  }
  await front.open()
  await publish(clients, front, { release: releases[2], commit: commitOf(2) })
  await createDatabase(clients)
  await clock.advance(30 * MINUTE)
  const [instance] = await instancesOf(clients)
  const { Port } = instance?.Endpoint ?? {}
  gateway.data.write(instance?.DbiResourceId ?? '', { applied: versionsOf(2, []), rows: 100 })
  const SecretString = `postgres://acme:correct-horse@127.0.0.1:${Port}/acme?sslmode=disable`
  const made = await clients.secrets.send(new CreateSecretCommand({ Name: secret, SecretString }))
  await clients.ecs.send(new CreateClusterCommand({ clusterName: cluster }))
  const key = { Name: tokenSecret, SecretString: keyOf(1) }
  const { ARN } = await clients.secrets.send(new CreateSecretCommand(key))
  const flags = { Name: flagsParameter, Value: flagsOf(releases[2]), Type: 'String' as const }
  await clients.ssm.send(new PutParameterCommand(flags))
  const secrets = {
    DATABASE_URL: String(made.ARN),
    JWT_SECRET: String(ARN),
    FEATURE_FLAGS: flagsArn,
  }
  for (const service of serviceNames) await createService(clients, service, secrets)
  await clock.advance(5 * MINUTE)
}

async function createDatabase({ rds }: RdsClients): Promise<void> {
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
      SubnetIds: ['subnet-1', 'subnet-2'],
    }),
  )
  await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: root,
      DBInstanceClass: 'db.m7g.large',
      Engine: 'postgres',
      DBName: 'acme',
      MasterUsername: 'acme',
      MasterUserPassword: 'correct-horse',
      AllocatedStorage: 100,
      MaxAllocatedStorage: 500,
      StorageType: 'gp3',
      StorageEncrypted: true,
      MultiAZ: true,
      DBParameterGroupName: group,
      DBSubnetGroupName: 'acme-private',
      VpcSecurityGroupIds: ['sg-0d1e2f3a4b5c6d7e8'],
      BackupRetentionPeriod: 14,
      AutoMinorVersionUpgrade: false,
      DeletionProtection: true,
      EnablePerformanceInsights: true,
      MonitoringInterval: 60,
      MonitoringRoleArn: `arn:aws:iam::${place.account}:role/rds-monitoring`,
      Tags: [{ Key: 'team', Value: 'platform' }],
    }),
  )
}

const flagsArn = `arn:aws:ssm:${place.region}:${place.account}:parameter${flagsParameter}`

/** Only the front door reads the configuration; all of them read where the database is. */
async function createService(
  { ecs }: EcsClients,
  service: ServiceName,
  given: Readonly<Record<string, string>>,
) {
  const read = service === 'api-gateway' ? Object.keys(given) : ['DATABASE_URL']
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: `acme-${service}`,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      executionRoleArn: `arn:aws:iam::${place.account}:role/ecs-execution`,
      containerDefinitions: [
        {
          name: service,
          image: imageReference(service, releases[2], place),
          environment: [{ name: 'COMMIT', value: commitOf(2) }],
          secrets: read.map((name) => ({ name, valueFrom: String(given[name]) })),
        },
      ],
    }),
  )
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: service,
      taskDefinition: String(taskDefinition?.taskDefinitionArn),
      desiredCount: counts[service],
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 200 },
    }),
  )
}

/** What the shop's script `deploy` does: a revision with the release's image for each service, without waiting. */
async function deployRelease({ ecs }: EcsClients, release: ReleaseNumber): Promise<void> {
  for (const service of serviceNames) {
    const { services } = await ecs.send(
      new DescribeServicesCommand({ cluster, services: [service] }),
    )
    const { taskDefinition: now } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: services?.[0]?.taskDefinition }),
    )
    const containerDefinitions = now?.containerDefinitions?.map((container) => ({
      ...container,
      image: imageReference(service, releases[release], place),
      environment: [{ name: 'COMMIT', value: commitOf(release) }],
    }))
    const { family, networkMode, requiresCompatibilities, cpu, memory, executionRoleArn } =
      now ?? {}
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        ...{ family, networkMode, requiresCompatibilities, cpu, memory, executionRoleArn },
        containerDefinitions,
      }),
    )
    await ecs.send(
      new UpdateServiceCommand({
        cluster,
        service,
        taskDefinition: taskDefinition?.taskDefinitionArn,
      }),
    )
  }
}

/** Tasks read the configuration when they start: what a person does who changed nothing else. */
async function restartAll({ ecs }: EcsClients): Promise<void> {
  for (const service of serviceNames)
    await ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }))
}

export async function instancesOf({ rds }: RdsClients) {
  return (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []
}

/** The database of the task that serves customers: the newest front door's. */
async function serving({ gateway, clients }: Pick<Company, 'gateway' | 'clients'>) {
  const door = gateway.runtime.processes.findLast((one) => one.alive() && isDoor(one.request))
  const port = Number(new URL(door?.request.environment.DATABASE_URL ?? 'postgres://x:0').port)
  const instance = (await instancesOf(clients)).find((one) => one.Endpoint?.Port === port)
  const id = instance?.DbiResourceId ?? ''
  return { id, value: gateway.data.server(id).value }
}
