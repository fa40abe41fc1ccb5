import {
  type DBInstance,
  type DBSnapshot,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds'
import { call, codeOf } from '#aws'
import { toInstance, toSnapshot } from './map.ts'
import type { Instance, Snapshot } from './state.ts'

/** All instances of the account and region; RDS gives a hundred at a time. */
export async function observeInstances(rds: RDSClient): Promise<readonly Instance[]> {
  const found: DBInstance[] = []
  let Marker: string | undefined
  do {
    const page = await call(
      rds,
      new DescribeDBInstancesCommand({ ...(Marker ? { Marker } : {}) }),
      'all instances',
    )
    found.push(...(page.DBInstances ?? []))
    Marker = page.Marker
  } while (Marker)
  return found.map(toInstance)
}

/** One instance by its identifier; undefined when there is none. */
export async function observeInstance(rds: RDSClient, id: string): Promise<Instance | undefined> {
  try {
    const found = await call(rds, new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }), id)
    return found.DBInstances?.[0] && toInstance(found.DBInstances[0])
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined
    throw thrown
  }
}

/** One snapshot by its identifier; undefined when there is none. */
export async function observeSnapshot(rds: RDSClient, id: string): Promise<Snapshot | undefined> {
  try {
    const found = await call(rds, new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }), id)
    return found.DBSnapshots?.[0] && toSnapshot(found.DBSnapshots[0])
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined
    throw thrown
  }
}

/** The manual snapshots of an instance. */
export async function observeSnapshotsOf(
  rds: RDSClient,
  instance: string,
): Promise<readonly Snapshot[]> {
  const found: DBSnapshot[] = []
  let Marker: string | undefined
  do {
    const asked = {
      DBInstanceIdentifier: instance,
      SnapshotType: 'manual',
      ...(Marker ? { Marker } : {}),
    }
    const page = await call(rds, new DescribeDBSnapshotsCommand(asked), instance)
    found.push(...(page.DBSnapshots ?? []))
    Marker = page.Marker
  } while (Marker)
  return found.map(toSnapshot)
}

/** How many manual snapshots of instances the region holds and may hold. */
export interface SnapshotQuota {
  readonly used: number
  readonly max: number
}

/** The quota `ManualSnapshots` (Amazon RDS API Reference, AccountQuota); undefined when RDS does not tell. */
export async function observeQuota(rds: RDSClient): Promise<SnapshotQuota | undefined> {
  const found = await call(rds, new DescribeAccountAttributesCommand({}), 'the account')
  const quota = found.AccountQuotas?.find((one) => one.AccountQuotaName === 'ManualSnapshots')
  if (quota?.Used === undefined || quota.Max === undefined) return undefined
  return { used: quota.Used, max: quota.Max }
}

/** Tells whether a failed call says that there is no such instance or snapshot. */
export const isNotFound = (thrown: unknown): boolean =>
  /^(DBInstanceNotFound|DBSnapshotNotFound)(Fault)?$/.test(codeOf(thrown))
