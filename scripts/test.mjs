// Runs jest; arguments go to it: `npm test -- __tests__/unit/core`.
import { spawnSync } from 'node:child_process'
import { jest } from './jest.mjs'

const { command, args, env } = jest(process.argv.slice(2))
const { status } = spawnSync(command, args, { stdio: 'inherit', env })
process.exit(status ?? 1)
