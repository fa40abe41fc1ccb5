// Measures what a job pays for an action: cold start and size. Build first; numbers are of this machine, at this moment.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { actionNames } from './actions.ts'
import { execute } from './bundles.mjs'
import { root } from './install.mjs'

const rounds = 9
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const size = (path) => statSync(join(root, 'dist', path)).size

/** Milliseconds from start to exit of an action that finds its inputs missing: Node, loading, reading inputs. */
function coldStart(name) {
  const times = Array.from({ length: rounds }, () => {
    const began = performance.now()
    execute(name)
    return performance.now() - began
  })
  return Math.round(median(times))
}

console.log(`suite ${(size('suite/index.js') / 1_000_000).toFixed(2)} MB, shared by all actions`)
console.log(`cold start, median of ${rounds}:`)
for (const name of actionNames())
  console.log(`  ${name.padEnd(22)}${String(coldStart(name)).padStart(5)} ms`)
