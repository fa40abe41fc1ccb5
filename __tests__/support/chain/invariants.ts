import type { Lease, Record as RollbackRecord } from '#store'
import type { Company } from './company.ts'
import type { Sent, Watcher } from './machine.ts'

/** What a violated promise is told to. */
interface Watching extends Company {
  readonly violations: string[]
}

/** Which entry of the record must stand before a call may be sent (P8), by operation. */
const entries: Readonly<Record<string, RegExp>> = {
  UpdateService: /^(update-service|stop|start|redeploy)$/,
  CreateDBSnapshot: /^create-snapshot$/,
  RestoreDBInstanceFromDBSnapshot: /^restore-instance$/,
  ModifyDBInstance: /^modify-instance$/,
  AddRoleToDBInstance: /^add-role$/,
  PutSecretValue: /^cutover$/,
  UpdateSecretVersionStage: /^cutover$/,
}

/**
 * Looks at every call of a rollback as it is sent: nothing is deleted (P2), every mutation is recorded before (P8), and by
 * whoever holds the lease (P10), and data goes back only with consent (P1).
 */
export function watched(at: Watching, run: string, watcher: Watcher = {}): Watcher {
  return {
    ...watcher,
    before: (call, machine) => {
      at.violations.push(...broken(at, run, call))
      return watcher.before?.(call, machine)
    },
  }
}

function broken(at: Company, run: string, call: Sent): readonly string[] {
  if (!call.mutating || call.service === 's3') return []
  const name = `run ${run}: ${call.n} ${call.service}:${call.operation}`
  if (/^(Delete|Deregister|Remove)/.test(call.operation)) return [`${name}: removes something`]
  const lease = read<Lease>(at, 'production/lease.json')
  const record = openRecord(at)
  const known = record?.journal.some(({ operation, on }) => {
    const fits = entries[call.operation]?.test(operation) ?? false
    return fits && [on, encodeURIComponent(on)].some((one) => call.text.includes(one))
  })
  const restores = call.operation.startsWith('Restore')
  const may = record?.consent === 'given' || record?.consent === 'automatic'
  return [
    ...(lease?.run === run && lease.owner === 'rollback'
      ? []
      : [`${name}: the lease is ${lease?.owner}'s, run ${lease?.run}`]),
    ...(known ? [] : [`${name}: not recorded before`]),
    ...(restores && !may ? [`${name}: nobody consented`] : []),
  ]
}

function openRecord(at: Company): RollbackRecord | undefined {
  const { open } = read<{ open?: string }>(at, 'production/environment.json') ?? {}
  return open === undefined ? undefined : read(at, `${open}.json`)
}

function read<T>({ bucket }: Company, key: string): T | undefined {
  const text = bucket.content.get(`acme-rollback/${key}`)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

/** What must never be seen anywhere (P9). */
export const planted = 'correct-horse'

/** Where the planted secret is seen: in the log of a job, or in the store. */
export function leaks(at: Company, lines: readonly string[]): readonly string[] {
  const told = lines.filter((line) => line.includes(planted))
  const kept = [...at.bucket.content].flatMap(([key, text]) =>
    text.includes(planted) ? [key] : [],
  )
  return [...told, ...kept]
}
