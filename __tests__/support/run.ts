import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Clock,
  deadline,
  type Entry,
  type Identity,
  iso,
  type Journal,
  type Life,
  type OnCut,
  type Run,
  type RunAttempt,
  type Written,
} from '#core'

/** A clock that only moves when somebody sleeps on it. */
export function fakeClock(
  start = Date.UTC(2026, 10, 22, 3, 0, 0),
): Clock & { advance(ms: number): void } {
  let time = start
  return {
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds
    },
    advance: (milliseconds) => {
      time += milliseconds
    },
  }
}

/** A journal in memory. */
export function memoryJournal(
  clock: Clock,
  before: readonly Written[] = [],
): Journal & { readonly written: Written[] } {
  const written = [...before]
  return {
    written,
    entries: () => written,
    intend: async (entries: readonly Entry[]) => {
      written.push(...entries.map((entry) => ({ ...entry, at: iso(clock.now()), run: '1' })))
    },
    beat: async () => {},
  }
}

export const identity: Identity = {
  repository: 'acme/shop',
  runId: '4711',
  attempt: 1,
  sha: 'a'.repeat(40),
  actor: 'ada',
  runUrl: '',
}

/** A run whose time is fake and whose report is kept in `lines`. */
export function testRun(
  given: {
    clock?: Clock
    journal?: Journal
    dryRun?: boolean
    pollInterval?: number
    timeout?: number
    identity?: Partial<Identity>
    lifeOf?: (of: RunAttempt) => Promise<Life>
    onCut?: OnCut
  } = {},
): Run & { readonly lines: string[]; readonly masked: string[] } {
  const clock = given.clock ?? fakeClock()
  const lines: string[] = []
  const masked: string[] = []
  return {
    clock,
    deadline: deadline(clock, given.timeout ?? 1_800_000),
    pollInterval: given.pollInterval ?? 5_000,
    dryRun: given.dryRun ?? false,
    report: {
      info: (line) => void lines.push(line),
      warning: (line) => void lines.push(`warning: ${line}`),
      mask: (secret) => void masked.push(secret),
    },
    journal: given.journal ?? memoryJournal(clock),
    identity: { ...identity, ...given.identity },
    folder: mkdtempSync(join(tmpdir(), 'run-')),
    lifeOf: given.lifeOf ?? (async () => ({ is: 'unknown', why: 'nobody was asked' })),
    ...(given.onCut ? { onCut: given.onCut } : {}),
    lines,
    masked,
  }
}
