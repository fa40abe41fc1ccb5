import { keys, type PendingMigration, type Store } from '#store'
import type { Down, FoundDown } from './back-plan.ts'
import { hashOf, type MigrationFile, partsOf, readMigrationFiles } from './layouts.ts'
import type { LedgerSettings } from './settings.ts'
import { judgeUndo } from './undo.ts'

interface Wanted {
  readonly known: ReadonlyMap<string, PendingMigration>
  readonly ledger: LedgerSettings
  /** Newest first. */
  readonly added: readonly string[]
}

/**
 * Finds the file of every added migration: exactly the one that was captured, by its hash, from the store or from the checkout. An
 * old checkout has none of them, and another branch may have others under the same names.
 */
export async function findDowns(
  store: Store | undefined,
  { known, ledger, added }: Wanted,
): Promise<readonly FoundDown[]> {
  const { files } = ledger
  if (files === undefined) {
    return added.map((version) => ({ version, why: 'the files of this tool are not read' }))
  }
  const folder = added.length > 0 ? await readMigrationFiles(files.path, files.tool) : []
  return Promise.all(
    added.map(async (version): Promise<FoundDown> => {
      const captured = known.get(version)
      if (captured === undefined) {
        return { version, why: 'its file was not captured before it was applied' }
      }
      const text = (await fromStore(store, captured)) ?? fromFolder(folder ?? [], captured)
      if (text === undefined) {
        return {
          version,
          why: `${captured.name} with the captured hash is neither in the store nor in ${files.path}`,
        }
      }
      return downOf(files.tool, { ...captured, text })
    }),
  )
}

async function fromStore(
  store: Store | undefined,
  { sha256 }: PendingMigration,
): Promise<string | undefined> {
  const kept = store && (await store.objects.get(keys.migration(store.environment, sha256)))
  return kept && hashOf(kept.text) === sha256 ? kept.text : undefined
}

const fromFolder = (folder: readonly MigrationFile[], { sha256 }: PendingMigration) =>
  folder.find(({ text }) => hashOf(text) === sha256)?.text

/** Judged anew: the judgement of an older version of this suite may have been another one. */
function downOf(
  tool: NonNullable<LedgerSettings['files']>['tool'],
  { version, name, text, sha256 }: PendingMigration & MigrationFile,
): Down {
  const read = partsOf(tool, text)
  const parts = read.is === 'read' ? read.parts : { up: '', down: undefined, transaction: true }
  return { version, file: { version, name, text }, sha256, parts, undo: judgeUndo(read) }
}
