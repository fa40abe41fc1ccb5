import { isDenied } from '#aws'
import { CallError, type Capture, type Captured } from '#core'
import type { DatabaseState } from '#store'
import type { RdsClients } from './client.ts'
import { type FoundDatabase, findDatabase } from './find.ts'
import { observeQuota, type SnapshotQuota } from './observe.ts'
import { isBroken, isUsable } from './state.ts'

/** Which database: the configuration's `database` part has more, which is not needed here. */
export interface DatabaseChoice {
  /** `secret:<name>`. */
  readonly connection: string
}

/** Captures the database that the connection resolves to, and whether a snapshot of it could be taken now. Read-only. */
export function captureDatabase(
  clients: RdsClients,
  choice: DatabaseChoice,
): Capture<DatabaseState> {
  return async (run) => {
    const found = await findDatabase(run, clients, choice.connection)
    const quota = await readQuota(clients)
    return assemble(found, quota)
  }
}

async function readQuota(clients: RdsClients): Promise<SnapshotQuota | string | undefined> {
  try {
    return await observeQuota(clients.rds)
  } catch (thrown) {
    if (thrown instanceof CallError && isDenied(thrown)) return `${thrown.message}: ${thrown.next}`
    throw thrown
  }
}

function assemble(
  { instance, secret }: FoundDatabase,
  quota: SnapshotQuota | string | undefined,
): Captured<DatabaseState> {
  const { connection } = secret
  const state: DatabaseState = {
    instance: instance.id,
    resourceId: instance.resourceId,
    engine: `${instance.engine} ${instance.engineVersion}`,
    endpoint: { address: connection.host, port: connection.port },
    database: connection.database,
    connection: { secret: secret.secret, version: secret.version },
  }
  return {
    state,
    problems: problemsOf({ instance, secret }, quota),
    warnings: warningsOf({ instance, secret }),
    rows: [
      ['database', `${instance.id} (${instance.resourceId}), ${state.engine}, ${instance.status}`],
      ['connection', `${secret.secret}, version ${secret.version}`],
    ],
  }
}

function problemsOf(
  { instance, secret }: FoundDatabase,
  quota: SnapshotQuota | string | undefined,
): readonly string[] {
  const problems: string[] = []
  if (!isUsable(instance.status)) {
    const wait = isBroken(instance.status) ? '' : ' (this passes by itself)'
    problems.push(
      `the database ${instance.id} is ${instance.status}: no snapshot can be taken${wait}`,
    )
  }
  if (typeof quota === 'string') problems.push(quota)
  else if (quota && quota.used >= quota.max) {
    problems.push(
      `this region holds ${quota.used} of ${quota.max} manual snapshots: no other can be taken until one is deleted or the quota raised`,
    )
  }
  if (secret.secret.startsWith('rds!')) {
    problems.push(
      `${secret.secret} is managed by RDS, which allows nobody else to write it: the connection could not be cut over to a restored database`,
    )
  }
  return problems
}

function warningsOf({ instance }: FoundDatabase): readonly string[] {
  const { id, backupDays, replicas, pending, outOfSync, managedPassword } = instance
  return [
    ...(backupDays === 0
      ? [`${id} keeps no automated backups: there is no point in time to return to`]
      : []),
    ...(replicas.length > 0
      ? [
          `read replicas of ${id} (${replicas.join(', ')}) stay with it when it is restored elsewhere`,
        ]
      : []),
    ...(pending.length > 0
      ? [`${id} has changes that are not in force yet: ${pending.join(', ')}`]
      : []),
    ...(outOfSync.length > 0
      ? [`${id} has groups that are not in force yet: ${outOfSync.join(', ')}`]
      : []),
    ...(managedPassword
      ? [
          `the master password of ${id} is managed by RDS: a restored database gets a new secret for it`,
        ]
      : []),
  ]
}
