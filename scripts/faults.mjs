// Runs the fault tests without sampling: a kill at every mutating call, through the bundles too.
import { spawnSync } from 'node:child_process'
import { jest } from './jest.mjs'

const { command, args, env } = jest(['__tests__/faults', '--runInBand', ...process.argv.slice(2)])
const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...env, FAULTS: 'all' } })
process.exit(status ?? 1)
