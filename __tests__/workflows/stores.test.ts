import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { documentsOf } from './documents.ts'
import { expectNotBegun } from './expectations.ts'
import {
  begins,
  type Company,
  changesOf,
  foundTown,
  outcomeOf,
  stepOf,
  type Told,
  type Town,
} from './town.ts'

/** A store that is missing or denied, a database that is not named or cannot be snapshotted, and a dry run. */
let town: Town
let company: Company

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('444444444444')
}, 60_000)

afterAll(() => town?.close(), 60_000)

const updates = ['api-gateway', 'event-processor', 'action-workers'].map(
  (service) => `ecs:UpdateService ${service}`,
)
const withoutDatabase = { environment: { database: undefined, migrations: undefined } }

/** From the beginning of a step on the role may do nothing of this kind in the store any more. */
const deny = (operations: readonly string[]) => {
  for (const operation of operations)
    town.sandbox.faults.add({
      effect: 'denied',
      account: company.account,
      service: 's3',
      operation,
    })
}

let three: Told
let middle: Told

test('without a database the snapshot is not taken, and a rollback whose record cannot be opened changes nothing', async () => {
  await company.configure(withoutDatabase)
  three = await company.ship(3, [], {
    onEvent: (event) => {
      if (begins(event, 'open')) deny(['PutObject'])
    },
  })
  town.sandbox.faults.clear()
  expect(outcomeOf(three, 'rds-snapshot-guard')).toBe('unchanged')
  expect(stepOf(three, 'rds-snapshot-guard').summary).toContain('no database')
  expect(three).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
  expect(outcomeOf(three, 'open')).toBe('failed')
  expect(stepOf(three, 'open').summary).toContain('grant s3:PutObject')
  expect(changesOf(three, 'rollback')).toEqual([])
  const documents = await documentsOf(company)
  expect(documents.environment.open).toBeUndefined()
  expect(documents[`${three.runId}/before`].deployment.state).toBe('deploying')
  expect(Object.keys(documents).filter((key) => /pins|rollback-/.test(key))).toEqual([])
}, 90_000)

test('a rollback that loses the store in the middle sends nothing more', async () => {
  middle = await company.rerun(three, ['rollback'], {
    onEvent: (event) => {
      if (begins(event, 'code')) deny(['PutObject', 'GetObject'])
    },
  })
  town.sandbox.faults.clear()
  expect(middle.ok).toBe(false)
  expect(outcomeOf(middle, 'open')).toBe('done')
  expect(outcomeOf(middle, 'code')).toBe('failed')
  expect(outcomeOf(middle, 'close')).toBe('failed')
  expect(changesOf(middle, 'rollback')).toEqual([])
  const documents = await documentsOf(company)
  expect(documents.environment.open).toBe(`production/${three.runId}/rollback-1`)
  expect(documents[`pins/${company.repository.commitOf(3)}`]).toBeDefined()
}, 90_000)

test('a re-run of everything deploys nothing and finishes the open record', async () => {
  const again = await company.rerun({ ...three, attempt: middle.attempt })
  expect(again).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
  expect(outcomeOf(again, 'restore-point')).toBe('refused')
  expectNotBegun(again)
  expect(changesOf(again, 'rollback').toSorted()).toEqual(updates.toSorted())
  const documents = await documentsOf(company)
  expect(documents[`${three.runId}/rollback-1`]).toMatchObject({ state: 'closed', outcome: 'done' })
  expect(documents.environment.open).toBeUndefined()
  const commit = company.repository.commitOf(1)
  const { doors } = await company.look()
  expect(doors).toEqual(doors.map(() => ({ status: 200, release: '1', commit })))
}, 90_000)

test('a script that migrates without a database in the configuration is one clear error before anything', async () => {
  // A commit of its own: the one before is pinned, and preflight would refuse it.
  await company.repository.commit('Try again', { 'NOTES.md': 'again\n' })
  const told = await company.deploy({ workflow: 'guarded-deploy.yml' })
  expect(told.ok).toBe(false)
  expect(stepOf(told, 'Check the migration script').summary).toContain(
    'scripts/migrate migrates a database, but the configuration names none for production',
  )
  expect(told.steps.map(({ name }) => name)).not.toContain('Take the restore point')
  expect(told.changes.deploy).toEqual(['s3:PutObject production/preflight.json'])
  expect(changesOf(told, 'rollback')).toEqual([])
}, 90_000)

test('a store that is not there ends the deployment before anything, and the rollback says how to go on by hand', async () => {
  await company.configure({ store: 's3://acme-rollback-nowhere' })
  const told = await company.ship(2)
  expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
  expect(outcomeOf(told, 'restore-point')).toBe('failed')
  expect(stepOf(told, 'restore-point').summary).toContain('NoSuchBucket')
  expectNotBegun(told)
  expect(outcomeOf(told, 'plan')).toBe('failed')
  expect(stepOf(told, 'plan').summary).toContain(
    'aws ecs update-service --cluster acme-production --service api-gateway --task-definition',
  )
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
}, 60_000)

test('a store that may not be written ends the deployment before anything', async () => {
  await company.configure({})
  deny(['PutObject'])
  const told = await company.deploy()
  town.sandbox.faults.clear()
  expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure' } })
  expect(outcomeOf(told, 'restore-point')).toBe('failed')
  expect(stepOf(told, 'restore-point').summary).toContain('grant s3:PutObject')
  expectNotBegun(told)
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
}, 60_000)

test('a snapshot that fails ends the deployment before the migration, without a pin', async () => {
  const { account } = company
  town.sandbox.faults.add({ effect: 'denied', account, operation: 'CreateDBSnapshot', nth: 1 })
  const told = await company.deploy()
  expect(told.ok).toBe(false)
  expect(outcomeOf(told, 'rds-snapshot-guard')).toBe('failed')
  expectNotBegun(told)
  expect(changesOf(told, 'rollback')).toEqual([])
  const documents = await documentsOf(company)
  expect(documents[`${told.runId}/before`].deployment.state).toBe('abandoned')
  expect(documents[`pins/${company.repository.commitOf(2)}`]).toBeUndefined()
  expect(documents.lease.owner).toBe('nobody')
}, 60_000)

test('the same commit is deployed by a new run', async () => {
  const told = await company.deploy()
  expect(told.ok).toBe(true)
  const { doors } = await company.look()
  expect(doors.map(({ status, release }) => [status, release])).toEqual(doors.map(() => [200, '2']))
}, 90_000)

test('a dry run of the button prints the plan and changes nothing', async () => {
  const before = await documentsOf(company)
  const told = await company.press({ environment: 'production', reason: 'to see' })
  expect(told.ok).toBe(true)
  expect(outcomeOf(told, 'plan')).toBe('planned')
  expect(stepOf(told, 'plan').summary).toContain('acme-api-gateway')
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
  expect(await documentsOf(company)).toEqual(before)
}, 60_000)
