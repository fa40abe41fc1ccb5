import type { Lease, Point, Record as RollbackRecord, SiteManifest } from '#store'
import type { Company } from './company.ts'
import { words } from './configuration.ts'
import { siteBucket } from './front.ts'
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
  UpdateSecretVersionStage: /^(cutover|set-current|keep-version)$/,
  PutParameter: /^put-parameter$/,
  CopyObject: /^copy-/,
  DeleteObject: /^hide-documents$/,
  CreateInvalidation: /^invalidate-/,
  apply: /^revert$/,
}

/**
 * Looks at every call of a rollback as it is sent: nothing is deleted (P2), every mutation is recorded before (P8), and by
 * whoever holds the lease (P10), nothing is hidden before the rest is back (P5), and data goes back only with consent (P1).
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

/** Whether a call is of the store's bucket, and of nothing that is put back. */
export const isOfStore = ({ service, path }: Sent) =>
  service === 's3' && path.split('/')[1] !== siteBucket

/** A front end's object is hidden, which keeps its versions; nothing else may go. */
const removes = ({ service, operation, query }: Sent) =>
  service === 's3' ? query.includes('versionId=') : /^(Delete|Deregister|Remove)/.test(operation)

function broken(at: Company, run: string, call: Sent): readonly string[] {
  if (!call.mutating || isOfStore(call)) return []
  const name = `run ${run}: ${call.n} ${call.service}:${call.operation}`
  if (removes(call)) return [`${name}: removes something`]
  const lease = read<Lease>(at, 'production/lease.json')
  const record = openRecord(at)
  const known = record?.journal.some(
    (entry) => (entries[call.operation]?.test(entry.operation) ?? false) && isOn(entry, call),
  )
  const restores = call.operation.startsWith('Restore')
  const may = record?.consent === 'given' || record?.consent === 'automatic'
  return [
    ...(lease?.run === run && lease.owner === 'rollback'
      ? []
      : [`${name}: the lease is ${lease?.owner}'s, run ${lease?.run}`]),
    ...(known ? [] : [`${name}: not recorded before`]),
    ...(call.operation === 'DeleteObject' ? notBack(at, record, name) : []),
    ...(restores && !may ? [`${name}: nobody consented`] : []),
  ]
}

/** Nothing of a front end is hidden before everything is back that the destination had (P5). */
function notBack(at: Company, record: RollbackRecord | undefined, name: string): readonly string[] {
  const site = read<Point>(at, `${record?.to}.json`)?.components.site
  const manifest = site && read<SiteManifest>(at, site.manifest.key)
  const missing = manifest?.objects.filter(
    ([key, , etag]) => at.front.bucket.versions.get(key)?.[0]?.etag !== `"${etag}"`,
  )
  return (missing ?? [['the manifest']]).map(([key]) => `${name}: ${key} is not back yet`)
}

type Entry = RollbackRecord['journal'][number]

/** Whether an entry is of the thing of a call, and of what becomes of it as far as the entry says so. */
function isOn({ on, detail }: Entry, { service, path, text }: Sent): boolean {
  const { keys, reference } = (detail ?? {}) as { keys?: readonly string[]; reference?: string }
  if (service === 's3') return keys?.some((key) => path === `/${siteBucket}/${key}`) ?? false
  if (service === 'cloudfront') return path.includes(on) && text.includes(reference ?? on)
  return [on, encodeURIComponent(on)].some((one) => text.includes(one))
}

function openRecord(at: Company): RollbackRecord | undefined {
  const { open } = read<{ open?: string }>(at, 'production/environment.json') ?? {}
  return open === undefined ? undefined : read(at, `${open}.json`)
}

function read<T>({ bucket }: Company, key: string): T | undefined {
  const text = bucket.content.get(`acme-rollback/${key}`)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

/** What must never be seen anywhere (P9): the password, keys, values of parameters, and what pages say. */
export const planted = ['correct-horse', words.key, words.flags, 'Front end of release']

/** Where something planted is seen: in the log of a job, or in the store. */
export function leaks(at: Company, lines: readonly string[]): readonly string[] {
  const shows = (text: string) => planted.some((one) => text.includes(one))
  const kept = [...at.bucket.content].flatMap(([key, text]) => (shows(text) ? [key] : []))
  return [...lines.filter(shows), ...kept]
}
