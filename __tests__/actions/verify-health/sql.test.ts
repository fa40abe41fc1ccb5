import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { jest } from '@jest/globals'
import pg from 'pg'
import { baseline, settings } from '#health'
import {
  type DataPlane,
  type Endpoint,
  postgresDataPlane,
} from '../../../packages/sandbox/postgres/index.ts'
import { secretsClient } from '../../sandbox/gateway/clients.ts'
import { act, evidenceOf, given, stocked } from './stage.ts'
import { type Town, town } from './town.ts'

// A real server starts.
jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'health-sql-'))
chmodSync(folder, 0o711) // As root the servers run as another user, who has to get in.
const password = 'pl4in-simple'
let plane: DataPlane
let endpoint: Endpoint

const url = (port = endpoint.port, secret = password) =>
  `postgres://acme:${secret}@${endpoint.address}:${port}/shop?sslmode=disable`

/** Changes something, as a release does. */
async function change(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url() })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

beforeAll(async () => {
  plane = await postgresDataPlane(folder)
  endpoint = await plane.create({
    id: 'db-1',
    name: 'shop',
    master: { user: 'acme', password },
    database: 'shop',
  })
})
afterAll(async () => {
  await plane.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await change(
    'create sequence if not exists s; drop table if exists triggers; create table triggers as select n, $$t$$ || n as name from generate_series(1, 10) n',
  )
})

const environment = {
  region: 'us-east-1',
  account: '123456789012',
  database: { connection: 'secret:acme/db', 'data-restore': 'ask', 'while-waiting': 'stopped' },
  checks: [],
  watch: '2m',
  'on-inconclusive': 'hold',
} as const

/** A town whose connection secret leads to the real server. */
async function shop(to = url()): Promise<Town> {
  const place = await town()
  const secret = { Name: 'acme/db', SecretString: to }
  await secretsClient(place).send(new CreateSecretCommand(secret))
  return place
}

const settingsFor = (sql: string, more: { readonly [name: string]: string } = {}) =>
  settings(given({ checks: `- { sql: ${sql}, name: rows }`, ...more }), {
    ...environment,
    checks: [],
  })

/** A baseline, a release, and its verification. */
async function deploy(place: Town, sql: string, release: () => Promise<unknown> = async () => {}) {
  const { run, ports } = place
  const chosen = settingsFor(sql)
  const before = await baseline(run, ports, chosen.plan)
  const { store } = await stocked(run, { measured: before.measured })
  await release()
  const result = await act(run, ports, { settings: chosen, store })
  const everything = JSON.stringify([run.lines, before, result])
  return { before, result, everything }
}

const count = 'query: select count(*) from triggers'
const captured = `{ ${count}, at-least: captured }`

describe('the check sql, on a real server,', () => {
  test('is healthy while nothing is lost', async () => {
    const { before, result } = await deploy(await shop(), captured, () =>
      change("insert into triggers values (11, 'x')"),
    )
    expect(before).toMatchObject({ verdict: 'healthy', measured: { rows: { number: '10' } } })
    expect(result.outputs).toMatchObject({ verdict: 'healthy' })
    expect(evidenceOf(result).evidence.checks[0].definition).toEqual({
      sql: 'select count(*) from triggers',
      atLeast: 'captured',
    })
  })

  test('is unhealthy at the second look when rows are gone', async () => {
    const { result } = await deploy(await shop(), captured, () =>
      change('delete from triggers where n > 7'),
    )
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy', 'failed-checks': 'rows' })
    expect(result.outputs?.reason).toContain('the query answers 7, expected at least 10 (captured)')
    expect(Number(result.outputs?.['detected-after-seconds'])).toBeLessThanOrEqual(5)
  })

  test('is unhealthy when the release took away what it asks for', async () => {
    const { result } = await deploy(await shop(), captured, () => change('drop table triggers'))
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain(
      'worked before the deployment and fails now: SQLSTATE 42P01',
    )
  })

  test('stays in doubt when nothing was captured', async () => {
    const { run, ports } = await shop()
    const result = await act(run, ports, { settings: settingsFor(captured), store: undefined })
    expect(result.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(result.outputs?.reason).toContain('no value was captured before the deployment')
  })

  test.each([
    ['two columns', 'select 1, 2', '42601'],
    ['two rows', 'select n from triggers', '21000'],
    ['no row', 'select n from triggers where n = 99', 'NoValue'],
    ['a table that is not there', 'select count(*) from nope', '42P01'],
    ['a syntax error', 'selec 1', '42601'],
    ['two statements', 'select 1; drop table triggers', '42601'],
    ['a statement that writes', 'delete from triggers returning 1', '42601'],
    ['a function that writes', "select nextval('s')", '25006'],
    ['a text that is no number', "select 'five'", 'NotANumber'],
  ])('is an error before the deployment with %s', async (_, query, code) => {
    const place = await shop()
    const sql = `{ query: ${JSON.stringify(query)}, at-least: captured }`
    const { before, result } = await deploy(place, sql)
    expect(before).toMatchObject({ verdict: 'error' })
    expect(before.why).toContain(code)
    expect(before.why).toMatch(/rows|shop/)
    expect(result.outputs).toMatchObject({ verdict: 'error' })
    await change('select n from triggers') // It is still there.
  })

  test('never shows what the server says or answers', async () => {
    const canary = 'canary-5521-value'
    await change(`update triggers set name = '${canary}'`)
    const wrong = await deploy(
      await shop(),
      '{ query: select name::int from triggers limit 1, at-least: captured }',
    )
    expect(wrong.before).toMatchObject({ verdict: 'error' })
    expect(wrong.before.why).toContain('22P02')
    const text = await deploy(
      await shop(),
      '{ query: select max(name) from triggers, equals: captured }',
    )
    expect(text.result.outputs).toMatchObject({ verdict: 'healthy' })
    for (const one of [wrong, text]) expect(one.everything).not.toContain(canary)
    expect(evidenceOf(text.result).text).not.toContain(canary)
  })

  test('compares texts with what they were', async () => {
    const { result } = await deploy(
      await shop(),
      '{ query: select max(name) from triggers, equals: captured }',
      () => change("update triggers set name = 'other'"),
    )
    expect(result.outputs).toMatchObject({ verdict: 'unhealthy' })
    expect(result.outputs?.reason).toContain('a text of 5 characters, expected the captured text')
  })

  test('is doubt while the database cannot be reached, and an error when it refuses the password', async () => {
    const away = await shop()
    const { run, ports } = away
    const chosen = settingsFor(captured)
    const { measured } = await baseline(run, ports, chosen.plan)
    const { store } = await stocked(run, { measured })
    const secret = { SecretId: 'acme/db' }
    const point = (SecretString: string) =>
      secretsClient(away).send(new PutSecretValueCommand({ ...secret, SecretString }))
    await point(url(1))
    const gone = await act(run, ports, { settings: chosen, store })
    expect(gone.outputs).toMatchObject({ verdict: 'inconclusive' })
    expect(gone.outputs?.reason).toContain('the database gave no answer: ECONNREFUSED')
    await point(url(endpoint.port, 'wrong'))
    const denied = await act(run, ports, { settings: chosen, store })
    expect(denied.outputs).toMatchObject({ verdict: 'error' })
    expect(denied.outputs?.reason).toContain('28P01')
    expect(denied.next?.join()).toContain('check user and password')
  })

  test('names the permission for the connection secret', async () => {
    const place = await shop()
    place.faults.add({ effect: 'denied', service: 'secretsmanager' })
    const { before } = await deploy(place, captured)
    expect(before).toMatchObject({ verdict: 'error' })
    expect(before.why).toContain('grant secretsmanager:GetSecretValue')
  })
})

test('without a database in the configuration the check is wrong', () => {
  const { plan } = settings(given({ checks: `- { sql: ${captured}, name: rows }` }), undefined)
  expect(plan.problems).toEqual([
    'check rows: it needs database: name its connection in the configuration',
  ])
})
