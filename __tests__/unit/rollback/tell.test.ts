import { describe, expect, test } from '@jest/globals'
import { connect, described } from '#github'
import { type Between, tellClosed, tellOpened } from '#rollback'
import { changeRecord, createDocument, keys, type Record, readRecord } from '#store'
import type { Fault, Permissions } from '../../../packages/sandbox/index.ts'
import { hub, SHOP } from '../../sandbox/github/hub.ts'
import { testRun } from '../../support/run.ts'
import { pointOf, put, testStore } from '../../support/store.ts'

const id = 'production/70/rollback-1'
const page = `https://github.com/${SHOP}/actions/runs/71`

/** A production in which run 70 deployed a bad commit, and whose rollback has a record. */
async function world(
  given: {
    readonly permissions?: Permissions
    readonly faults?: readonly Fault[]
    readonly runs?: string | undefined
    readonly reason?: string
  } = {},
) {
  const { github, shop, client, at } = hub()
  const good = shop.commit()
  const bad = shop.commit()
  const store = await testStore()
  await put(
    store,
    pointOf(store, 'production/70/before', { ...(!('runs' in given) && { runs: good }) }),
  )
  const { permissions = { deployments: 'write' }, faults = [], reason = '5xx' } = given
  const token = github.token(SHOP, permissions)
  const client2 = connect({ token, repository: SHOP, url: github.url, fetch: github.fetch })
  const between: Between = { store, hub: { github: client2, environment: 'production' } }
  const record: Record = {
    ...{ kind: 'record', version: 1, environment: 'production', account: store.account },
    ...{ region: store.region, id, repository: SHOP, undone: 'production/70', from: bad },
    ...{ to: 'production/70/before', profile: 'A', planId: 'p', consent: 'not-needed', reason },
    ...{ actor: 'ada', trigger: 'verdict', state: 'open', openedAt: '2026-11-22T03:00:00Z' },
    ...{ runs: [], journal: [], parts: {} },
  }
  await createDocument(store, keys.document(id), record)
  /** What GitHub itself records for a job with an environment. */
  const deployed = async (run: string, environment = 'production') => {
    const { data } = await client.rest.repos.createDeployment({
      ...{ ...at, ref: bad, environment, auto_merge: false, required_contexts: [] },
    })
    const deployment_id = 'id' in data ? Number(data.id) : 0
    const log_url = `https://github.com/${SHOP}/actions/runs/${run}/job/9`
    await client.rest.repos.createDeploymentStatus({
      ...{ ...at, deployment_id, state: 'success', log_url },
    })
    return deployment_id
  }
  github.faults.set([])
  const list = async () => (await client.rest.repos.listDeployments(at)).data
  const statuses = async (deployment_id: number) =>
    (await client.rest.repos.listDeploymentStatuses({ ...at, deployment_id })).data.map(
      ({ state, description, log_url }) => ({ state, description, log_url }),
    )
  const run = testRun({ identity: { runId: '71', runUrl: page } })
  const told = async () => (await readRecord(store, id))?.told
  const closed = (outcome: Record['outcome']) =>
    changeRecord(store, id, (current) => ({
      ...current,
      ...{ state: 'closed', outcome, closedWhy: '3 checks were good' },
    }))
  const faulty = () => github.faults.set(faults)
  return { between, run, deployed, list, statuses, told, closed, faulty, good, bad, store }
}

describe('an opened rollback', () => {
  test('marks the deployment of the undone run as failed, and no other one of the same commit', async () => {
    const at = await world()
    const other = await at.deployed('7')
    const elsewhere = await at.deployed('70', 'staging')
    const bad = await at.deployed('70')
    await tellOpened(at.run, at.between, id)
    expect((await at.statuses(bad))[0]).toEqual({
      state: 'failure',
      description: `rolled back (${id}): 5xx`,
      log_url: page,
    })
    for (const one of [other, elsewhere])
      expect((await at.statuses(one)).map(({ state }) => state)).toEqual(['success'])
  })

  test('is shown as a deployment of the commit that goes back live', async () => {
    const at = await world()
    const bad = await at.deployed('70')
    await tellOpened(at.run, at.between, id)
    const [made] = await at.list()
    expect(made).toMatchObject({
      ...{ ref: at.good, sha: at.good, task: 'rollback', environment: 'production' },
      production_environment: true,
      payload: { record: id, undone: 'production/70', to: 'production/70/before' },
    })
    expect(await at.statuses(Number(made?.id))).toEqual([
      {
        state: 'in_progress',
        description: 'goes back to production/70/before: 5xx',
        log_url: page,
      },
    ])
    expect(await at.told()).toEqual({ deployment: made?.id, failed: bad })
  })

  test.each<[string, boolean]>([
    ['its numbers are in the record', true],
    ['the run that made it was killed before it wrote them down', false],
  ])('that is resumed goes on with its deployment: %s', async (_name, known) => {
    const at = await world()
    const bad = await at.deployed('70')
    await tellOpened(at.run, at.between, id)
    if (!known) await changeRecord(at.store, id, ({ told: _told, ...record }) => record as Record)
    await tellOpened(at.run, at.between, id)
    const made = (await at.list()).filter(({ task }) => task === 'rollback')
    expect(made).toHaveLength(1)
    expect((await at.statuses(Number(made[0]?.id))).map(({ state }) => state)).toEqual([
      'in_progress',
      'in_progress',
    ])
    expect(await at.told()).toEqual({ deployment: made[0]?.id, failed: bad })
  })

  test('of which the commit is not known makes no deployment, and says so', async () => {
    const at = await world({ runs: undefined })
    const bad = await at.deployed('70')
    await tellOpened(at.run, at.between, id)
    expect(await at.list()).toHaveLength(1)
    expect(await at.told()).toEqual({ failed: bad })
    expect(at.run.lines.join('\n')).toContain('the commit of production/70/before is not known')
  })

  test('of a deployment that GitHub does not know is shown all the same', async () => {
    const at = await world()
    await tellOpened(at.run, at.between, id)
    expect((await at.list()).map(({ task }) => task)).toEqual(['rollback'])
    expect(at.run.lines.join('\n')).toContain('GitHub has no deployment of')
  })

  test('has descriptions that GitHub takes, whatever the reason is', async () => {
    const at = await world({ reason: `🔥${'é🙂'.repeat(400)}\n::error::x` })
    const bad = await at.deployed('70')
    await tellOpened(at.run, at.between, id)
    const texts = [bad, Number((await at.told())?.deployment)].map(at.statuses)
    const described = (await Promise.all(texts)).map(([status]) => status?.description ?? '')
    for (const text of described)
      expect([text.length <= 140, text.endsWith('…')]).toEqual([true, true])
  })
})

describe('an ended rollback', () => {
  test.each<[Record['outcome'], string]>([
    ['done', 'success'],
    ['unhealthy', 'failure'],
    ['partial', 'failure'],
    ['failed', 'error'],
  ])('%s is %s', async (outcome, state) => {
    const at = await world()
    await tellOpened(at.run, at.between, id)
    await at.closed(outcome)
    await tellClosed(at.run, at.between, id)
    const [status] = await at.statuses(Number((await at.told())?.deployment))
    expect(status).toEqual({
      state,
      description: `${outcome}: 3 checks were good`,
      log_url: page,
    })
  })

  test('that stays open is no success', async () => {
    const at = await world()
    await tellOpened(at.run, at.between, id)
    await tellClosed(at.run, at.between, id)
    const [status] = await at.statuses(Number((await at.told())?.deployment))
    expect(status?.state).toBe('failure')
  })
})

describe('GitHub that does not do it', () => {
  test.each<[string, Parameters<typeof world>[0]]>([
    ['lacks the permission', { permissions: { deployments: 'read' } }],
    ['may not even look', { permissions: { contents: 'read' } }],
    ['answers 500', { faults: [{ effect: 'error500' }] }],
    ['answers 403 for a while', { faults: [{ effect: 'throttle' }] }],
    ['does not answer', { faults: [{ effect: 'reset' }] }],
    ['fails in the middle', { faults: [{ effect: 'error500', mutating: true, from: 2 }] }],
    ['refuses the token', { faults: [{ effect: 'expired' }] }],
  ])('%s: one warning that says what to do, and nothing else', async (_name, given) => {
    const at = await world(given)
    await at.deployed('70')
    at.faulty()
    await tellOpened(at.run, at.between, id)
    await tellClosed(at.run, at.between, id)
    const warnings = at.run.lines.filter((line) => line.startsWith('warning'))
    expect(warnings.length).toBeGreaterThan(0)
    expect(warnings.length).toBeLessThanOrEqual(2)
    for (const line of warnings)
      expect(line).toMatch(/GitHub shows nothing, or not all.*nothing else is changed by that/)
  })

  test('without a token nothing is asked', async () => {
    const { between, run, list } = await world()
    const none = { ...between, hub: { ...between.hub, github: undefined } }
    await tellOpened(run, none, id)
    await tellClosed(run, none, id)
    expect(await list()).toEqual([])
    expect(run.lines).toEqual(['GitHub is told nothing of this rollback: no token'])
  })
})

test.each([
  ['short', 'short'],
  ['two\nlines', 'two lines'],
  ['x'.repeat(140), 'x'.repeat(140)],
  ['x'.repeat(141), `${'x'.repeat(139)}…`],
  ['🙂'.repeat(71), `${'🙂'.repeat(69)}…`],
])('a description of %# fits', (text, fits) => {
  expect(described(text)).toBe(fits)
})
