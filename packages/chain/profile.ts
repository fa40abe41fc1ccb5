import {
  compareLedgers,
  type JudgedMigration,
  judgedMigration,
  type LedgerState,
  type Profile,
  type SnapshotState,
} from '#store'
import { type Schema, wayIn } from './matrix.ts'

/** The ledger of migrations now; a string says why it could not be read. */
export type LedgerNow = LedgerState | { readonly unreadable: string }

/** What the way back is judged from. */
export interface Evidence {
  /** The ledger in the destination, if the environment has migrations. */
  readonly destination: LedgerState | undefined
  /** The ledger in the undone deployment's own `before`, with the judged files of its release. */
  readonly before: LedgerState | undefined
  readonly now: LedgerNow | undefined
  /** The ledgers of other deployments since the destination, newest first, with the judged files of their releases. */
  readonly between: readonly LedgerState[]
  /** The snapshot that the undone deployment took before its own migrations. */
  readonly snapshot: SnapshotState | undefined
  /** Things that the destination names and that are gone, in words. */
  readonly gone: readonly string[]
}

export interface ProfileChoice {
  readonly profile: Profile
  readonly why: string
  readonly schema: Schema
  /** Whether it needs consent, because something is lost. */
  readonly consent: boolean
  /** What is lost, in words. */
  readonly lost: string
  /** Ledger versions applied since the destination, and those that disappeared. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Things that the destination names and that are gone. */
  readonly gone: readonly string[]
  /** Why the destination cannot be reached; nothing is touched then. */
  readonly impossible?: string
  /** The component that would have to be chosen as well, because code and schema go back together. */
  readonly torn?: 'services' | 'database'
}

/** Chooses the order of a rollback by the decision matrix; says what it found, and why a way is closed. */
export function chooseProfile(evidence: Evidence): ProfileChoice {
  const found = schemaOf(evidence)
  const { gone } = evidence
  const way = wayIn({ schema: found.schema, incomplete: gone.length > 0 })
  const { schema, added, removed } = found
  const { profile, consent, lost } = way
  const missing = `gone: ${gone.join(', ')}`
  const choice = { profile, schema, consent, lost, added, removed, gone }
  if (way.refused) return { ...choice, why: found.why, impossible: `${missing}; ${found.why}` }
  if (profile === 'D') return { ...choice, why: `${missing}; ${found.why}` }
  if (profile === 'A') return { ...choice, why: found.why }
  const closed = profile === 'C' ? closedRestore(evidence) : undefined
  return { ...choice, why: found.why, ...(closed === undefined ? {} : { impossible: closed }) }
}

interface Found {
  readonly schema: Schema
  readonly why: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

function schemaOf({ destination, before, between, now }: Evidence): Found {
  const none = { added: [], removed: [] }
  if (destination === undefined || now === undefined) {
    const why = 'no migrations are named: the database is not touched'
    return { schema: 'unknown', why, ...none }
  }
  if ('unreadable' in now) {
    return { schema: 'unreadable', why: `the ledger cannot be read: ${now.unreadable}`, ...none }
  }
  const difference = compareLedgers(destination.applied, now.applied)
  const { added, removed } = difference
  if (removed.length > 0) {
    const why = `migrations disappeared: ${removed.join(', ')}`
    return { schema: 'irreversible', why, ...difference }
  }
  if (added.length === 0) {
    return { schema: 'same', why: 'no migration was applied since the destination', ...difference }
  }
  const files = added.map((version) => judgedMigration(version, [before, ...between, destination]))
  return { ...ofFiles(files), ...difference }
}

/** What the migrations that were applied amount to; all of them are taken back, or none. */
function ofFiles(files: readonly JudgedMigration[]): Pick<Found, 'schema' | 'why'> {
  const breaking = files.filter((file) => !file.additive)
  if (breaking.length === 0) {
    const versions = files.map(({ version }) => version).join(', ')
    return {
      schema: 'additions',
      why: `only additions were applied (${versions}): the schema stays`,
    }
  }
  const what = breaking.map(({ version, why }) => `${version}: ${why}`).join('; ')
  const undone = (is: JudgedMigration['undo']['is']) => files.filter(({ undo }) => undo.is === is)
  const told = (some: readonly JudgedMigration[]) =>
    some.map(({ version, undo }) => `${version}: ${undo.why}`).join('; ')
  const [impossible, lossy] = [undone('impossible'), undone('lossy')]
  if (impossible.length > 0) {
    return {
      schema: 'irreversible',
      why: `${what}; no down takes it back (${told(impossible)})`,
    }
  }
  if (lossy.length > 0) return { schema: 'lossy', why: `${what}; its down loses (${told(lossy)})` }
  return { schema: 'reversible', why: `${what}; its down takes it back and loses nothing` }
}

/** Why even the snapshot does not lead to the destination. */
function closedRestore({ destination, before, between, snapshot }: Evidence): string | undefined {
  if (snapshot?.status !== 'available') return 'the deployment took no snapshot that is available'
  const left = compareLedgers(destination?.applied ?? [], before?.applied ?? [])
  const breaking = left.added
    .map((version) => judgedMigration(version, [...between, destination]))
    .filter((file) => !file.additive)
  if (left.removed.length === 0 && breaking.length === 0) return undefined
  const versions = [...left.removed, ...breaking.map(({ version }) => version)].join(', ')
  return `the snapshot ${snapshot.id} is newer than the destination: ${versions} would stay applied`
}
