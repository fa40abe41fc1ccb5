// How this project starts jest: ES modules, the pinned Node.
import { join } from 'node:path'
import { root } from './install.mjs'

/** The command line and environment of a jest run. */
export function jest(args) {
  return {
    command: process.execPath,
    args: [join(root, 'node_modules/jest/bin/jest.js'), ...args],
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
  }
}
