import type { DatabaseState, LedgerState, Profile, SnapshotState } from '#store'

/** The ledger of migrations now; a string says why it could not be read. */
export type LedgerNow = LedgerState | { readonly unreadable: string }

/** What the database's way back is judged from. */
export interface DatabaseEvidence {
  /** The ledger in the destination, if the environment has migrations. */
  readonly destination: LedgerState | undefined
  /** The ledger in the undone deployment's own `before`, with the judged files of its release. */
  readonly before: LedgerState | undefined
  readonly now: LedgerNow | undefined
  /** The snapshot that the undone deployment took before its own migrations. */
  readonly snapshot: SnapshotState | undefined
  readonly database: DatabaseState | undefined
}

export interface ProfileChoice {
  readonly profile: Profile
  readonly why: string
  /** Ledger versions applied since the destination, and those that disappeared. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Why even a restore would not reach the destination; nothing is touched then. */
  readonly impossible?: string
}

/**
 * Chooses the order of the rollback. A: the schema may stay, because nothing was applied since the destination, or only
 * additions (CREATE TABLE, ADD COLUMN, CREATE INDEX) that older code does not notice. C: anything else, or a ledger that
 * cannot be read: data goes back, which needs consent.
 */
export function chooseProfile(evidence: DatabaseEvidence): ProfileChoice {
  const { destination, before, now } = evidence
  if (destination === undefined || now === undefined) {
    return {
      profile: 'A',
      why: 'no migrations are named: the database is not touched',
      added: [],
      removed: [],
    }
  }
  if ('unreadable' in now) {
    return restoring(evidence, {
      why: `the ledger cannot be read: ${now.unreadable}`,
      added: [],
      removed: [],
    })
  }
  const difference = compareLedgers(destination.applied, now.applied)
  const { added, removed } = difference
  if (added.length === 0 && removed.length === 0) {
    return { profile: 'A', why: 'no migration was applied since the destination', ...difference }
  }
  if (removed.length > 0) {
    return restoring(evidence, {
      why: `migrations disappeared: ${removed.join(', ')}`,
      ...difference,
    })
  }
  const breaking = added
    .map((version) => judged(version, [before, destination]))
    .filter((file) => !file.additive)
  if (breaking.length === 0) {
    return {
      profile: 'A',
      why: `only additions were applied (${added.join(', ')}): the schema stays`,
      ...difference,
    }
  }
  const why = breaking.map((file) => `${file.version}: ${file.why}`).join('; ')
  return restoring(evidence, { why, ...difference })
}

/** What is in one ledger and not in the other. */
export function compareLedgers(before: readonly string[], now: readonly string[]) {
  return {
    added: now.filter((version) => !before.includes(version)),
    removed: before.filter((version) => !now.includes(version)),
  }
}

function judged(version: string, ledgers: readonly (LedgerState | undefined)[]) {
  const known = ledgers
    .flatMap((ledger) => ledger?.pending ?? [])
    .find((file) => file.version === version)
  return (
    known ?? { version, additive: false, why: 'its file was not in the release that was captured' }
  )
}

function restoring(
  { destination, before, snapshot }: DatabaseEvidence,
  difference: { why: string; added: readonly string[]; removed: readonly string[] },
): ProfileChoice {
  const choice = { profile: 'C' as const, ...difference }
  if (snapshot?.status !== 'available') {
    return { ...choice, impossible: 'the deployment took no snapshot that is available' }
  }
  const left = compareLedgers(destination?.applied ?? [], before?.applied ?? [])
  const breaking = left.added
    .map((version) => judged(version, [destination]))
    .filter((file) => !file.additive)
  if (left.removed.length === 0 && breaking.length === 0) return choice
  const versions = [...left.removed, ...breaking.map((file) => file.version)].join(', ')
  return {
    ...choice,
    impossible: `the snapshot ${snapshot.id} is newer than the destination: ${versions} would stay applied`,
  }
}
