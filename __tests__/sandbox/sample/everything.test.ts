import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import {
  databaseSecret,
  eventually,
  flagsParameter,
  installSample,
  isWhole,
  lookFromOutside,
  type Outside,
  type ReleaseNumber,
  releases,
  type Sample,
  type SiteSeen,
  startTraffic,
  startVisitors,
  tokenSecret,
} from '../../../packages/sandbox/sample/index.ts'
import { siteOf } from '../../../packages/sandbox/sample/site.ts'
import { awsJson } from '../gateway/clients.ts'

/** The whole company: front end and configuration beside services and database, and the releases that break them, without any of our actions. */
const run = promisify(execFile)
const place = { account: '111122223344', region: 'us-east-1' }
const folder = mkdtempSync(join(tmpdir(), 'sample-test-'))
let sandbox: Sandbox
let sample: Sample

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 120, account: place.account })
  sample = await installSample(sandbox, {
    ...place,
    release: 1,
    everything: true,
    folder: join(folder, 'shop'),
  })
}, 60_000)

afterAll(async () => {
  sample?.clients.close()
  await sandbox?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function script(name: 'migrate' | 'deploy', commit: string): Promise<string> {
  const env = { PATH: process.env.PATH, ...sandbox.env, GITHUB_SHA: commit }
  const { stdout } = await run(process.execPath, [join('scripts', name)], {
    cwd: sample.repository.folder,
    env,
  })
  return stdout
}

async function ship(release: ReleaseNumber, on: readonly ReleaseNumber[] = []): Promise<string> {
  const commit = await sample.repository.release(release, on)
  await script('migrate', commit)
  await script('deploy', commit)
  return commit
}

/** Takes the newest migration back with the company's own tool, as a person would. */
async function takeBack(): Promise<void> {
  const { SecretString } = await sample.clients.secrets.send(
    new GetSecretValueCommand({ SecretId: databaseSecret }),
  )
  const dbmate = 'node_modules/dbmate/dist/cli.js'
  const args = [dbmate, '--migrations-dir', 'database/migrations', '--no-dump-schema', 'rollback']
  const env = { PATH: process.env.PATH, DATABASE_URL: SecretString }
  await run(process.execPath, args, { cwd: sample.repository.folder, env })
}

const seen = (what: string, holds: (outside: Outside) => boolean) =>
  eventually(what, async () => {
    const outside = await lookFromOutside(sample)
    return holds(outside) ? outside : undefined
  })

const everyDoor = (status: number, release: string) => (outside: Outside) =>
  outside.doors.every((door) => door.status === status && door.release === release)

const release2 = async (on: readonly ReleaseNumber[] = []) => {
  await ship(2, on)
  return seen(
    'release 2',
    (outside) => everyDoor(200, '2')(outside) && outside.site?.release === '2',
  )
}

const siteUrl = () => String(sample.front?.url)
const statuses = ({ files }: SiteSeen) =>
  files.map(({ path, status }) => [path.replace(/-\w{8}\./, '.'), status])
const settings = ({ configuration }: Outside) => configuration ?? {}
const flags = (outside: Outside) => settings(outside)[flagsParameter]
const token = (outside: Outside) => settings(outside)[tokenSecret]

const cli = (...args: string[]) => awsJson({ ...sandbox.env }, ...args)
const s3api = (...args: string[]) => cli('s3api', ...args, '--bucket', String(sample.front?.bucket))

describe('release 1', () => {
  test('is one page with its files, and what the API says over the same edge', async () => {
    const { site } = await lookFromOutside(sample)
    const commit = sample.repository.commitOf(1)
    expect(site).toMatchObject({
      release: '1',
      commit,
      version: { status: 200, release: '1', commit },
      api: { status: 200, release: '1', commit },
    })
    expect(
      site?.files.map(({ path, type, cacheControl }) => [
        path.replace(/-[0-9a-f]{8}\./, '.'),
        type,
        cacheControl,
      ]),
    ).toEqual([
      ['/', 'text/html', 'no-cache'],
      ['/assets/style.css', 'text/css', 'public, max-age=31536000, immutable'],
      ['/assets/list.js', 'text/javascript', 'public, max-age=31536000, immutable'],
      ['/assets/app.js', 'text/javascript', 'public, max-age=31536000, immutable'],
    ])
    expect(isWhole(site as SiteSeen)).toBe(true)
  })

  test('has its front end in a versioned bucket behind a distribution, as the AWS CLI sees it', async () => {
    const [versioning, listed, head] = await Promise.all([
      s3api('get-bucket-versioning'),
      s3api('list-objects-v2'),
      s3api('head-object', '--key', 'index.html'),
    ])
    expect(versioning).toEqual({ Status: 'Enabled' })
    expect(listed.Contents.map(({ Key }: { Key: string }) => Key).sort()).toEqual(
      Object.keys(siteOf(releases[1])).sort(),
    )
    expect(head).toMatchObject({
      CacheControl: 'no-cache',
      ContentType: 'text/html; charset=utf-8',
    })
    const id = String(sample.front?.distribution)
    const [{ Distribution }, { InvalidationList }] = await Promise.all([
      cli('cloudfront', 'get-distribution', '--id', id),
      cli('cloudfront', 'list-invalidations', '--distribution-id', id),
    ])
    expect(`http://${Distribution.DomainName}`).toBe(siteUrl())
    expect(Distribution.DistributionConfig.CacheBehaviors.Items).toMatchObject([
      { PathPattern: '/api/*', TargetOriginId: 'api' },
    ])
    expect(InvalidationList.Items).toHaveLength(1)
  }, 30_000)

  test('names everything in its configuration of the rollback', () => {
    const { production } = parse(sample.repository.read('.github/rollback.yml')).environments
    expect(production).toMatchObject({
      secrets: [tokenSecret],
      parameters: ['/acme/production/'],
      site: { bucket: sample.front?.bucket, distribution: sample.front?.distribution },
    })
    expect(production.checks).toContainEqual({ assets: `${siteUrl()}/` })
  })
})

test('release 2 brings a front end and a value of its own, and visitors and customers are served', async () => {
  const before = await lookFromOutside(sample)
  const after = await release2()
  expect([flags(before)?.version, flags(after)?.version]).toEqual(['1', '2'])
  expect(flags(after)?.mark).not.toBe(flags(before)?.mark)
  expect(token(after)).toEqual(token(before))
  const paths = (outside: Outside) => outside.site?.files.slice(1).map(({ path }) => path) ?? []
  expect(paths(after).filter((path) => paths(before).includes(path))).toEqual([])
  const old = await Promise.all(paths(before).map((path) => fetch(`${siteUrl()}${path}`)))
  expect(old.map(({ status }) => status)).toEqual([200, 200, 200])
  const customers = startTraffic(sample.url, { tokenKey: sample.tokenKey, rate: 50 })
  const visitors = startVisitors(siteUrl(), 20)
  await eventually('some visits', async () => visitors.seen().ok > 9 || undefined)
  expect(await visitors.stop()).toMatchObject({ failed: 0, releases: ['2'] })
  expect(await customers.stop()).toMatchObject({ failed: 0 })
}, 60_000)

test('release 7 has a page with a hole in it, and its API is well', async () => {
  await ship(7, [2])
  const { site } = await seen(
    'release 7',
    (outside) => everyDoor(200, '7')(outside) && outside.site?.release === '7',
  )
  expect(statuses(site as SiteSeen)).toEqual([
    ['/', 200],
    ['/assets/style.css', 200],
    ['/assets/list.js', 404],
    ['/assets/app.js', 200],
  ])
  expect(isWhole(site as SiteSeen)).toBe(false)
  expect(site?.api.status).toBe(200)
  const visitors = startVisitors(siteUrl(), 20)
  await eventually('a visit in vain', async () => visitors.seen().failed > 0 || undefined)
  expect(await visitors.stop()).toMatchObject({ ok: 0, releases: ['7'] })
  expect(isWhole((await release2()).site as SiteSeen)).toBe(true)
}, 60_000)

test('release 5 has good code and a whole page, and its configuration makes the API fail', async () => {
  const before = await lookFromOutside(sample)
  await ship(5, [2])
  const after = await seen('release 5', everyDoor(503, '5'))
  expect(isWhole(after.site as SiteSeen)).toBe(true)
  expect(after.site?.api.status).toBe(503)
  expect(flags(after)?.version).toBe(String(Number(flags(before)?.version) + 1))
  expect(token(after)?.version).not.toBe(token(before)?.version)
  const customers = startTraffic(sample.url, { tokenKey: sample.tokenKey, rate: 50 })
  await eventually('a customer turned away', async () => customers.seen().failed > 4 || undefined)
  expect((await customers.stop()).ok).toBe(0)
}, 60_000)

test('its values are put back with the AWS CLI, and release 2 serves with them', async () => {
  const [{ Parameters }, { VersionIdsToStages }] = await Promise.all([
    cli('ssm', 'get-parameter-history', '--name', flagsParameter),
    cli('secretsmanager', 'describe-secret', '--secret-id', tokenSecret),
  ])
  expect(Parameters.slice(-2).map(({ Value }: { Value: string }) => Value)).toEqual([
    '{"pageSize":25}',
    '{"pageSize":"many"}',
  ])
  const versionWith = (label: string) =>
    Object.entries<string[]>(VersionIdsToStages).find(([, labels]) => labels.includes(label))?.[0]
  await cli(
    ...['secretsmanager', 'update-secret-version-stage', '--secret-id', tokenSecret],
    ...['--version-stage', 'AWSCURRENT'],
    ...['--remove-from-version-id', String(versionWith('AWSCURRENT'))],
    ...['--move-to-version-id', String(versionWith('AWSPREVIOUS'))],
  )
  await release2()
  const customers = startTraffic(sample.url, { tokenKey: sample.tokenKey, rate: 50 })
  await eventually('some customers', async () => customers.seen().ok > 9 || undefined)
  expect(await customers.stop()).toMatchObject({ failed: 0 })
}, 60_000)

/** What the database holds of one table, in order. */
const rowsBefore = ({ database }: Outside) => [...database.refs].sort()

test('release 8 breaks every version and itself, and its own way back loses no row', async () => {
  const before = await lookFromOutside(sample)
  const commit = await sample.repository.release(8, [2])
  await script('migrate', commit)
  await seen('release 2 broken by the schema', everyDoor(503, '2'))
  await script('deploy', commit)
  const broken = await seen('release 8 broken too', everyDoor(503, '8'))
  expect(broken.database.applied).toContain('20260908000000')
  expect(isWhole(broken.site as SiteSeen)).toBe(true)
  await takeBack()
  const after = await release2()
  expect(after.database.applied).toEqual(before.database.applied)
  expect(rowsBefore(after)).toEqual(rowsBefore(before))
  const customers = startTraffic(sample.url, { tokenKey: sample.tokenKey, rate: 50 })
  await eventually('some customers', async () => customers.seen().ok > 9 || undefined)
  expect(await customers.stop()).toMatchObject({ failed: 0 })
}, 60_000)

test('release 11 is bad in everything at once', async () => {
  const before = await lookFromOutside(sample)
  await ship(11, [2])
  const after = await seen(
    'release 11',
    (outside) => everyDoor(500, '11')(outside) && outside.site?.release === '11',
  )
  expect(isWhole(after.site as SiteSeen)).toBe(false)
  expect(after.site?.api.status).toBe(500)
  expect(after.database.applied).toContain('20260911000000')
  expect(flags(after)?.mark).not.toBe(flags(before)?.mark)
  expect(token(after)?.mark).not.toBe(token(before)?.mark)
}, 60_000)

test('with the code of release 2 alone, the schema of release 11 still fails', async () => {
  await ship(2, [11])
  const after = await seen('release 2 on that schema', everyDoor(503, '2'))
  expect(isWhole(after.site as SiteSeen)).toBe(true)
  await takeBack()
  await seen('release 2 on its own schema', everyDoor(200, '2'))
}, 60_000)

test('release 9 deletes rows, and its down migration brings back none of them', async () => {
  const seeds = ({ database }: Outside) =>
    [...database.refs].filter((ref) => ref.startsWith('seed-')).length
  expect(seeds(await lookFromOutside(sample))).toBe(100)
  await ship(9, [2])
  const broken = await seen('release 9', everyDoor(503, '9'))
  expect(seeds(broken)).toBe(0)
  await takeBack()
  const after = await release2()
  expect(seeds(after)).toBe(0)
  expect(after.database.applied).not.toContain('20260909000000')
}, 60_000)
