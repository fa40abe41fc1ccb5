// Everything that CI runs. Steps that need nothing of each other run side by side, one failure stops no other step, and
// the last line is `N passed, N failed`: every test of jest, and every other step as one.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'
import { jest } from './jest.mjs'

const results = join(root, '.build/check')
const script = (name, ...args) => ({
  command: process.execPath,
  args: ['--conditions=source', `scripts/${name}.mjs`, ...args],
})

function tests(name, paths, ...args) {
  const file = join(results, `${name}.json`)
  return {
    ...jest([
      ...paths.map((path) => `__tests__/${path}${path.endsWith('.ts') ? '' : '/'}`),
      '--json',
      '--outputFile',
      file,
      ...args,
    ]),
    json: file,
  }
}

// In the first phase a step needs the one before it; two queues run side by side.
const build = [
  { name: 'types, bundle', ...script('build', '--clean') },
  { name: 'dist is fresh', ...script('fresh') },
  { name: 'bundles start', ...script('bundles') },
]
const lint = [
  {
    name: 'format, lint',
    command: 'biome',
    args: ['ci', '--error-on-warnings', '--colors=off', '.'],
  },
  { name: 'docs in step', ...script('docs', '--check') },
  { name: 'workflows', ...script('lint-workflows') },
]
/** A step for each file or folder of a group of slow tests, so that two lanes share them evenly. */
const each = (group) =>
  readdirSync(join(root, '__tests__', group), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.test.ts'))
    .map(({ name }) => ({
      name: `${group}/${name.replace('.test.ts', '')}`,
      ...tests(`${group}-${name}`, [`${group}/${name}`], '--runInBand'),
    }))

// In the second, two take from one queue, the longest first. The tests start servers: one file at a time in each. The
// simulated ECS is first, because its tests may have to build a tool.
const sandbox = each('sandbox')
const testing = [
  ...sandbox.filter(({ name }) => name === 'sandbox/ecs'),
  ...each('workflows'),
  ...each('faults'),
  { name: 'unit, contract tests', ...tests('unit', ['unit', 'contract'], '--runInBand') },
  ...each('actions'),
  ...sandbox.filter(({ name }) => name !== 'sandbox/ecs'),
]

const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(1)
  })
}

/** Runs a step and returns its exit code, what it printed, and its seconds. */
function run({ command, args, env = process.env }) {
  return new Promise((resolve) => {
    const began = Date.now()
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        printed += text
      })
    }
    const end = (code) => {
      running.delete(child)
      resolve({ code, printed, seconds: (Date.now() - began) / 1000 })
    }
    child.on('error', (error) => {
      printed += error.message
      end(1)
    })
    child.on('close', end)
  })
}

/** Counts what a step stands for: the tests in jest's result file, or the step itself. */
function count(step, { code }) {
  if (!step.json) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } =
      JSON.parse(readFileSync(step.json, 'utf8'))
    // A file that could not run counts as one failure, and so does a skipped test: nothing is left out silently.
    const failed = numFailedTests + numRuntimeErrorTestSuites + numPendingTests
    return { passed: numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

/** Takes steps from a queue until it is empty; a step after a failed one still runs. */
async function lane(queue, done) {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const ended = await run(step)
    const counted = { ...step, ...ended, ...count(step, ended) }
    const word = counted.failed === 0 ? 'passed' : 'FAILED'
    console.log(`${word}  ${step.name.padEnd(26)} ${ended.seconds.toFixed(1).padStart(6)} s`)
    if (counted.failed > 0) console.log(`\n${ended.printed.trim()}\n`)
    done.push(counted)
  }
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const done = []
const began = Date.now()
await Promise.all([lane(build, done), lane(lint, done)])
await Promise.all([lane(testing, done), lane(testing, done)])

console.log(
  `\n${'step'.padEnd(28)}${'seconds'.padStart(8)}${'passed'.padStart(8)}${'failed'.padStart(8)}`,
)
for (const { name, seconds, passed, failed } of done)
  console.log(
    `${name.padEnd(28)}${seconds.toFixed(1).padStart(8)}${String(passed).padStart(8)}${String(failed).padStart(8)}`,
  )
console.log(`${'all'.padEnd(28)}${((Date.now() - began) / 1000).toFixed(1).padStart(8)}`)
const failures = done.filter(({ failed }) => failed > 0)
if (failures.length > 0) console.log(`\nFailed: ${failures.map(({ name }) => name).join('; ')}`)
const sum = (key) => done.reduce((total, step) => total + step[key], 0)
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`)
process.exit(failures.length === 0 ? 0 : 1)
