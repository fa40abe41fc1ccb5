import {
  CreateDBInstanceCommand,
  type CreateDBInstanceCommandInput,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotCommandInput,
} from '@aws-sdk/client-rds'
import { memoryGateway, virtualClock } from '../../../packages/sandbox/index.ts'
import { clientConfig } from '../gateway/clients.ts'

/** The account of every client here that does not name another. */
export const HOME = { account: '111111111111', region: 'us-east-1' }

/** What every new instance of these tests has. */
export const BASICS = {
  Engine: 'postgres',
  DBInstanceClass: 'db.t4g.micro',
  AllocatedStorage: 20,
  MasterUsername: 'acme',
  MasterUserPassword: 'correct-horse',
}

const first = <T>(list: T[] | undefined): T => {
  const [item] = list ?? []
  if (!item) throw new Error('nothing was found')
  return item
}

/** Calls that tests repeat, for any client. */
export function callsOf(client: RDSClient) {
  return {
    instance: async (DBInstanceIdentifier: string): Promise<DBInstance> =>
      first(
        (await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances,
      ),
    snapshot: async (DBSnapshotIdentifier: string): Promise<DBSnapshot> =>
      first(
        (await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier }))).DBSnapshots,
      ),
    create: (DBInstanceIdentifier: string, input: Partial<CreateDBInstanceCommandInput> = {}) =>
      client.send(new CreateDBInstanceCommand({ ...BASICS, DBInstanceIdentifier, ...input })),
    snap: (DBInstanceIdentifier: string, DBSnapshotIdentifier: string) =>
      client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier })),
    restore: (
      DBSnapshotIdentifier: string,
      DBInstanceIdentifier: string,
      input: Partial<RestoreDBInstanceFromDBSnapshotCommandInput> = {},
    ) =>
      client.send(
        new RestoreDBInstanceFromDBSnapshotCommand({
          DBSnapshotIdentifier,
          DBInstanceIdentifier,
          ...input,
        }),
      ),
  }
}

/** A simulated RDS on a virtual clock with pretended servers, and a client that calls it through the gateway. */
export function cloud() {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock })
  const { data, rds } = gateway
  const client = new RDSClient(clientConfig(gateway))
  const calls = callsOf(client)
  /** Creates an instance and lets time pass until it is available. */
  const established = async (name: string, input?: Partial<CreateDBInstanceCommandInput>) => {
    await calls.create(name, input)
    await clock.advance(301_000)
    return await calls.instance(name)
  }
  /** Takes a snapshot and lets time pass until it is available. */
  const snapped = async (name: string, snapshot: string) => {
    await calls.snap(name, snapshot)
    await clock.advance(121_000)
    return await calls.snapshot(snapshot)
  }
  /** Each status that `look` shows within so many seconds, without repetitions. */
  const statuses = async (seconds: number, look: () => Promise<string | undefined>) => {
    const seen = [await look()]
    for (let passed = 0; passed < seconds; passed += 5) {
      await clock.advance(5000)
      const status = await look()
      if (status !== seen.at(-1)) seen.push(status)
    }
    return seen
  }
  return { ...calls, clock, data, gateway, rds, client, established, snapped, statuses }
}
