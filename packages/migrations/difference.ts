import type { LedgerState } from '#store'

/** What was applied and what disappeared since a restore point, by version. */
export interface LedgerDifference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

interface Applied {
  readonly applied: readonly string[]
}

/** Compares the ledger of a restore point with the one now: as sets, because "the last n" undoes the wrong ones. */
export function ledgerDifference(before: Applied, now: Applied): LedgerDifference {
  const was = new Set(before.applied)
  const is = new Set(now.applied)
  return {
    added: now.applied.filter((version) => !was.has(version)),
    removed: before.applied.filter((version) => !is.has(version)),
  }
}

/** Whether the code of the restore point can run on the schema of now, and why. */
export interface Additions {
  readonly additive: boolean
  readonly why: string
}

/**
 * Tells whether everything applied since the restore point only added. What a migration does is taken from the files that were
 * read before they were applied; a version that was not among them is not known to be harmless.
 */
export function additions(before: LedgerState, now: Applied): Additions {
  const { added, removed } = ledgerDifference(before, now)
  if (removed.length > 0) {
    return { additive: false, why: `the ledger lost ${listed(removed)} since the restore point` }
  }
  if (added.length === 0)
    return { additive: true, why: 'no migration was applied since the restore point' }
  const pending = new Map(before.pending.map((migration) => [migration.version, migration]))
  const unknown = added.filter((version) => !pending.has(version))
  if (unknown.length > 0) {
    return {
      additive: false,
      why: `nothing is known about ${listed(unknown)}, applied since the restore point`,
    }
  }
  const risky = added.flatMap((version) => {
    const migration = pending.get(version)
    return migration && !migration.additive ? [`${migration.name}: ${migration.why}`] : []
  })
  if (risky.length > 0) return { additive: false, why: risky.join('; ') }
  const names = added.map((version) => pending.get(version)?.name ?? version)
  return { additive: true, why: `${listed(names)} only added` }
}

const listed = (items: readonly string[]) => items.join(', ')
