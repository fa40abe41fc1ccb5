// Completes package-lock.json: `npm run lock`. npm leaves a platform's optional package out of the lock when the registry
// in use does not carry it, and `npm ci` then refuses the lock everywhere ("Missing: … from lock file"). An entry with
// version and platform is enough: npm skips it on every other platform without asking for it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../package-lock.json')
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = 'arm64 arm ia32 x64 ppc64 riscv64 loong64 s390x wasm32'.split(' ')

export interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** What we read of package-lock.json. */
export interface Lock {
  packages: Record<string, LockEntry>
}

/** Reads operating system, processor and C library from a platform package's name; undefined when it names none. */
export function platformOf(name: string): Readonly<Record<string, readonly string[]>> | undefined {
  const words = name.replace('windows', 'win32').split(/[^a-z0-9]+/)
  const os = systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  if (!os && cpu !== 'wasm32') return undefined
  const musl = words.some((word) => word.startsWith('musl'))
  const libc = musl ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
  return {
    ...(os && { os: [os] }),
    ...(cpu && { cpu: [cpu] }),
    ...(libc && os === 'linux' && { libc: [libc] }),
  }
}

/** Lists the optional packages that the lock's packages name and the lock does not hold. */
export function missingPlatforms(lock: Lock) {
  return Object.values(lock.packages).flatMap((entry) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lock.packages[`node_modules/${name}`])
      .map(([name, version]) => ({ name, version, dev: entry.dev ?? false })),
  )
}

/** Reads the lock of this checkout. */
export function readLock(): Lock {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function complete(): void {
  const lock = readLock()
  const missing = missingPlatforms(lock)
  for (const { name, version, dev } of missing) {
    const platform = platformOf(name)
    if (!platform || !/^\d/.test(version)) {
      throw new Error(`${name}@${version} is no pinned platform package: add it by hand`)
    }
    const entry = { version, ...platform, ...(dev && { dev }), optional: true }
    lock.packages[`node_modules/${name}`] = entry
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: ${missing.length} platform packages added`)
}

if (import.meta.main) complete()
