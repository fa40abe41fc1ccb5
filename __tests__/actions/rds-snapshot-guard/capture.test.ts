import {
  type CreateDBInstanceCommandInput,
  CreateDBSnapshotCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds'
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { captureDatabase } from '#rds'
import { testRun } from '../../support/run.ts'
import { canary, connection, home, type Shop, shop } from './shop.ts'

const capture = (world: Shop, run = testRun({ clock: world.clock })) =>
  captureDatabase(world.clients, { connection })(run)

test('the database is found by the endpoint that its connection secret resolves to', async () => {
  const world = await shop()
  const run = testRun({ clock: world.clock })
  const captured = await capture(world, run)
  expect(captured).toMatchObject({
    state: {
      instance: 'shop',
      resourceId: expect.stringMatching(/^db-/),
      engine: 'postgres 18.4',
      endpoint: { address: '127.0.0.1' },
      database: 'shop',
      connection: {
        secret: 'acme/production/database-url',
        version: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    },
    problems: [],
    warnings: [],
  })
  expect(JSON.stringify([captured, run.lines]).includes(canary)).toBe(false)
  expect(run.masked).toContain(canary)
})

test('it is found behind many other instances', async () => {
  const world = await shop()
  const { CreateDBInstanceCommand } = await import('@aws-sdk/client-rds')
  for (let n = 0; n < 105; n++) {
    const other = {
      DBInstanceIdentifier: `a${n}`,
      Engine: 'postgres',
      DBInstanceClass: 'db.t4g.micro',
    }
    const login = {
      MasterUsername: 'acme',
      MasterUserPassword: 'something-else',
      AllocatedStorage: 20,
    }
    await world.rds.send(new CreateDBInstanceCommand({ ...other, ...login }))
  }
  expect((await capture(world)).state.instance).toBe('shop')
})

const store = (world: Shop, text: string) =>
  world.secrets.send(
    new PutSecretValueCommand({ SecretId: 'acme/production/database-url', SecretString: text }),
  )

test.each([
  ['a secret that is no connection', 'hello', /NotAConnection/],
  ['an endpoint of nobody', 'postgres://a:pw1@db.example:5432/x', /no instance/],
])('%s ends with what to do, and never with its value', async (_, text, message) => {
  const world = await shop()
  await store(world, text)
  const thrown = await capture(world).catch((error) => error)
  expect(thrown.message).toMatch(message)
  expect(thrown.next).not.toBe('')
  expect(`${thrown.message} ${thrown.next}`).not.toContain('pw1')
})

const problems: readonly (readonly [string, (world: Shop) => Promise<unknown>, RegExp])[] = [
  [
    'a stopped database',
    async ({ rds, clock }) => {
      await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'shop' }))
      await clock.advance(600_000)
    },
    /shop is stopp/,
  ],
  [
    'no snapshot left',
    async ({ rds, gateway }) => {
      await rds.send(
        new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 'one' }),
      )
      gateway.rds.set(home, { manualSnapshots: 1 })
    },
    /1 of 1 manual snapshots/,
  ],
  [
    'a denied look at the quota',
    async ({ gateway }) => {
      gateway.faults.add({ effect: 'denied', operation: 'DescribeAccountAttributes' })
    },
    /grant rds:DescribeAccountAttributes/,
  ],
]

test.each(problems)(
  '%s is a problem: no rollback would be possible',
  async (_, prepare, problem) => {
    const world = await shop()
    await prepare(world)
    expect((await capture(world)).problems).toEqual([expect.stringMatching(problem)])
  },
)

test.each([
  ['no backups', { BackupRetentionPeriod: 0 }, /no automated backups/],
] as readonly (readonly [string, Partial<CreateDBInstanceCommandInput>, RegExp])[])(
  '%s is a warning',
  async (_, given, warning) => {
    const captured = await capture(await shop(given))
    expect(captured.problems).toEqual([])
    expect(captured.warnings).toEqual([expect.stringMatching(warning)])
  },
)
