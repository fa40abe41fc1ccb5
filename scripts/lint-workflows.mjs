// Lints workflows and examples: actionlint as they are; actionlint on a copy in which references to this repository are
// local, because only for local ones does it check inputs and outputs; zizmor for security.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { actionNames } from './actions.ts'
import { actionlint, root } from './install.mjs'
import { yamlFiles } from './workflows.ts'

const workflows = yamlFiles('.github/workflows')
const examples = yamlFiles('workflows-examples')
const copy = join(root, '.build/actionlint')

/** Rewrites references to this repository to local ones. */
const localised = (text) =>
  text.replaceAll(/\buses: (?:\$\/|[\w-]+\/rollback-actions\/)([^@\s]+)(?:@\S+)?/g, 'uses: ./$1')

function localCopy() {
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(join(copy, '.github/workflows'), { recursive: true })
  mkdirSync(join(copy, '.git'))
  cpSync(join(root, 'actions'), join(copy, 'actions'), { recursive: true })
  // Only that the file named by `main` exists is looked at.
  for (const name of actionNames()) {
    mkdirSync(join(copy, 'dist', name), { recursive: true })
    writeFileSync(join(copy, 'dist', name, 'index.js'), '')
  }
  cpSync(join(root, '.github/actionlint.yaml'), join(copy, '.github/actionlint.yaml'))
  return [...workflows, ...examples].map((file) => {
    const target = `.github/workflows/${file.startsWith('.github') ? '' : 'example-'}${basename(file)}`
    writeFileSync(join(copy, target), localised(readFileSync(join(root, file), 'utf8')))
    return target
  })
}

/** Runs a linter and returns whether it found nothing. */
function passes(what, command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  console.log(`${status === 0 ? 'ok' : 'not ok'}  ${what}`)
  if (status !== 0) console.log(error?.message ?? `${stdout}${stderr}`)
  return status === 0
}

// Neither is on every machine, and a result that depends on the machine is worth nothing.
const plain = ['-no-color', '-shellcheck=', '-pyflakes=']
const quiet = ['--offline', '--no-progress', '--color=never']
const found = [
  passes('actionlint', actionlint(), [...plain, ...workflows, ...examples]),
  passes('actionlint, inputs of our own actions', actionlint(), [...plain, ...localCopy()], copy),
  passes('zizmor', 'zizmor', [...quiet, '--pedantic', '.']),
  // Examples stay short: no comment on each permission, no name for each job.
  ...(examples.length > 0 ? [passes('zizmor, examples', 'zizmor', [...quiet, ...examples])] : []),
]
process.exit(found.every(Boolean) ? 0 : 1)
