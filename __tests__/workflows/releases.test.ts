import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Outside, startTraffic, type Traffic } from '../../packages/sandbox/sample/index.ts'
import { allVersions, documentsOf } from './documents.ts'
import {
  connectionSecrets,
  expectNotBegun,
  expectServing,
  spelled,
  standing,
} from './expectations.ts'
import {
  type Company,
  changesOf,
  everythingSaid,
  findStep,
  foundTown,
  meanwhile,
  outcomeOf,
  printedCommand,
  stepOf,
  type Told,
  type Town,
} from './town.ts'

/** Each release of the sample company, deployed by the workflow files that people copy. */
const services = ['api-gateway', 'event-processor', 'action-workers']
const updates = services.map((service) => `ecs:UpdateService ${service}`)
const shipping = services.flatMap((service) => [
  `ecs:RegisterTaskDefinition acme-${service}`,
  `ecs:UpdateService ${service}`,
])
const snapshot = 'rds:CreateDBSnapshot acme-production'

let town: Town
let company: Company
let customers: Traffic
let guarded: () => Promise<Guarded>

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('111111111111', { environment: { 'automatic-rollbacks-per-day': 9 } })
  customers = startTraffic(company.url, { tokenKey: company.tokenKey, rate: 9 })
  guarded = meanwhile(tellGuarded)
}, 60_000)

afterAll(async () => {
  await customers?.stop()
  await town?.close()
}, 60_000)

/** The gate refused, and nothing was deployed or rolled back. */
function expectRefused(told: Told): void {
  expect(outcomeOf(told, 'restore-point')).toBe('refused')
  expectNotBegun(told)
  expect(changesOf(told, 'rollback')).toEqual([])
}

/** Record, pin, pointer and lease after a rollback that ended well. */
async function expectRolledBack(told: Told, given: { commit: string; profile: 'A' | 'C' }) {
  const { runId } = told
  const documents = await documentsOf(company)
  expect(documents[`${runId}/rollback-1`]).toMatchObject({
    undone: `production/${runId}`,
    from: given.commit,
    to: `production/${runId}/before`,
    profile: given.profile,
    state: 'closed',
    outcome: 'done',
    verdict: { verdict: 'healthy' },
  })
  expect(documents[`pins/${given.commit}`]).toMatchObject({
    record: `production/${runId}/rollback-1`,
  })
  expect(documents[`${runId}/before`].deployment.state).toBe('rolled-back')
  expect(documents.environment).toMatchObject({
    verified: `production/${runId}.rollback-1/after`,
    latest: `production/${runId}`,
  })
  expect(documents.environment.open).toBeUndefined()
  expect(documents.lease.owner).toBe('nobody')
  return documents
}

describe('the sandwich', () => {
  let good: Outside
  let three: Told
  let four: Told
  let again: Told

  test('release 2 is green and verified, and nothing is rolled back', async () => {
    const told = await company.ship(2)
    const commit = company.repository.commitOf(2)
    expect(told).toMatchObject({ ok: true, jobs: { deploy: 'success', rollback: 'success' } })
    expect(changesOf(told, 'deploy')).toEqual([snapshot, ...shipping])
    expect(changesOf(told, 'rollback')).toEqual([])
    good = await expectServing(company, '2', commit)
    const documents = await documentsOf(company)
    expect(Object.keys(documents).filter((key) => /pins|rollback/.test(key))).toEqual([])
    expect(documents[`${told.runId}/before`]).toMatchObject({
      verified: { is: true },
      deployment: { state: 'verified', verdict: { verdict: 'healthy' } },
    })
    expect(documents[`${told.runId}/after`]).toMatchObject({ sha: commit, verified: { is: true } })
    expect(documents.environment.verified).toBe(`production/${told.runId}/after`)
    expect(documents.lease.owner).toBe('nobody')
  }, 90_000)

  test('release 3, which answers 5xx: the code goes back and nothing else is touched', async () => {
    three = await company.ship(3, [2])
    expect(three).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
    expect(changesOf(three, 'rollback').toSorted()).toEqual(updates.toSorted())
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual(standing(good))
    await expectRolledBack(three, { commit: company.repository.commitOf(3), profile: 'A' })
  }, 90_000)

  test('a re-run of it is refused by the pin, and so is a new run of its commit', async () => {
    const before = await documentsOf(company)
    again = await company.rerun(three)
    expectRefused(again)
    expect(stepOf(again, 'restore-point').summary).toContain('was rolled back')
    expectRefused(await company.deploy())
    expect(await documentsOf(company)).toEqual(before)
  }, 60_000)

  test('release 10 right after it: back to the last verified, while its additions to the schema stay', async () => {
    const told = await company.ship(10, [2])
    expect(told.ok).toBe(false)
    expect(changesOf(told, 'rollback').toSorted()).toEqual(updates.toSorted())
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual({
      ...standing(good),
      applied: [...good.database.applied, '20260910000000'],
    })
    good = outside
    const documents = await expectRolledBack(told, {
      commit: company.repository.commitOf(10),
      profile: 'A',
    })
    expect(documents[`${told.runId}/before`].verified.is).toBe(true)
    expect(documents[`${told.runId}/before`].runs).toBe(company.repository.commitOf(2))
    expect(findStep(told, 'stop')).toBeUndefined()
    expect(findStep(told, 'restore')).toBeUndefined()
  }, 90_000)

  test('release 6, which cannot start, goes back before a customer meets it', async () => {
    const { failed } = customers.seen()
    const told = await company.ship(6, [2, 10])
    expect(told.ok).toBe(false)
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual(standing(good))
    await expectRolledBack(told, { commit: company.repository.commitOf(6), profile: 'A' })
    expect(customers.seen().failed).toBe(failed)
    expect(customers.seen().releases).not.toContain('6')
  }, 90_000)

  test('release 4 without consent ends partial: writers stopped, code back, data as it is, the next command printed', async () => {
    four = await company.ship(4, [2, 10])
    expect(four).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
    expect(outcomeOf(four, 'close')).toBe('partial')
    expect(changesOf(four, 'rollback').toSorted()).toEqual([...updates, ...updates].toSorted())
    const { services, database } = await company.look()
    expect(services.map(({ desired, running }) => [desired, running])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    expect(services.map(({ taskDefinition }) => taskDefinition)).toEqual(
      good.services.map(({ taskDefinition }) => taskDefinition),
    )
    expect(database.instance).toBe('acme-production')
    const record = (await documentsOf(company))[`${four.runId}/rollback-1`]
    expect(record).toMatchObject({ state: 'open', profile: 'C', consent: 'missing' })
    expect(printedCommand(four, 'consent')).toEqual({
      environment: 'production',
      to: 'auto',
      'dry-run': 'false',
      consent: record.planId,
    })
  }, 90_000)

  test('while its record is open no other commit is deployed', async () => {
    const told = await company.ship(2, [10])
    expectRefused(told)
    expect(stepOf(told, 'restore-point').summary).toContain(`${four.runId}/rollback-1 is open`)
  }, 60_000)

  test('the printed command finishes it: everything is back, and no row from before the snapshot is lost', async () => {
    const commit = company.repository.commitOf(4)
    const told = await company.press(printedCommand(four, 'consent'))
    expect(told.ok).toBe(true)
    const outside = await expectServing(company, '2', String(good.doors[0]?.commit))
    expect(standing(outside)).toEqual({ ...standing(good), instance: 'acme-production-rollback' })
    expect(outside.database.settings).toEqual(good.database.settings)
    const documents = await documentsOf(company)
    expect(documents[`${four.runId}/rollback-1`]).toMatchObject({
      profile: 'C',
      consent: 'given',
      state: 'closed',
      outcome: 'done',
      runs: [{ run: four.runId }, { run: told.runId }],
    })
    expect(documents[`pins/${commit}`].record).toBe(`production/${four.runId}/rollback-1`)
    expect(documents.environment.open).toBeUndefined()
    const taken = Date.parse(documents[`${four.runId}/before`].deployment.snapshot.at)
    const kept = customers.seen().acknowledged.filter(({ at }) => at < taken)
    expect(kept.length).toBeGreaterThan(50)
    expect(kept.filter(({ ref }) => !outside.database.refs.has(ref))).toEqual([])
  }, 120_000)

  test('the command that the refusal printed releases the pin of release 3, and nothing else', async () => {
    const { [`pins/${company.repository.commitOf(3)}`]: pin, ...others } =
      await documentsOf(company)
    const told = await company.press(printedCommand(again, 'deploy a commit'))
    expect(told).toMatchObject({ ok: true, jobs: { release: 'success' } })
    expect(changesOf(told, 'rollback')).toEqual([])
    expect(await documentsOf(company)).toEqual({
      ...others,
      [`pins/${pin.sha}`]: { ...pin, released: expect.objectContaining({ why: 'false alarm' }) },
    })
  }, 60_000)
})

interface Guarded {
  readonly company: Company
  readonly two: Told
  readonly good: Outside
  readonly four: Told
  readonly outside: Outside
  readonly lost: readonly string[]
}

/** Values that a script prints, as scripts do. */
const canaries = {
  DEPLOY_TOKEN: 'canary-first-line-7f3a\ncanary-second-line-9c1d',
  CALLBACK_URL: 'https://canary:k%2Fe%3Dy@hooks.acme.example/deployed',
}
const scriptEnv = `DEPLOY_TOKEN="${canaries.DEPLOY_TOKEN}"\nCALLBACK_URL=${canaries.CALLBACK_URL}\n`

/** The whole chain in one call, with the role by OIDC alone, consent given in advance, and a loud script. */
async function tellGuarded(): Promise<Guarded> {
  const account = '222222222222'
  const database = {
    connection: 'secret:acme/production/database-url',
    'data-restore': 'automatic',
  }
  const role = `arn:aws:iam::${account}:role/rollback`
  const guarded = await town.settle(account, {
    environment: { database, role },
    credentials: 'oidc',
  })
  const quiet = guarded.repository.read('scripts/deploy')
  const loud = `${quiet}
const { DEPLOY_TOKEN, CALLBACK_URL } = process.env
console.log('deployed with', DEPLOY_TOKEN, CALLBACK_URL, encodeURIComponent(DEPLOY_TOKEN))
`
  await guarded.repository.commit('Say more', { 'scripts/deploy': loud })
  const twist = { workflow: 'guarded-deploy.yml', secrets: { DEPLOY_ENV: scriptEnv } } as const
  const two = await guarded.ship(2, [], twist)
  const good = await guarded.look()
  const visitors = startTraffic(guarded.url, { tokenKey: guarded.tokenKey, rate: 9 })
  try {
    const four = await guarded.ship(4, [2], twist)
    const { acknowledged } = await visitors.stop()
    const outside = await guarded.look()
    const point = (await documentsOf(guarded))[`${four.runId}/before`]
    const taken = Date.parse(point.deployment.snapshot.at)
    const lost = acknowledged
      .filter(({ at, ref }) => at < taken && !outside.database.refs.has(ref))
      .map(({ ref }) => ref)
    return { company: guarded, two, good, four, outside, lost }
  } finally {
    await visitors.stop()
  }
}

describe('the whole chain in one call', () => {
  test('release 2 is green and verified, with no credentials but the role', async () => {
    const { company, two, good } = await guarded()
    expect(two.ok).toBe(true)
    expect(changesOf(two, 'deploy')).toEqual([snapshot, ...shipping])
    expect(changesOf(two, 'rollback')).toEqual([])
    const commit = company.repository.commitOf(2)
    expect(good.doors).toEqual(good.doors.map(() => ({ status: 200, release: '2', commit })))
  }, 120_000)

  test('release 4 with consent given in advance: everything is back by itself', async () => {
    const { company, good, four, outside, lost } = await guarded()
    expect(four.ok).toBe(false)
    expect(stepOf(four, 'close').summary).toContain('rollback-report: done')
    expect(outside.doors).toEqual(good.doors)
    expect(standing(outside)).toEqual({ ...standing(good), instance: 'acme-production-rollback' })
    expect(outside.database.settings).toEqual(good.database.settings)
    expect(lost).toEqual([])
    const documents = await documentsOf(company)
    expect(documents[`${four.runId}/rollback-1`]).toMatchObject({
      profile: 'C',
      consent: 'automatic',
      state: 'closed',
      outcome: 'done',
    })
    expect(documents[`pins/${company.repository.commitOf(4)}`]).toBeDefined()
  }, 180_000)

  test('the old database is kept, untouched', async () => {
    const { company } = await guarded()
    const { DBInstances = [] } = await company.clients.rds.send(new DescribeDBInstancesCommand({}))
    const found = DBInstances.map((one) => [one.DBInstanceIdentifier, one.DBInstanceStatus])
    expect(found.toSorted()).toEqual([
      ['acme-production', 'available'],
      ['acme-production-rollback', 'available'],
    ])
  })
})

test('nothing was ever deleted, deregistered or hidden in the store', async () => {
  const calls = town.sandbox.calls.list({ mutating: true })
  const removing = calls.filter(({ operation }) =>
    /^(Delete|Deregister|Remove|Terminate)/.test(operation),
  )
  expect(removing).toEqual([])
  for (const one of [company, (await guarded()).company])
    expect((await allVersions(one)).deleted).toEqual([])
})

test('no secret is in any log, summary, output, file or document', async () => {
  const { company: other } = await guarded()
  for (const one of [company, other]) {
    const secrets = [
      ...(await connectionSecrets(one)),
      one.tokenKey,
      ...spelled(Object.values(canaries)),
    ]
    const { texts } = await allVersions(one)
    const places = [
      ...one.runs.map((told) => [`run ${told.runId}`, everythingSaid(told)]),
      ...texts.map(({ key, text }) => [key, text]),
    ]
    const leaks = places.filter(([, text]) => secrets.some((secret) => text?.includes(secret)))
    expect(leaks.map(([where]) => where)).toEqual([])
  }
  expect(other.runs[0]?.log).toContain('deployed with ***')
})
