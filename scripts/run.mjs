// Starts a verb: `node scripts/run.mjs <verb> [arguments]`. It needs nothing but Node 20, npm, Python 3 and git:
// what is missing is installed into this checkout, then scripts/<verb>.mjs runs under the runner's Node (24).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { node24, npmPackages, pythonTools, root } from './install.mjs'

/** What each verb needs besides the npm packages. */
const verbs = {
  demo: { python: true },
  check: { python: true },
  build: { python: false },
  test: { python: true },
  docs: { python: false },
  bench: { python: true },
  sandbox: { python: true },
  faults: { python: true },
}

function start(verb, args) {
  const node = node24()
  const path = [dirname(node), join(root, 'node_modules/.bin'), join(root, '.tools/python/bin')]
  const child = spawn(
    node,
    ['--conditions=source', join(root, 'scripts', `${verb}.mjs`), ...args],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PATH: [...path, process.env.PATH].join(':') },
    },
  )
  // A terminal sends SIGINT to the child too; this process only waits for it to end.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
}

const [verb, ...args] = process.argv.slice(2)
if (!verb || !Object.hasOwn(verbs, verb)) {
  console.error(`Usage: npm run <verb>, one of: ${Object.keys(verbs).join(', ')}`)
  process.exit(2)
}
try {
  npmPackages()
  if (verbs[verb].python) pythonTools()
  if (!existsSync(join(root, 'scripts', `${verb}.mjs`)))
    throw new Error(`"${verb}" is not built yet.`)
  start(verb, args)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
