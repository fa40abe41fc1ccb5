import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { expectServing } from './expectations.ts'
import { type Company, foundTown, outcomeOf, type Town } from './town.ts'

/** The examples that no other story is told with: each is run as it is copied. */
const path = '.github/rollback.yml'
let town: Town
let company: Company

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('343434343434', { everything: true })
}, 120_000)

afterAll(() => town?.close(), 60_000)

test('ecs-api.yml marks a good release verified', async () => {
  const told = await company.ship(2, [], { workflow: 'ecs-api.yml' })
  expect(told).toMatchObject({ ok: true, jobs: { deploy: 'success', rollback: 'success' } })
}, 120_000)

test('workers.yml takes a bad release back', async () => {
  const told = await company.ship(3, [2], { workflow: 'workers.yml' })
  expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
  expect(outcomeOf(told, 'close')).toBe('done')
  await expectServing(company, '2', company.repository.commitOf(2))
}, 120_000)

describe('environments.yml', () => {
  beforeAll(async () => {
    const { environments, ...rest } = parse(company.repository.read(path))
    const both = { staging: environments.production, production: environments.production }
    const text = stringify({ ...rest, environments: both }, { aliasDuplicateObjects: false })
    await company.repository.commit('Two environments', { [path]: text })
  })

  test('stops a bad release at staging', async () => {
    const told = await company.ship(3, [2], { workflow: 'environments.yml' })
    expect(told.ok).toBe(false)
    expect(told.log).toMatch(/staging\/\d+\.rollback-1\/after: verified/)
    expect(told.log).not.toMatch(/production\/\d+\/before/)
  }, 120_000)

  test('brings a good one to staging, then to production', async () => {
    await company.repository.release(2)
    const told = await company.deploy({ workflow: 'environments.yml' })
    expect(told.ok).toBe(true)
    const verified = [...told.log.matchAll(/(\w+)\/\d+\/after: verified/g)].map(([, name]) => name)
    expect(verified).toEqual(['staging', 'production'])
  }, 180_000)
})
