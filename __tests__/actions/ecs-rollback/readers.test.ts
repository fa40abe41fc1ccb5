import { afterEach, describe, expect, test } from '@jest/globals'
import { iso, type Result } from '#core'
import { changeRecord } from '#store'
import { MINUTE, openRecord, recordId, type Scene, scene } from './scene.ts'

let at: Scene
afterEach(() => at.close())

/** A bad release of `web` beside `api` and `worker`, which it left as they were, with the record of its rollback. */
async function broken(): Promise<Scene> {
  const opened = await scene({ names: ['web', 'api', 'worker'] })
  const point = await opened.takePoint()
  opened.push('web:v2')
  await opened.update('web', { taskDefinition: await opened.register('web', 'web:v2') })
  await opened.clock.advance(10 * MINUTE)
  await openRecord(opened, point.id)
  return opened
}

/** What config-rollback leaves behind: its entries, and how it ended. */
async function putConfigBack(of: Scene): Promise<void> {
  const detail = { from: 'v2', to: 'v1' }
  const entry = { component: 'config', operation: 'set-current', on: 'app/jwt', detail }
  of.entries.push({ ...entry, at: iso(of.clock.now()), run: '1' })
  await of.clock.advance(MINUTE)
  const ended = { outcome: 'done', headline: 'put back', run: '1' } as const
  await changeRecord(of.store, recordId, (record) => ({
    ...record,
    parts: { 'config-rollback rollback': { ...ended, at: iso(of.clock.now()) } },
  }))
}

const readers = (
  given: { readonly services?: readonly string[]; readonly dryRun?: boolean } = {},
) =>
  at.run({
    mode: 'redeploy',
    record: recordId,
    destination: undefined,
    services: ['web', 'api', 'worker'],
    ...given,
  })
const rollback = () => at.run({ record: recordId, destination: undefined })
const counts = async () => Promise.all(['web', 'api', 'worker'].map((name) => at.deployments(name)))
const ends = ({ outcome, outputs }: Result) => [
  outcome,
  outputs?.['services-rolled-back'],
  outputs?.['services-unchanged'],
]

describe('redeploy of the readers after the rollback of the code', () => {
  test('deploys each reader that still has the values from before, and each once', async () => {
    at = await broken()
    await putConfigBack(at)
    expect((await rollback()).outcome).toBe('done')
    expect(await counts()).toEqual([3, 1, 1])
    expect(ends(await readers())).toEqual(['done', 'api,worker', 'web'])
    expect(await counts()).toEqual([3, 2, 2])
    expect(ends(await readers())).toEqual(['unchanged', '', 'web,api,worker'])
    expect(await counts()).toEqual([3, 2, 2])
  })

  test('leaves what the record stopped, and start brings it back with the new values', async () => {
    at = await broken()
    await at.run({
      mode: 'stop',
      record: recordId,
      destination: undefined,
      services: ['web', 'api'],
    })
    await putConfigBack(at)
    await rollback()
    const result = await readers()
    expect(ends(result)).toEqual(['done', 'worker', 'web,api'])
    expect(JSON.stringify(result.sections)).toContain('mode start brings them back')
    expect(await at.shows('api')).toBe('api:1 0/0 COMPLETED')
    const start = { mode: 'start', record: recordId, destination: undefined } as const
    expect((await at.run({ ...start, services: ['web', 'api'] })).outcome).toBe('done')
  })

  test('watches a rollback of the code that was not over in time', async () => {
    at = await broken()
    await putConfigBack(at)
    const { outcome } = await at.run({
      record: recordId,
      destination: undefined,
      timeout: 20_000,
    })
    expect(outcome).toBe('inconclusive')
    expect(ends(await readers({ services: ['web'] }))).toEqual(['done', 'web', ''])
    expect(await at.deployments('web')).toBe(3)
  })

  test('leaves what somebody deployed after the configuration was put back', async () => {
    at = await broken()
    await putConfigBack(at)
    await at.clock.advance(2000)
    at.push('api:v2')
    await at.update('api', { taskDefinition: await at.register('api', 'api:v2') })
    await at.clock.advance(10 * MINUTE)
    expect(ends(await readers({ services: ['api'] }))).toEqual(['unchanged', '', 'api'])
    expect(await at.shows('api')).toBe('api:2 2/2 COMPLETED')
  })

  test('in a dry run says which would be deployed', async () => {
    at = await broken()
    await putConfigBack(at)
    await rollback()
    await changeRecord(at.store, recordId, (record) => ({
      ...record,
      journal: at.entries.map((entry) => ({ ...entry })) as typeof record.journal,
    }))
    const result = await readers({ dryRun: true })
    expect([result.outcome, result.headline]).toEqual([
      'planned',
      '2 of 3 services of prod would be deployed anew',
    ])
    expect(await counts()).toEqual([3, 1, 1])
  })

  test('of a service without a task, without a record, is refused', async () => {
    at = await broken()
    await at.run({ mode: 'stop', services: ['web'] })
    expect((await at.run({ mode: 'redeploy', services: ['web', 'api'] })).outcome).toBe('refused')
  })
})
