import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { FrontEnd } from './front.ts'
import {
  cluster,
  databaseSecret,
  flagsParameter,
  type Place,
  parameterPath,
  storeBucket,
  tokenSecret,
} from './names.ts'
import { installedPackages } from './packages.ts'
import {
  type Configuration,
  imageReference,
  migrationsOf,
  type Release,
  type ReleaseNumber,
  releases,
  serviceNames,
  shopFolder,
} from './releases.ts'
import { siteOf } from './site.ts'

const run = promisify(execFile)

/** What the company's repository is made from. */
export interface RepositoryOptions extends Place {
  /** An empty or new folder. */
  readonly folder: string
  /** Where customers reach the company. */
  readonly url: string
  /** Where its front end lives; without one, releases bring neither a front end nor configuration. */
  readonly front?: FrontEnd
  /** The workflow files of the repository: name and text. */
  readonly workflows?: Readonly<Record<string, string>>
  /** What differs from the usual entry in `.github/rollback.yml`, merged key by key. */
  readonly environment?: Readonly<Record<string, unknown>>
}

/** The company's git repository; commits are the same for the same options and the same calls. */
export interface SampleRepository {
  readonly folder: string
  /** The commit of a release, once it was committed. */
  commitOf(number: ReleaseNumber): string
  /**
   * Commits the tree of a release on top of main and checks it out; answers the commit. `on` names the earlier
   * releases whose migrations it contains beside those of release 1.
   */
  release(number: ReleaseNumber, on?: readonly ReleaseNumber[]): Promise<string>
  /** Commits changed files, e.g. another configuration; answers the commit. */
  commit(message: string, files: Readonly<Record<string, string>>): Promise<string>
  /** Reads a file of the tree. */
  read(path: string): string
}

/** The entry of the environment `production` in `.github/rollback.yml`. */
function environmentConfig(options: RepositoryOptions) {
  const { account, region, url, front, environment = {} } = options
  return {
    region,
    account,
    services: { cluster, names: [...serviceNames] },
    database: { connection: `secret:${databaseSecret}`, 'data-restore': 'ask' },
    migrations: { tool: 'dbmate', path: 'database/migrations' },
    ...(front && {
      secrets: [tokenSecret],
      parameters: [parameterPath],
      site: { bucket: front.bucket, distribution: front.distribution },
    }),
    checks: [
      { http: `${url}/health`, version: { json: '.commit' }, timeout: '2s' },
      { ecs: true },
      ...(front ? [{ assets: `${front.url}/` }] : []),
    ],
    watch: '3s',
    ...environment,
  }
}

/** The text of `.github/rollback.yml`. */
export function configFile(options: RepositoryOptions): string {
  return stringify({
    version: 1,
    store: `s3://${storeBucket(options)}`,
    environments: { production: environmentConfig(options) },
  })
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Fixed names and dates, and nothing of this machine's git configuration. */
function git(folder: string, number: number, args: readonly string[]) {
  const date = `${1_788_220_800 + number * 3600} +0000`
  const person = { NAME: 'Pat', EMAIL: 'pat@acme.example', DATE: date }
  const people = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(person).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  )
  const alone = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const env = { PATH: process.env.PATH, ...alone, ...Object.fromEntries(people) }
  return run('git', ['-C', folder, ...args], { env })
}

/** In the place of a build. */
function writeSite(folder: string, release: Release): void {
  rmSync(join(folder, 'site'), { recursive: true, force: true })
  for (const [path, text] of Object.entries(siteOf(release))) write(folder, `site/${path}`, text)
}

/** What the script `configure` is to write. */
const broughtBy = ({ flags, newKey }: Configuration) => ({
  parameters: { [flagsParameter]: flags },
  newKeys: newKey ? [tokenSecret] : [],
})

const scripts = ['migrate', 'configure', 'deploy', 'publish']

function writeRelease(
  options: RepositoryOptions,
  number: ReleaseNumber,
  on: readonly ReleaseNumber[],
): void {
  const { folder, front } = options
  const release = releases[number]
  const images = serviceNames.map((name) => [name, imageReference(name, release, options)])
  const text = {
    ...{ release: number, cluster, images: Object.fromEntries(images) },
    ...(front && release.configuration && { configuration: broughtBy(release.configuration) }),
    ...(front && { site: { bucket: front.bucket, distribution: front.distribution } }),
  }
  write(folder, 'release.json', `${JSON.stringify(text, null, 2)}\n`)
  if (front) writeSite(folder, release)
  rmSync(join(folder, 'database/migrations'), { recursive: true, force: true })
  for (const file of migrationsOf(number, on))
    write(
      folder,
      `database/migrations/${file}`,
      readFileSync(join(shopFolder, 'migrations', file), 'utf8'),
    )
}

function writeBasics(options: RepositoryOptions): void {
  const { folder, workflows = {} } = options
  mkdirSync(folder, { recursive: true })
  cpSync(join(shopFolder, 'scripts'), join(folder, 'scripts'), { recursive: true })
  for (const script of scripts) chmodSync(join(folder, 'scripts', script), 0o755)
  write(folder, 'package.json', '{ "name": "shop", "private": true, "type": "module" }\n')
  write(folder, '.gitignore', 'node_modules\n')
  // In the place of `npm ci`.
  symlinkSync(installedPackages(), join(folder, 'node_modules'))
  write(folder, '.github/rollback.yml', configFile(options))
  for (const [name, text] of Object.entries(workflows))
    write(folder, `.github/workflows/${name}`, text)
}

/** Makes the company's repository in a folder, without a release yet. */
export async function sampleRepository(options: RepositoryOptions): Promise<SampleRepository> {
  const { folder } = options
  const commits = new Map<ReleaseNumber, string>()
  let count = 0
  writeBasics(options)
  await git(folder, 0, ['init', '--quiet', '--initial-branch=main'])
  const record = async (message: string) => {
    count += 1
    await git(folder, count, ['add', '--all'])
    await git(folder, count, ['commit', '--quiet', '--allow-empty', '--message', message])
    const { stdout } = await git(folder, count, ['rev-parse', 'HEAD'])
    return stdout.trim()
  }
  return {
    folder,
    commitOf: (number) => {
      const found = commits.get(number)
      if (!found) throw new Error(`Release ${number} was not committed yet`)
      return found
    },
    release: async (number, on = []) => {
      writeRelease(options, number, on)
      const commit = await record(`Release ${number}`)
      commits.set(number, commit)
      return commit
    },
    commit: (message, files) => {
      for (const [path, text] of Object.entries(files)) write(folder, path, text)
      return record(message)
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  }
}
