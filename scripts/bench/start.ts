// What a step pays before it does anything: from the start of Node to the first complaint about inputs, beside a minimal
// action that uses the same client of the SDK and was bundled in the same way.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { runBundle } from './program.ts'
import { type Comparison, compare, inTurn } from './statistics.ts'
import { megabytes, milliseconds, ratioText, table } from './table.ts'

/** Milliseconds until a bundle without inputs has complained. Throws when it ends in another way. */
async function complaint(script: string): Promise<number> {
  const ran = await runBundle(script, {}, { listenFor: '::error' })
  if (ran.heard === undefined || ran.code !== 1)
    throw new Error(`${script} did not complain about its inputs:\n${ran.printed}`)
  return ran.heard - ran.began
}

/** Cold starts of one bundle and of the minimal action, in turn. */
async function compareStarts(bundle: string, minimal: string, rounds: number): Promise<Comparison> {
  const times = new Map<string, number[]>([
    [bundle, []],
    [minimal, []],
  ])
  for (const round of inTurn(rounds, [bundle, minimal]))
    for (const script of round) times.get(script)?.push(await complaint(script))
  return compare(times.get(bundle) ?? [], times.get(minimal) ?? [])
}

function sizes(minimal: string, suite: string): string {
  const row = (what: string, file: string) => {
    const packed = gzipSync(readFileSync(file)).length
    return [what, megabytes(statSync(file).size), megabytes(packed)]
  }
  return table(
    ['size', 'MB', 'gzip MB'],
    [row('the suite, all actions', suite), row('minimal action', minimal)],
  )
}

/** Measures every bundle of a copy of the suite; returns the tables. */
export async function measureStarts(given: {
  readonly suite: string
  readonly minimal: string
  readonly names: readonly string[]
  readonly rounds: number
}): Promise<string> {
  const { suite, minimal, names, rounds } = given
  const rows: string[][] = []
  for (const name of names) {
    const seen = await compareStarts(join(suite, 'dist', name, 'index.js'), minimal, rounds)
    rows.push([name, milliseconds(seen.ours), milliseconds(seen.theirs), ratioText(seen)])
  }
  const starts = table(['cold start', 'ms', 'minimal ms', 'ratio (quartiles)'], rows)
  return `${sizes(minimal, join(suite, 'dist/suite/index.js'))}\n\n${starts}`
}
