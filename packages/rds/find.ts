import { CallError, type Run } from '#core'
import { type Place, placeOf } from '#sql'
import type { RdsClients } from './client.ts'
import { type ConnectionSecret, readConnection } from './connection.ts'
import { observeInstances } from './observe.ts'
import type { Instance } from './state.ts'

/** The database that a connection resolves to now. */
export interface FoundDatabase {
  readonly instance: Instance
  readonly secret: ConnectionSecret
}

/**
 * Finds the instance whose endpoint is in the connection secret: host and port must both be equal. Throws `CallError` when none
 * or several are, or when it belongs to a cluster.
 */
export async function findDatabase(
  run: Run,
  clients: RdsClients,
  connection: string,
): Promise<FoundDatabase> {
  const secret = await readConnection(run, clients.secrets, connection)
  const chosen = chooseInstance(await observeInstances(clients.rds), secret.connection)
  if (typeof chosen === 'string') {
    const on = placeOf(secret.connection)
    const next = `put the endpoint of one RDS instance for PostgreSQL in ${secret.secret}, then run again`
    throw new CallError(
      { action: 'rds:DescribeDBInstances', on, code: 'NoSuchDatabase', next },
      chosen,
    )
  }
  return { instance: chosen, secret }
}

/** The one instance at a place, or why there is none that can be used. Pure. */
export function chooseInstance(instances: readonly Instance[], place: Place): Instance | string {
  const there = instances.filter((instance) => isAt(instance, place))
  const [found] = there
  if (there.length > 1) {
    return `several instances have this endpoint: ${there.map(({ id }) => id).join(', ')}`
  }
  if (found === undefined) {
    return 'no instance of this account and region has this endpoint (an alias, an RDS Proxy and a cluster endpoint are not supported yet)'
  }
  if (found.cluster !== undefined) {
    return `${found.id} is a member of the cluster ${found.cluster}: Aurora and Multi-AZ clusters are not supported yet`
  }
  if (found.engine !== 'postgres') {
    return `${found.id} runs ${found.engine}: engines other than postgres are not supported yet`
  }
  return found
}

/** Tells whether an instance's endpoint is this host and port; host names are compared as DNS does. */
export function isAt({ place }: Instance, wanted: Place): boolean {
  const plain = (host: string) => host.toLowerCase().replace(/\.$/, '')
  return (
    place !== undefined && plain(place.host) === plain(wanted.host) && place.port === wanted.port
  )
}
