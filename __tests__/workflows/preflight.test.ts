import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { expectServing } from './expectations.ts'
import {
  begins,
  type Company,
  changesOf,
  findStep,
  foundTown,
  outcomeOf,
  stepOf,
  type Told,
  type Town,
} from './town.ts'

/** A team that copied the example, with the gate before data restores that it believes in (`consent-environment`). */
const file = '.github/workflows/deploy.yml'
let town: Town
let company: Company

const shop = () => {
  const repository = town.sandbox.github?.repository('acme/shop')
  if (!repository) throw new Error('This sandbox has no GitHub')
  return repository
}

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('787878787878', { preflight: true })
  const workflow = parse(company.repository.read(file))
  workflow.jobs.preflight.with['consent-environment'] = 'production-consent'
  await company.repository.commit('Name the gate', { [file]: stringify(workflow) })
}, 120_000)

afterAll(() => town?.close(), 60_000)

/** Nothing was deployed, and no restore point taken. */
function expectNotDeployed(told: Told): void {
  expect(findStep(told, 'restore-point')).toBeUndefined()
  expect(told.jobs.deploy).not.toBe('success')
  expect([...changesOf(told, 'deploy'), ...changesOf(told, 'rollback')]).toEqual([])
}

const look = 'Look whether a rollback would work'

test('a consent gate that is not there is refused before anything is deployed', async () => {
  const told = await company.ship(2)
  expect(told.ok).toBe(false)
  expect(stepOf(told, look).outputs.outcome).toBe('refused')
  expect(stepOf(told, look).summary).toContain('a consent gate that protects nothing')
  expectNotDeployed(told)
}, 180_000)

test('so is one without reviewers', async () => {
  shop().environment('production-consent')
  const told = await company.deploy()
  expect(stepOf(told, look).outputs.outcome).toBe('refused')
  expect(stepOf(told, look).summary).toContain('has no required reviewers')
  expectNotDeployed(told)
}, 180_000)

test('with reviewers the release is deployed and verified', async () => {
  shop().environment('production-consent', {
    reviewers: [{ type: 'User', name: 'pat' }],
    preventSelfReview: true,
  })
  const told = await company.deploy()
  expect(stepOf(told, look).outputs.outcome).toBe('done')
  expect(told).toMatchObject({ ok: true, jobs: { deploy: 'success', rollback: 'success' } })
  await expectServing(company, '2', company.repository.commitOf(2))
}, 180_000)

test('a re-run of everything lets the rollback job finish what it was killed in, and deploys nothing', async () => {
  const killed = await company.ship(3, [2], {
    onEvent: (event, run) => {
      if (begins(event, 'code')) run.kill()
    },
  })
  expect(killed.killed).toBe(true)
  const again = await company.rerun(killed)
  expect(stepOf(again, look).outputs.outcome).toBe('done')
  expect(stepOf(again, look).summary).toContain('restore-point will refuse this attempt')
  expect(again).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
  expect(outcomeOf(again, 'restore-point')).toBe('refused')
  expect(outcomeOf(again, 'close')).toBe('done')
  await expectServing(company, '2', company.repository.commitOf(2))
}, 240_000)
