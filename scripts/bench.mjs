// Measures what the suite costs, beside what people would use instead, in one run and in turn: cold start and size, time
// to the corrective calls, calls of a whole rollback, how late each watcher notices the end, thirty services, and a site
// of 2,000 changed objects. Prints; judges nothing.
// `--quick` takes fewer rounds, `--only start|three|thirty|site` measures one part. Build first. What the numbers mean: docs/bench.md.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copySuite } from '../packages/sandbox/act/index.ts'
import { projectPython } from '../packages/sandbox/gateway/ministack.ts'
import { startSandbox } from '../packages/sandbox/index.ts'
import { installSample, sampleWorkflows } from '../packages/sandbox/sample/index.ts'
import { actionDefinition, actionNames } from './actions.ts'
import { chainTables, rollBackReleaseThree } from './bench/chain.ts'
import { awsCli, ourAction, sdkScript } from './bench/contenders.ts'
import { minimalAction } from './bench/minimal.mjs'
import { correctiveTable, overshootTable, race, shipSecondRelease } from './bench/race.ts'
import { measureSite } from './bench/site.ts'
import { measureStarts } from './bench/start.ts'
import { measureThirty } from './bench/thirty.ts'
import { pitRestore, root } from './install.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const plan = values.quick
  ? { starts: 1, rounds: 1, scale: 60, sites: 1, thirty: 1 }
  : { starts: 5, rounds: 4, scale: 30, sites: 3, thirty: 2 }
const place = { account: '123456789012', region: 'us-east-1' }

// The bundler uses what Node calls deprecated; that is not what is measured here.
process.noDeprecation = true

const began = performance.now()
const section = (title, text) => {
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(`\n## ${title}  [${seconds} s, load ${loadavg()[0].toFixed(1)}]\n\n${text}`)
}

async function onTheSandbox(folder, suite) {
  const { scale } = plan
  const sandbox = await startSandbox({ scale, ...place })
  try {
    const workflows = sampleWorkflows(suite, { preflight: false })
    const options = { ...place, release: 1, folder: join(folder, 'shop'), workflows }
    const sample = await installSample(sandbox, options)
    await shipSecondRelease(sandbox, sample)
    const definition = actionDefinition('ecs-rollback')
    const work = { env: sandbox.env, scale, suite: suite.folder, folder, definition }
    const ring = { ...work, python: projectPython() }
    const contenders = [ourAction(ring), awsCli(ring), sdkScript(ring)]
    const turns = await race({ sandbox, sample }, contenders, plan.rounds)
    section(
      `Three services to another task definition, ${plan.rounds} rounds in turn`,
      `${correctiveTable(turns)}\n\nSimulated seconds, time scale ${scale}:\n\n${overshootTable(turns, scale)}`,
    )
    const chain = await rollBackReleaseThree(sandbox, sample, suite)
    section('A whole rollback of release 3 (profile A)', chainTables(chain))
    sample.clients.close()
  } finally {
    await sandbox.close()
  }
}

/** The parts in their order. Each makes what it needs in a folder that has the suite and node_modules. */
const parts = {
  start: async ({ folder, suite }) => {
    const minimal = await minimalAction(join(folder, 'minimal'))
    const starts = { suite: suite.folder, minimal, names: actionNames(), rounds: plan.starts }
    section(`Start and size, ${plan.starts} rounds in turn`, await measureStarts(starts))
  },
  three: ({ folder, suite }) => onTheSandbox(folder, suite),
  thirty: async ({ folder, suite }) => {
    const ring = {
      env: {},
      scale: plan.scale,
      suite: suite.folder,
      folder,
      python: projectPython(),
    }
    section(
      `Thirty services, ${plan.thirty} rounds in turn, time scale ${plan.scale}`,
      await measureThirty({ ...ring, definition: actionDefinition('ecs-rollback') }, plan.thirty),
    )
  },
  site: async ({ suite }) => {
    const ring = { suite: suite.folder, definition: actionDefinition('s3-frontend-restore') }
    const tools = { python: projectPython(), pitRestore: pitRestore(), rounds: plan.sites }
    section(
      `2,000 changed objects of a site, ${plan.sites} rounds in turn`,
      await measureSite({ ...ring, ...tools }),
    )
  },
}
const chosen = values.only === undefined ? Object.values(parts) : [parts[values.only]]
if (chosen.includes(undefined)) throw new Error(`expected one of ${Object.keys(parts).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const suite = copySuite(join(folder, 'suite'))
  console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
  for (const part of chosen) await part({ folder, suite })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
