// Runs the fault tests without sampling: in virtual time every kill, seed and rival, then a kill of the built bundles at every
// mutating call, of a whole rollback and of ecs-rollback's own modes, and there a cancellation. An argument `memory`, `bundles`,
// `services` or `signals` runs one part.
import { spawnSync } from 'node:child_process'
import { root } from './install.mjs'
import { jest } from './jest.mjs'

const [only] = process.argv.slice(2)
const source = (script, ...given) => ({
  command: process.execPath,
  args: [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    `scripts/${script}`,
    ...given,
  ],
  env: process.env,
})
const inMemory = jest(['__tests__/faults'])
const parts = {
  memory: [source('build.mjs'), { ...inMemory, env: { ...inMemory.env, FAULTS: 'all' } }],
  bundles: [source('build.mjs'), source('faults/bundles.ts')],
  services: [source('build.mjs'), source('faults/services.ts')],
  signals: [source('build.mjs'), source('faults/bundles.ts', 'signals')],
}
const chosen = only === undefined ? Object.values(parts).flat() : parts[only]
if (!chosen) throw new Error(`expected memory, bundles, services, signals or nothing, got ${only}`)

let failed = false
for (const { command, args, env } of chosen) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
