import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import type { Verdict } from '#core'
import type { Lease, Pin, Point, Record as RollbackRecord } from '#store'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import {
  flagsParameter,
  installSample,
  isWhole,
  lookFromOutside,
  type ReleaseNumber,
  releases,
  type Sample,
  storeBucket,
  tokenSecret,
} from '../../../packages/sandbox/sample/index.ts'
import { deployJob, type JobEnd, type Place, type RunOf, rollbackJob } from '../chain/job.ts'
import { type Runner, runBundle } from './bundle.ts'

/** One sandbox with many companies, each in an account of its own, and a copy of the bundles as they were at the start. */
export interface Town {
  readonly sandbox: Sandbox
  readonly folder: string
  close(): Promise<void>
}

export async function foundTown(scale: number, github = false): Promise<Town> {
  const folder = mkdtempSync(join(tmpdir(), 'town-'))
  cpSync(join(import.meta.dirname, '../../../dist'), join(folder, 'dist'), { recursive: true })
  const sandbox = await startSandbox({ scale, github })
  const close = async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { sandbox, folder, close }
}

/** A company whose bad release was deployed by the bundles and judged, before anything is rolled back. */
export interface Broken extends Sample {
  readonly town: Town
  readonly run: RunOf
  readonly verdict: Verdict
}

const region = 'us-east-1'

/**
 * Installs a company at release 2 and deploys a bad one over it, guarded, through the bundles. It has a front end and configuration
 * where the bad release brings some.
 */
export async function broken(town: Town, account: string, release: ReleaseNumber): Promise<Broken> {
  const sample = await installSample(town.sandbox, {
    ...{ account, region, release: 2, folder: join(town.folder, account) },
    everything: releases[release].configuration !== undefined,
    environment: {
      database: { connection: 'secret:acme/production/database-url', 'data-restore': 'automatic' },
      watch: '5s',
    },
  })
  const sha = await sample.repository.release(release, [2])
  const run = { runId: '1001', attempt: 1, sha }
  const { outputs, lines } = await deployJob(placeOf({ ...sample, town }, run))
  if (outputs.verdict !== 'unhealthy') throw new Error(`not broken: ${lines.slice(-5).join('\n')}`)
  return { ...sample, town, run, verdict: 'unhealthy' }
}

/** Runs the rollback job through the bundles; a bundle that is killed ends the job, as a machine that dies does. */
export const rollBack = (at: Broken, attempt = 1): Promise<JobEnd> =>
  rollbackJob(placeOf(at, { ...at.run, attempt }), { verdict: at.verdict })

/** Where a run of a company happens; `onStart` is given each process. */
export function placeOf(
  at: Sample & { readonly town: Town },
  run: RunOf,
  onStart?: Runner['onStart'],
): Place {
  const { AWS_ACCESS_KEY_ID: _, ...rest } = at.town.sandbox.env
  const runner = {
    dist: join(at.town.folder, 'dist'),
    tree: at.repository.folder,
    // A runner compiles a bundle anew each time; a story that starts hundreds does not have to.
    env: {
      ...rest,
      AWS_ACCESS_KEY_ID: at.account,
      NODE_COMPILE_CACHE: join(at.town.folder, 'compiled'),
    },
    run,
    ...(onStart && { onStart }),
  }
  const token = at.town.sandbox.env.GITHUB_TOKEN
  let die: (value: 'killed') => void = () => {}
  const death = new Promise<'killed'>((resolve) => {
    die = resolve
  })
  return {
    run,
    death,
    perform: async (action, named, say) => {
      const given = named.token === '' && token !== undefined ? { ...named, token } : named
      const ended = await runBundle(runner, { action, given, say })
      if (ended !== 'killed') return ended
      die('killed')
      return new Promise(() => {})
    },
    inputs: { 'poll-interval': '200ms' },
  }
}

const timeless = (name: string) => name.replace(/\d{8}-\d{6}/, '<time>')

/** Everything that matters in the end, seen with plain clients, without what differs between two runs of the same story. */
export async function picture(at: Broken) {
  const { doors, services, database, site, configuration } = await lookFromOutside(at)
  const { rds } = at.clients
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}))
  const { DBSnapshots = [] } = await rds.send(
    new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
  )
  return {
    doors: [...new Set(doors.map(({ status, release }) => `${status} ${release}`))],
    services: services.map(({ name, taskDefinition, desired, running, deployments }) => ({
      ...{ name, taskDefinition, deployments, tasks: `${running}/${desired}` },
    })),
    database: {
      serving: timeless(database.instance),
      applied: database.applied,
      seeded: [...database.refs].filter((ref) => ref.startsWith('seed-')).length,
      instances: DBInstances.map((one) => timeless(one.DBInstanceIdentifier ?? '')).sort(),
      snapshots: DBSnapshots.map(
        (one) => `${timeless(one.DBSnapshotIdentifier ?? '')} ${one.Status}`,
      ).sort(),
    },
    ...(site && {
      site: {
        ...{ release: site.release, whole: isWhole(site) },
        ...{ version: site.version.release, api: site.api.status },
      },
    }),
    ...(configuration && { configuration: await configurationOf(at) }),
    store: await storeOf(at),
  }
}

/** Whether customers' tokens fit, where the labels are, and the number of the parameter's newest version with its value. */
async function configurationOf({ clients: { secrets, ssm }, tokenKey }: Broken) {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: tokenSecret }))
  const { VersionIdsToStages = {} } = await secrets.send(
    new DescribeSecretCommand({ SecretId: tokenSecret }),
  )
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: flagsParameter }))
  return {
    key: SecretString === tokenKey ? 'the first' : 'another',
    labels: Object.values(VersionIdsToStages)
      .map((labels) => [...labels].sort().join())
      .sort(),
    flags: `${Parameter?.Version} ${Parameter?.Value}`,
  }
}

/** Commits differ between two installations, and so do ids of versions, by whose hash a manifest is named. */
const nameless = (key: string) =>
  key.replace(/pins\/.*/, 'pins/<sha>').replace(/sites\/\w+/, 'sites/<hash>')

async function storeOf(at: Broken) {
  const { s3 } = at.clients
  const Bucket = storeBucket(at)
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
  const keys = Contents.map(({ Key = '' }) => Key).sort()
  const read = async <T>(Key: string): Promise<T> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    return JSON.parse((await Body?.transformToString()) ?? '')
  }
  const all = <T>(pattern: RegExp) =>
    Promise.all(keys.filter((key) => pattern.test(key)).map((key) => read<T>(key)))
  const environment = await read<{ open?: string; verified?: string; latest?: string }>(
    'production/environment.json',
  )
  const { open, verified, latest } = environment
  const lease = await read<Lease>('production/lease.json')
  const records = await all<RollbackRecord>(/rollback-\d+\.json$/)
  const points = await all<Point>(/\/before\.json$/)
  const pins = await all<Pin>(/\/pins\//)
  return {
    ...{ keys: keys.map(nameless).sort(), open, verified, latest },
    lease: lease.owner,
    records: records.map(({ id, state, outcome }) => `${id} ${state} ${outcome}`),
    deployments: points.map(({ id, deployment }) => `${id} ${deployment?.state}`),
    pins: pins.map(({ record }) => record),
  }
}
