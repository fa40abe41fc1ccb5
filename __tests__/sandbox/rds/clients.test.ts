import pg from 'pg'
import { realClock, type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { aws, awsJson, boto } from '../gateway/clients.ts'

let sandbox: Sandbox
const real = realClock()

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 200, ministack: false })
}, 40_000)
afterAll(() => sandbox.close())

/**
 * `aws rds`. Version 1 of the CLI ignores AWS_ENDPOINT_URL for RDS in us-east-1 (aws-cli#8737 is the same for SQS),
 * so the endpoint is an argument here.
 */
const rds = (...args: string[]) => ['rds', '--endpoint-url', sandbox.url, ...args]
const cli = (...args: string[]) => awsJson(sandbox.env, ...rds(...args))
const failing = (...args: string[]) => aws(sandbox.env, ...rds(...args))

/** Waits as the CLI's waiter would, which looks every 30 s of real time: looks more often, then lets the waiter confirm it. */
async function waitFor(subject: 'snapshot' | 'instance', name: string) {
  const flag = `--db-${subject}-identifier`
  const status = async () => {
    const answer = await cli(`describe-db-${subject}s`, flag, name)
    return subject === 'snapshot'
      ? answer.DBSnapshots[0].Status
      : answer.DBInstances[0].DBInstanceStatus
  }
  while ((await status()) !== 'available') await real.sleep(200)
  await cli('wait', `db-${subject}-available`, flag, name)
}

async function rows(name: string) {
  const { DBInstances } = await cli('describe-db-instances', '--db-instance-identifier', name)
  const [{ Endpoint, MasterUsername }] = DBInstances
  const login = new pg.Client({
    host: Endpoint.Address,
    port: Endpoint.Port,
    user: MasterUsername,
    password: 'correct-horse',
    database: 'shop',
  })
  await login.connect()
  return login
}

beforeAll(async () => {
  await cli(
    ...['create-db-instance', '--db-instance-identifier', 'orders', '--engine', 'postgres'],
    ...['--db-instance-class', 'db.t4g.micro', '--allocated-storage', '20', '--db-name', 'shop'],
    ...['--master-username', 'acme', '--master-user-password', 'correct-horse'],
    ...['--tags', 'Key=team,Value=shop', '--deletion-protection'],
  )
  await waitFor('instance', 'orders')
}, 40_000)

describe('the AWS CLI', () => {
  test('takes a snapshot, waits, restores it, waits, as the runbook says', async () => {
    const before = await rows('orders')
    await before.query("create table orders as select 'kept' as state")
    await cli(
      ...['create-db-snapshot', '--db-instance-identifier', 'orders'],
      ...['--db-snapshot-identifier', 'pre-migration-20261122-031500'],
    )
    await waitFor('snapshot', 'pre-migration-20261122-031500')
    await before.query("update orders set state = 'broken'")
    await cli(
      ...['restore-db-instance-from-db-snapshot', '--db-instance-identifier', 'orders-rollback'],
      ...['--db-snapshot-identifier', 'pre-migration-20261122-031500'],
    )
    await waitFor('instance', 'orders-rollback')
    const after = await rows('orders-rollback')
    const state = async (login: pg.Client) => (await login.query('select * from orders')).rows
    expect(await state(after)).toEqual([{ state: 'kept' }])
    expect(await state(before)).toEqual([{ state: 'broken' }])
    await before.end()
    await after.end()
    const { DBInstances } = await cli('describe-db-instances')
    expect(
      DBInstances.map((one: { DBInstanceIdentifier: string; DeletionProtection: boolean }) => [
        one.DBInstanceIdentifier,
        one.DeletionProtection,
      ]),
    ).toEqual([
      ['orders', true],
      ['orders-rollback', false],
    ])
  }, 60_000)

  test('is told what is wrong', async () => {
    const missing = await failing('describe-db-snapshots', '--db-snapshot-identifier', 'nothing')
    expect(missing.code).not.toBe(0)
    expect(missing.err).toContain('(DBSnapshotNotFound)')
    expect(missing.err).toContain('DBSnapshot nothing not found.')
    const member = await failing('describe-db-instances', '--max-records', '5')
    expect(member.err).toContain('(InvalidParameterValue)')
  })

  test('gives up waiting for a snapshot that failed', async () => {
    const { account, region } = { account: '123456789012', region: 'us-east-1' }
    const body = JSON.stringify({ account, region, nextSnapshot: 'fails' })
    const told = await fetch(`${sandbox.url}/_sandbox/rds`, { method: 'POST', body })
    expect(await told.json()).toMatchObject({ nextSnapshot: 'fails', manualSnapshots: 100 })
    const named = ['--db-snapshot-identifier', 'broken']
    await cli('create-db-snapshot', '--db-instance-identifier', 'orders', ...named)
    const status = async () => (await cli('describe-db-snapshots', ...named)).DBSnapshots[0].Status
    while ((await status()) === 'creating') await real.sleep(200)
    const waited = await failing('wait', 'db-snapshot-available', ...named)
    expect(waited.code).toBe(255)
    expect(waited.err).toContain('terminal failure')
  }, 30_000)
})

describe('boto3', () => {
  test('waits for a snapshot and a restore with its own waiters and pages through the result', async () => {
    const source = `
import boto3, json
rds = boto3.client('rds')
quick = {'Delay': 1, 'MaxAttempts': 40}
rds.create_db_snapshot(DBInstanceIdentifier='orders', DBSnapshotIdentifier='by-boto', Tags=[{'Key': 'run', 'Value': '1'}])
rds.get_waiter('db_snapshot_completed').wait(DBSnapshotIdentifier='by-boto', WaiterConfig=quick)
rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier='by-boto', DBSnapshotIdentifier='by-boto')
rds.get_waiter('db_instance_available').wait(DBInstanceIdentifier='by-boto', WaiterConfig=quick)
rds.delete_db_instance(DBInstanceIdentifier='by-boto', SkipFinalSnapshot=True)
rds.get_waiter('db_instance_deleted').wait(DBInstanceIdentifier='by-boto', WaiterConfig=quick)
pages = rds.get_paginator('describe_db_snapshots').paginate(SnapshotType='manual')
names = [one['DBSnapshotIdentifier'] for page in pages for one in page['DBSnapshots'] if one['Status'] == 'available']
try:
  rds.delete_db_instance(DBInstanceIdentifier='orders', SkipFinalSnapshot=True)
except rds.exceptions.ClientError as error:
  refused = error.response['Error']['Code']
try:
  rds.describe_db_instances(DBInstanceIdentifier='by-boto')
except rds.exceptions.DBInstanceNotFoundFault as error:
  gone = error.response['Error']['Code']
print(json.dumps({'names': names, 'refused': refused, 'gone': gone}))
`
    expect(await boto(sandbox.env, source)).toEqual({
      names: ['by-boto', 'pre-migration-20261122-031500'],
      refused: 'InvalidParameterCombination',
      gone: 'DBInstanceNotFound',
    })
  }, 90_000)
})
