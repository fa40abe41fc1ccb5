import type { LostRows, Moment, Reached } from '#core'
import type { Impact, ReachedMoments } from './documents.ts'

const names = ['badTrafficEnded', 'capacityRestored', 'steady'] as const

/**
 * What a record knows of each thing after one more attempt looked. What came true in this attempt replaces what was known; what it
 * found true already keeps its earlier time, and what it found untrue is true no more.
 */
export function mergeReached(
  known: ReachedMoments | undefined,
  seen: readonly Reached[],
): ReachedMoments {
  const merged = { ...known }
  for (const one of seen) {
    const before = known?.[one.thing] ?? {}
    const moments = names.flatMap((name) => {
      const at = momentOf(one[name], before[name])
      return at === undefined ? [] : [[name, at] as const]
    })
    merged[one.thing] = Object.fromEntries(moments)
  }
  return merged
}

function momentOf(seen: Moment | undefined, before: string | undefined): string | undefined {
  if (seen === undefined) return before
  if (seen === null) return undefined
  return seen.already ? (before ?? seen.at) : seen.at
}

/** Adds rows that went in one more attempt: what went before is not there to be counted again. */
export function addLost(known: Impact['rowsLost'], lost: readonly LostRows[]): LostRows[] {
  const rows = new Map((known ?? []).map(({ table, rows }) => [table, rows]))
  for (const one of lost) rows.set(one.table, (rows.get(one.table) ?? 0) + one.rows)
  return [...rows].map(([table, count]) => ({ table, rows: count }))
}
