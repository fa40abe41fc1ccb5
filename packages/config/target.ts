import type { Run } from '#core'
import {
  type ConfigState,
  deploymentId,
  findDestination,
  readPoint,
  readRecord,
  type Store,
} from '#store'
import type { RollbackSettings } from './settings.ts'

/** The versions to which a rollback goes, or why there are none. */
export type Target =
  | { readonly is: 'state'; readonly state: ConfigState; readonly why: string }
  | { readonly is: 'none'; readonly why: string; readonly next: readonly string[] }

const none = (why: string, ...next: readonly string[]): Target => ({ is: 'none', why, next })

/** Finds the versions to go back to: those that were named, the record's destination, or the one that `to` names. */
export async function findTarget(
  run: Run,
  settings: RollbackSettings,
  store: Store | undefined,
): Promise<Target> {
  const { versions, record, to } = settings
  if (versions) return { is: 'state', state: versions, why: 'versions were named' }
  if (store === undefined) {
    return none(
      `to: ${to} is a restore point, and no store is named`,
      'give the input environment with store or a configuration file, or the output versions of mode capture as versions',
    )
  }
  const found =
    record === undefined
      ? await findDestination(store, to, deploymentId(store.environment, run.identity.runId))
      : await ofRecord(store, record)
  if (found.is === 'none') return none(found.why, 'name a restore point in to:, or give versions')
  const state = found.point.components.config
  if (!state) {
    return none(
      `${found.point.id} has no configuration: it was taken before secrets or parameters were configured`,
      'name another restore point in to:, or put the right values by hand; the next restore point will have them',
    )
  }
  return { is: 'state', state, why: found.why }
}

async function ofRecord(store: Store, id: string) {
  const record = await readRecord(store, id)
  if (!record) return { is: 'none' as const, why: `there is no record ${id}` }
  const point = await readPoint(store, record.to)
  if (!point) {
    return {
      is: 'none' as const,
      why: `the destination of ${id}, ${record.to}, is not in the store`,
    }
  }
  return { is: 'point' as const, point, why: `${record.to} is the destination of ${id}` }
}
