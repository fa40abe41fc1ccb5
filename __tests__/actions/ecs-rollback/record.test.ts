import { afterEach, describe, expect, test } from '@jest/globals'
import { LeaseLost } from '#core'
import { changeRecord, type Record } from '#store'
import { recordId as id, keptJournal, openRecord, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

describe('with a record', () => {
  test('the destination is the one of the record, verified or not', async () => {
    at = await scene()
    const point = await at.takePoint((one) => ({
      ...one,
      verified: { is: false, why: 'nobody looked', held: false },
    }))
    await at.deployBad()
    const verified = { by: 'point', to: 'last-verified' } as const
    expect((await at.run({ destination: verified })).outcome).toBe('refused')
    await openRecord(at, point.id)
    const result = await at.run({ record: id, destination: undefined })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(result.lines).toContain(`destination: ${point.id} is the destination of ${id}`)
  })

  test('a service that is not there does not keep the others on the bad release', async () => {
    at = await scene()
    const point = await at.takePoint()
    await at.deployBad()
    await openRecord(at, point.id)
    const services = ['web', 'gone']
    const result = await at.run({ record: id, destination: undefined, services })
    expect([result.outcome, await at.shows('web')]).toEqual(['done', 'web:1 2/2 COMPLETED'])
    expect(result.lines.join()).toContain('gone is left out: it does not exist')
  })

  test('whose destination is gone it is refused', async () => {
    at = await scene()
    await openRecord(at, 'production/1/before')
    const result = await at.run({ record: id, destination: undefined })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      `the destination of ${id}, production/1/before, is not in the store; nothing was changed`,
    ])
  })

  test('a dry run of start finds the counts that stop wrote into it', async () => {
    at = await scene()
    const point = await at.takePoint()
    await openRecord(at, point.id)
    await at.run({ mode: 'stop', record: id })
    await changeRecord(at.store, id, (record) => ({
      ...record,
      journal: at.entries as unknown as Record['journal'],
    }))
    const journal = { ...keptJournal(at), entries: () => [] }
    const result = await at.run({ mode: 'start', record: id, dryRun: true, journal })
    expect([result.outcome, result.headline]).toEqual([
      'planned',
      '1 of 1 services of prod would be started',
    ])
  })
})

describe('without the lease', () => {
  test.each(['rollback', 'stop', 'redeploy'] as const)('%s sends nothing', async (mode) => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    const before = await at.shows('web')
    const lost = async () => {
      throw new LeaseLost('the rollback of run 9')
    }
    const journal = { ...keptJournal(at), intend: lost }
    await expect(at.run({ mode, journal })).rejects.toThrow(LeaseLost)
    await at.clock.advance(60_000)
    expect([await at.shows('web'), await at.deployments('web')]).toEqual([before, 2])
  })

  test('that goes away while it waits, it stops waiting', async () => {
    at = await scene()
    await at.takePoint()
    await at.deployBad()
    const lost = async () => {
      throw new LeaseLost('the rollback of run 9')
    }
    await expect(at.run({ journal: { ...keptJournal(at), beat: lost } })).rejects.toThrow(LeaseLost)
  })
})
