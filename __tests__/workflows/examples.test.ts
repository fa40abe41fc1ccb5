import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import type { Outside } from '../../packages/sandbox/sample/index.ts'
import { expectServing } from './expectations.ts'
import { brings, regions, runsIn, settleRegions } from './regions.ts'
import { type Company, foundTown, outcomeOf, type Told, type Town } from './town.ts'
import { expectBack } from './whole.ts'

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

describe('api-and-front-end.yml', () => {
  const twist = {
    workflow: 'api-and-front-end.yml',
    secrets: { DEPLOY_ENV: 'DEPLOY_TOKEN=not-asked-for' },
  } as const
  let good: Outside

  test('marks a good release verified', async () => {
    await company.repository.release(2)
    expect(await company.deploy(twist)).toMatchObject({ ok: true })
    good = await company.look()
  }, 90_000)

  test('takes back a release whose page lacks a file', async () => {
    const told = await company.ship(7, [2], twist)
    expect(told.ok).toBe(false)
    expect(outcomeOf(told, 'close')).toBe('done')
    expectBack(await company.look(), good)
  }, 90_000)
})

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

describe('regions.yml', () => {
  const verified = ({ log }: Told) =>
    [...log.matchAll(/production-([\w-]+)\/\d+\/after: verified/g)].map(([, name]) => name)
  const run = () => Promise.all(regions.map((region) => runsIn(town, company, region)))

  beforeAll(() => settleRegions(town, company), 60_000)

  test('brings a good release to the first region, then to the others', async () => {
    await brings(company, 'edge:2')
    const told = await company.deploy({ workflow: 'regions.yml' })
    expect(told.ok).toBe(true)
    const [first, ...others] = verified(told)
    expect([first, others.toSorted()]).toEqual(['us-east-1', ['ap-southeast-2', 'eu-west-1']])
    expect(await run()).toEqual(regions.map(() => 'edge:2 1/1'))
  }, 120_000)

  test('takes a release back in the one region in which it is bad', async () => {
    await brings(company, 'edge:1', { 'eu-west-1': 'edge:bad' })
    const told = await company.deploy({ workflow: 'regions.yml' })
    expect(told.ok).toBe(false)
    expect(verified(told).toSorted()).toEqual(['ap-southeast-2', 'us-east-1'])
    expect(told.log).toMatch(/production-eu-west-1\/\d+\.rollback-1\/after: verified/)
    expect(await run()).toEqual(['edge:3 1/1', 'edge:2 1/1', 'edge:3 1/1'])
  }, 120_000)
})
