// Completes package-lock.json. npm leaves a platform's optional package out of the lock when the registry
// in use does not carry it, and `npm ci` then refuses the lock everywhere ("Missing: … from lock file").
// An entry with version and platform is enough: npm skips it on every other platform without asking for it.
import { readFileSync, writeFileSync } from 'node:fs'

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'sunos', 'aix']
const processors = [
  'arm64',
  'arm',
  'ia32',
  'x64',
  'ppc64',
  'riscv64',
  'loong64',
  's390x',
  'mips64el',
  'wasm32',
]

/** Reads operating system, processor and C library from a platform package's name; undefined when it names none. */
export function platformOf(name) {
  const words = name.replace('windows', 'win32').split(/[^a-z0-9]+/)
  const os = systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  if (!os && cpu !== 'wasm32') return undefined
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.includes('gnu')
      ? 'glibc'
      : undefined
  return {
    ...(os && { os: [os] }),
    ...(cpu && { cpu: [cpu] }),
    ...(libc && os === 'linux' && { libc: [libc] }),
  }
}

/** Lists the optional platform packages that the lock's packages name and the lock does not hold. */
export function missingPlatforms(lock) {
  return Object.values(lock.packages).flatMap((entry) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !lock.packages[`node_modules/${name}`])
      .map(([name, version]) => ({ name, version, dev: entry.dev ?? false })),
  )
}

function complete(path) {
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingPlatforms(lock)
  for (const { name, version, dev } of missing) {
    const platform = platformOf(name)
    if (!platform || !/^\d/.test(version))
      throw new Error(
        `${name}@${version}: not a pinned platform package; add it to the lock by hand`,
      )
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platform,
      ...(dev && { dev }),
      optional: true,
    }
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: ${missing.length} platform packages added`)
}

if (process.argv[1] === import.meta.filename) complete('package-lock.json')
