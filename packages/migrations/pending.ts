import { keys, type PendingMigration, type Store } from '#store'
import { type Classification, classify } from './classify.ts'
import { hashOf, type MigrationFile, partsOf, type ReadParts } from './layouts.ts'
import type { LedgerSettings } from './settings.ts'
import { judgeUndo } from './undo.ts'

/** The migrations whose version is not in the ledger, each judged: whether it only adds, and whether its down takes it back. */
export function pendingOf(
  { files }: Pick<LedgerSettings, 'files'>,
  migrations: readonly MigrationFile[],
  applied: readonly string[],
): readonly PendingMigration[] {
  if (files === undefined) return []
  const known = new Set(applied)
  return migrations
    .filter(({ version }) => !known.has(version))
    .map(({ version, name, text }) => {
      const parts = partsOf(files.tool, text)
      const { is, why } = judgeUndo(parts)
      return { version, name, sha256: hashOf(text), ...additive(parts), undo: { is, why } }
    })
}

const additive = (read: ReadParts): Classification =>
  read.is === 'read' ? classify(read.parts.up) : { additive: false, why: read.why }

/** Keeps the files of what is pending by their hash, so that a rollback has them wherever it runs; what is there is the same. */
export async function keepFiles(
  store: Store,
  migrations: readonly MigrationFile[],
  pending: readonly PendingMigration[],
): Promise<void> {
  const wanted = new Set(pending.map(({ sha256 }) => sha256))
  for (const { text } of migrations) {
    const sha256 = hashOf(text)
    if (wanted.has(sha256))
      await store.objects.create(keys.migration(store.environment, sha256), text)
  }
}
