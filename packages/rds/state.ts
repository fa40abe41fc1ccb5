import type { Json } from '#core'
import type { Place } from '#sql'

/** A database instance as it is, mapped once from the SDK. */
export interface Instance {
  readonly id: string
  /** `db-…`: kept on rename, new on restore. */
  readonly resourceId: string
  readonly arn: string
  /** RDS's own word: `available`, `creating`, … */
  readonly status: string
  readonly engine: string
  readonly engineVersion: string
  /** Undefined while the instance is being made. */
  readonly place: Place | undefined
  /** The cluster that this instance is a member of, for Aurora and Multi-AZ clusters. */
  readonly cluster: string | undefined
  /** GiB. */
  readonly allocatedStorage: number
  readonly encrypted: boolean
  readonly kmsKey: string | undefined
  readonly masterUser: string
  /** RDS keeps the master password in a secret of its own. */
  readonly managedPassword: { readonly kmsKey: string | undefined } | undefined
  /** Days; 0 means no automated backups and no point in time to return to. */
  readonly backupDays: number
  readonly replicas: readonly string[]
  /** Names of the changes that wait for a maintenance window or are being made. */
  readonly pending: readonly string[]
  /** Parameter and option groups that are not in force yet: `shop-pg18: pending-reboot`. */
  readonly outOfSync: readonly string[]
  readonly roles: readonly InstanceRole[]
  readonly tags: Tags
  /** What a restore has to carry over, by name; see attributes.ts. Absent means absent. */
  readonly attributes: Readonly<Record<string, Json>>
}

/** A role that the instance itself may use, for `s3Import` and the like. */
export interface InstanceRole {
  readonly arn: string
  readonly feature: string
  readonly status: string
}

export type Tags = Readonly<Record<string, string>>

/** A snapshot of an instance. */
export interface Snapshot {
  readonly id: string
  readonly instance: string
  readonly resourceId: string
  readonly status: string
  readonly percent: number
  readonly engine: string
  readonly engineVersion: string
  readonly allocatedStorage: number
  readonly encrypted: boolean
  readonly kmsKey: string | undefined
  /** Milliseconds; undefined until RDS begins to copy. */
  readonly takenAt: number | undefined
  readonly tags: Tags
}

/** Our tags: by them a repeated run finds what an earlier one made, whatever happened to its answer. */
export const tagNames = {
  environment: 'rollback-actions:environment',
  /** `<environment>/<run id>`, or `run/<run id>` without a store. */
  deployment: 'rollback-actions:deployment',
  /** The record of the rollback, or `run/<run id>` without a store. */
  record: 'rollback-actions:record',
  run: 'rollback-actions:run',
  sha: 'rollback-actions:sha',
  instance: 'rollback-actions:instance',
  resource: 'rollback-actions:resource-id',
  snapshot: 'rollback-actions:snapshot',
} as const

/** Tags as RDS takes them: only the characters that it allows in a value. */
export function asTags(tags: Tags): { readonly Key: string; readonly Value: string }[] {
  return Object.entries(tags).map(([Key, value]) => ({
    Key,
    Value: value.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, 256),
  }))
}

/** In these the database answers and its settings can be changed (Amazon RDS User Guide, "Viewing Amazon RDS DB instance status"). */
const usable = new Set([
  'available',
  'backing-up',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'storage-optimization',
])

/** From these an instance does not come back by itself, or not as a database that answers. */
const broken = new Set([
  'delete-precheck',
  'deleting',
  'failed',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
  'incompatible-create',
  'incompatible-network',
  'incompatible-option-group',
  'incompatible-parameters',
  'incompatible-restore',
  'insufficient-capacity',
  'restore-error',
  'stopped',
  'stopping',
  'storage-full',
])

export const isUsable = (status: string): boolean => usable.has(status)
export const isBroken = (status: string): boolean => broken.has(status)
/** CreateDBSnapshot and ModifyDBInstance take an instance in these only (Amazon RDS API Reference, InvalidDBInstanceState). */
export const takesChanges = (status: string): boolean =>
  status === 'available' || status === 'storage-optimization'
/** A snapshot in these will never become available. */
export const isLostSnapshot = (status: string): boolean =>
  ['failed', 'deleting', 'deleted'].includes(status) || status.startsWith('incompatible')
