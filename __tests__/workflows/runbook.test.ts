import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Outside, tokenSecret } from '../../packages/sandbox/sample/index.ts'
import { documentsOf } from './documents.ts'
import { expectServing } from './expectations.ts'
import {
  type Company,
  findStep,
  foundTown,
  outcomeOf,
  stepOf,
  type Told,
  type Town,
} from './town.ts'
import { expectBack, expectVisited, kindsOf } from './whole.ts'

/** The scenarios of a real runbook, on a company with a front end and configuration, by the workflow files that people copy. */
let town: Town
let company: Company
let good: Outside

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('333333333333', {
    everything: true,
    environment: { 'automatic-rollbacks-per-day': 9 },
  })
  const told = await company.ship(2)
  expect(told).toMatchObject({ ok: true, jobs: { deploy: 'success', rollback: 'success' } })
  good = await expectServing(company, '2', company.repository.commitOf(2))
}, 150_000)

afterAll(() => town?.close(), 60_000)

/** A release went back by itself to release 2, with every component as it was. */
async function expectWentBack(told: Told, profile: string): Promise<void> {
  expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
  expect(outcomeOf(told, 'close')).toBe('done')
  const record = (await documentsOf(company))[`${told.runId}/rollback-1`]
  expect(record).toMatchObject({ profile, state: 'closed', outcome: 'done' })
  expectBack(await expectServing(company, '2', company.repository.commitOf(2)), good)
  await expectVisited(company, '2')
}

test('the restore point knows versions of secrets, parameters and objects, and keeps them', async () => {
  const documents = await documentsOf(company)
  const points = Object.entries(documents).filter(([key]) => /\/(before|after)$/.test(key))
  expect(points.map(([key]) => key.replace(/^\d+/, 'run'))).toEqual(['run/after', 'run/before'])
  for (const [, point] of points) {
    expect(point.components.config.secrets).toEqual([
      { name: tokenSecret, version: good.configuration?.[tokenSecret]?.version },
    ])
    expect(point.components.site.manifest.objects).toBeGreaterThan(4)
  }
})

test('a bad deploy with 5xx: the code goes back, front end and configuration stay as they were', async () => {
  const told = await company.ship(3, [2])
  await expectWentBack(told, 'A')
  expect(findStep(told, 'config')).toBeUndefined()
  expect(kindsOf(told)).toEqual(['site', 'code'])
}, 90_000)

test('a broken front end: it goes back first, and visitors meet the whole page again', async () => {
  const told = await company.ship(7, [2])
  await expectWentBack(told, 'A')
  expect(kindsOf(told)).toEqual(['site', 'code'])
  expect(stepOf(told, 'health').summary).toContain('assets')
}, 90_000)

test('a wrong configuration: secret and parameter go back before the code that reads them, without a value being shown', async () => {
  const told = await company.ship(5, [2])
  await expectWentBack(told, 'A')
  expect(kindsOf(told)).toEqual(['site', 'config', 'code'])
  expect(told.changes.rollback.filter((one) => one.startsWith('ecs:'))).toHaveLength(3)
}, 90_000)

test('a compromised secret: nothing is rolled back, and the way forward is printed', async () => {
  const before = await documentsOf(company)
  const told = await company.press({ environment: 'production', compromised: tokenSecret })
  expect(told).toMatchObject({ ok: false, jobs: { compromised: 'failure' } })
  expect(told.jobs.rollback).not.toBe('success')
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
  const { outputs, summary } = stepOf(told, 'Rotate forward')
  expect(outputs).toMatchObject({ outcome: 'refused', readers: 'api-gateway' })
  for (const step of [/put-secret-value/, /redeploy/, /revoke the old value/, /cloudtrail/])
    expect(summary).toMatch(step)
  expect(await documentsOf(company)).toEqual(before)
}, 60_000)
