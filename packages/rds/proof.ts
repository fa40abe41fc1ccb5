import { CallError, type Run, until } from '#core'
import type { LedgerState } from '#store'
import type { Step } from './restore.ts'
import { type AppliedReader, leadsTo, type RestoreJob, type Scene } from './scene.ts'
import type { Instance } from './state.ts'

/** Codes of a server that is about to answer: the name is not known yet, it starts, the network is being set up. */
const passing = /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|57P0[123]|08)/

/** How long a restored server may take until it answers. Milliseconds. */
const within = 600_000

/**
 * Proves with SQL that the restored database answers to the login of the connection secret, and that its ledger is the one of the
 * restore point. Nothing is cut over to a database that was not asked.
 */
export async function proveRestored(
  run: Run,
  job: RestoreJob,
  given: {
    readonly scene: Scene
    readonly restored: Instance
    readonly ledger: LedgerState | undefined
  },
): Promise<Step<string>> {
  const { scene, restored, ledger } = given
  if (!restored.place) return { is: 'failed', why: `${restored.id} has no endpoint` }
  if (leadsTo(scene.secret, restored)) return { is: 'done', value: 'it serves already' }
  const database = job.clients.database({ ...scene.secret.connection, ...restored.place })
  const reader: AppliedReader =
    (ledger && job.applied) ?? ((one) => one.read((query) => query('select 1')).then(() => []))
  const asked = await until<readonly string[]>(run, {
    what: `database ${database.name}`,
    within,
    look: async () => {
      try {
        return { is: 'found', value: await reader(database) }
      } catch (thrown) {
        if (!(thrown instanceof CallError) || !passing.test(thrown.code)) throw thrown
        return { is: 'waiting', seen: `it does not answer yet (${thrown.code})` }
      }
    },
  })
  if (asked.is === 'timeout') {
    return {
      is: 'inconclusive',
      why: `the restored database ${restored.id} was not asked: ${asked.seen}`,
    }
  }
  if (!ledger || !job.applied)
    return { is: 'done', value: 'it answers; no ledger of migrations is known to compare' }
  return compare(restored.id, ledger, asked.value)
}

function compare(id: string, ledger: LedgerState, applied: readonly string[]): Step<string> {
  const missing = ledger.applied.filter((version) => !applied.includes(version))
  const extra = applied.filter((version) => !ledger.applied.includes(version))
  if (missing.length === 0 && extra.length === 0) {
    return {
      is: 'done',
      value: `it answers, and its ledger is the one of the restore point (${applied.length} applied)`,
    }
  }
  const parts = [
    ...(missing.length > 0 ? [`it lacks ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`it also has ${extra.join(', ')}`] : []),
  ]
  return {
    is: 'failed',
    why: `the ledger of ${id} is not the one of the restore point: ${parts.join('; ')}`,
  }
}
