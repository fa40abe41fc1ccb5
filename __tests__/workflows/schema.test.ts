import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Outside } from '../../packages/sandbox/sample/index.ts'
import { documentsOf } from './documents.ts'
import { expectServing, standing } from './expectations.ts'
import {
  type Company,
  changesOf,
  findStep,
  foundTown,
  outcomeOf,
  printedCommand,
  stepOf,
  type Told,
  type Town,
} from './town.ts'

/** Releases whose migrations older code cannot live with: one that its down takes back, one that no down takes back. */
let town: Town
let company: Company
let good: Outside

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('444444444444')
  expect(await company.ship(2)).toMatchObject({ ok: true })
  good = await expectServing(company, '2', company.repository.commitOf(2))
}, 120_000)

afterAll(() => town?.close(), 60_000)

describe('release 8, whose down loses nothing', () => {
  let told: Told

  test('goes back by itself: writers stop, the down runs, older code starts on the older schema', async () => {
    told = await company.ship(8, [2])
    expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
    expect(outcomeOf(told, 'close')).toBe('done')
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual(standing(good))
    const record = (await documentsOf(company))[`${told.runId}/rollback-1`]
    expect(record).toMatchObject({ profile: 'B', consent: 'not-needed', outcome: 'done' })
  }, 120_000)

  test('loses no row, and asks nobody', async () => {
    const { database } = await company.look()
    expect([...good.database.refs].filter((ref) => !database.refs.has(ref))).toEqual([])
    expect(stepOf(told, 'migrations').outputs).toMatchObject({
      reverted: '["20260908000000"]',
      left: '[]',
    })
  })

  test('touches no snapshot and no database instance', () => {
    expect(changesOf(told, 'rollback').filter((change) => change.startsWith('rds:'))).toEqual([])
    expect(findStep(told, 'restore')).toBeUndefined()
  })
})

describe('release 8 in a company whose database only tasks reach', () => {
  test('goes back by the tool in a task of the failed release', async () => {
    const migrations = {
      ...{ tool: 'dbmate', path: 'database/migrations' },
      ...{ revert: 'task', task: { service: 'api-gateway' } },
    }
    const other = await town.settle('444444444445', { environment: { migrations } })
    expect(await other.ship(2)).toMatchObject({ ok: true })
    const before = await other.look()
    const told = await other.ship(8, [2])
    expect(outcomeOf(told, 'close')).toBe('done')
    expect(stepOf(told, 'migrations').outputs).toMatchObject({ reverted: '["20260908000000"]' })
    const tasks = changesOf(told, 'rollback').filter((one) => one.startsWith('ecs:RunTask'))
    expect(tasks).toHaveLength(1)
    expect(standing(await expectServing(other, '2', other.repository.commitOf(2)))).toEqual(
      standing(before),
    )
  }, 150_000)
})

describe('release 9, which deletes what no down brings back', () => {
  let told: Told

  test('without consent ends partial: writers stopped, data as it is, the next command printed', async () => {
    told = await company.ship(9, [2])
    expect(told).toMatchObject({ ok: false, jobs: { rollback: 'failure' } })
    expect(outcomeOf(told, 'close')).toBe('partial')
    const record = (await documentsOf(company))[`${told.runId}/rollback-1`]
    expect(record).toMatchObject({ profile: 'C', consent: 'missing', state: 'open' })
    expect(changesOf(told, 'rollback').filter((change) => change.startsWith('rds:'))).toEqual([])
    expect(stepOf(told, 'plan').summary).toContain('no down takes it back')
    const { services, database } = await company.look()
    expect(services.map(({ desired }) => desired)).toEqual([0, 0, 0])
    expect(database.applied).toContain('20260909000000')
  }, 120_000)

  test('is finished by the printed command, and the old database is kept', async () => {
    const second = await company.press(printedCommand(told, 'consent'))
    expect(second.ok).toBe(true)
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual({ ...standing(good), instance: 'acme-production-rollback' })
    const record = (await documentsOf(company))[`${told.runId}/rollback-1`]
    expect(record).toMatchObject({ consent: 'given', state: 'closed', outcome: 'done' })
    const { DBInstances = [] } = await company.clients.rds.send(new DescribeDBInstancesCommand({}))
    expect(DBInstances.map((one) => one.DBInstanceIdentifier).sort()).toEqual([
      'acme-production',
      'acme-production-rollback',
    ])
  }, 180_000)
})
