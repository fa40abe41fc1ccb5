import type { Written } from '#core'
import type { Records } from '#store'

/** What a change that the journal knows came from and went to: version ids of a secret, version numbers of a parameter. */
export interface SentChange {
  readonly from: string
  readonly to: string
}

/** The last change of a thing that the journal knows. */
export function lastSent(
  entries: readonly Written[],
  operation: 'set-current' | 'put-parameter',
  on: string,
): SentChange | undefined {
  const entry = entries.findLast(
    (one) => one.component === 'config' && one.operation === operation && one.on === on,
  )
  const detail = entry?.detail
  if (typeof detail !== 'object' || detail === null || !('from' in detail)) return undefined
  const { from, to } = detail as { readonly from: string | number; readonly to: string | number }
  return { from: String(from), to: String(to) }
}

/** The names of everything that this record changed or was about to change. */
export function changedIn(entries: readonly Written[]): readonly string[] {
  const changes = entries.filter(
    ({ component, operation }) =>
      component === 'config' && ['set-current', 'put-parameter'].includes(operation),
  )
  return [...new Set(changes.map(({ on }) => on))]
}

const cutovers = (entries: readonly Written[]) =>
  entries.filter(({ component, operation }) => component === 'rds' && operation === 'cutover')

/** Tells whether this record led a connection secret to a restored database. */
export function isCutOver(entries: readonly Written[], secret: string): boolean {
  return cutovers(entries).some(({ on }) => on === secret)
}

/**
 * The secret versions to which any rollback of the environment cut over: desired state from then on, also for a later
 * rollback to a point that is older than the cutover.
 */
export async function cutoverVersions(records: Records): Promise<ReadonlySet<string>> {
  const entries = (await records.all()).flatMap(({ journal }) => journal as readonly Written[])
  return new Set(cutovers(entries).flatMap(({ detail }) => toOf(detail) ?? []))
}

function toOf(detail: Written['detail']): string | undefined {
  if (typeof detail !== 'object' || detail === null || !('to' in detail)) return undefined
  return typeof detail.to === 'string' ? detail.to : undefined
}
