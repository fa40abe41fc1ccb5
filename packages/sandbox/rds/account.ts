import type { DescribeEventsMessage, Event } from '@aws-sdk/client-rds'
import { AwsError } from '../service.ts'
import { page } from './pages.ts'
import { manualSnapshots } from './snapshots.ts'
import { now, type Place } from './world.ts'

/** DescribeAccountAttributes: the quotas of this account and region, and how much of them is used. */
export function describeAccount(place: Place) {
  const instances = [...place.instances.values()]
  const stored = instances.reduce((sum, { settings }) => sum + settings.AllocatedStorage, 0)
  const quotas: readonly [string, number, number][] = [
    ['DBInstances', instances.length, 40],
    ['ReservedDBInstances', 0, 40],
    ['AllocatedStorage', stored, 100_000],
    ['DBParameterGroups', place.parameterGroups.size, 50],
    ['ManualSnapshots', manualSnapshots(place), place.knobs.manualSnapshots],
    ['EventSubscriptions', 0, 20],
    ['DBSubnetGroups', place.subnetGroups.size, 50],
    ['OptionGroups', 0, 20],
    ['SubnetsPerDBSubnetGroup', 0, 20],
    ['ReadReplicasPerMaster', 0, 15],
    ['DBClusters', 0, 40],
    ['DBClusterParameterGroups', 0, 50],
    ['ManualClusterSnapshots', 0, 100],
    ['DBInstanceRoles', 0, 5],
  ]
  return {
    AccountQuotas: quotas.map(([AccountQuotaName, Used, Max]) => ({ AccountQuotaName, Used, Max })),
  }
}

/** DescribeEvents: by default those of the last hour. */
export function describeEvents(place: Place, input: DescribeEventsMessage) {
  const { SourceIdentifier, SourceType, EventCategories = [], Duration = 60 } = input
  const end = input.EndTime?.getTime() ?? now(place).getTime()
  const start = input.StartTime?.getTime() ?? end - Duration * 60_000
  const isAsked = (event: Event) => {
    const time = Number(event.Date)
    const categories = event.EventCategories ?? []
    return (
      time >= start &&
      time <= end &&
      (!SourceIdentifier || event.SourceIdentifier === SourceIdentifier) &&
      (!SourceType || event.SourceType === SourceType) &&
      (EventCategories.length === 0 || categories.some((one) => EventCategories.includes(one)))
    )
  }
  const numbered = place.events
    .map((event, index) => ({ event, index }))
    .filter((one) => isAsked(one.event))
  const { items, Marker } = page(numbered, input, ({ index }) => String(index).padStart(9, '0'))
  return { Events: items.map(({ event }) => event), Marker }
}

/** DescribeDBClusters: there are none, so a named one is not found. */
export function describeClusters(
  _place: Place,
  input: { DBClusterIdentifier?: string | undefined },
) {
  const name = input.DBClusterIdentifier
  if (name) throw new AwsError('DBClusterNotFoundFault', `DBCluster ${name} not found.`, 404)
  return { DBClusters: [] }
}

/** DescribeDBClusterSnapshots: there are none, so a named one is not found. */
export function describeClusterSnapshots(
  _place: Place,
  input: { DBClusterSnapshotIdentifier?: string | undefined },
) {
  const name = input.DBClusterSnapshotIdentifier
  if (name) {
    throw new AwsError(
      'DBClusterSnapshotNotFoundFault',
      `DBClusterSnapshot ${name} not found.`,
      404,
    )
  }
  return { DBClusterSnapshots: [] }
}
