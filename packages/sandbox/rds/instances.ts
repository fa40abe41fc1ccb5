import type { DescribeDBInstancesMessage, Tag } from '@aws-sdk/client-rds'
import type { Endpoint } from '../postgres/index.ts'
import { instanceNotFound } from './errors.ts'
import { arnOf, nameIn, newResourceId } from './names.ts'
import { type Filters, filtered, page } from './pages.ts'
import { instanceShape } from './shapes.ts'
import { type Instance, now, type Place, type Settings, tell } from './world.ts'

/** The instance of a name or ARN. Throws DBInstanceNotFound. */
export function instanceNamed(place: Place, value: string): Instance {
  const name = nameIn(place, 'db', value)
  const found = name === undefined ? undefined : place.instances.get(name)
  if (!found) throw instanceNotFound(value)
  return found
}

/** A new instance in status `creating`, known to the place from now on, without a server yet. */
export function addInstance(
  place: Place,
  given: { identifier: string; settings: Settings; tags: readonly Tag[] },
): Instance {
  const instance: Instance = {
    ...given,
    resourceId: newResourceId(),
    createTime: now(place),
    status: 'creating',
    roles: [],
    endpoint: undefined as Endpoint | undefined,
    parameterStatus: 'in-sync',
    securityGroupStatus: 'active',
    changes: [],
    deferred: [],
    latestRestorable: undefined,
  }
  place.instances.set(instance.identifier, instance)
  return instance
}

/** Writes an event about an instance. */
export function tellOf(
  place: Place,
  { identifier }: Instance,
  ...said: [string, ...string[]]
): void {
  tell(place, { type: 'db-instance', identifier, arn: arnOf(place, 'db', identifier) }, said)
}

const FILTERS: Filters<Instance & { arn: string }> = {
  'db-instance-id': ({ identifier, arn }) => [identifier, arn],
  'dbi-resource-id': ({ resourceId }) => [resourceId],
  engine: ({ settings }) => [settings.Engine],
  'db-cluster-id': () => [],
  domain: () => [],
}

/** DescribeDBInstances, in the order of their names. Throws DBInstanceNotFound for a name that is not there. */
export function describeInstances(place: Place, input: DescribeDBInstancesMessage) {
  const { DBInstanceIdentifier } = input
  const named = DBInstanceIdentifier
    ? [instanceNamed(place, DBInstanceIdentifier)]
    : [...place.instances.values()]
  const withArn = named.map((one) => ({ ...one, arn: arnOf(place, 'db', one.identifier) }))
  const key = ({ identifier }: Instance) => identifier
  const matching = filtered(withArn, input.Filters, FILTERS)
  const sorted = matching.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const { items, Marker } = page(sorted, input, key)
  return { DBInstances: items.map((one) => instanceShape(place, one)), Marker }
}
