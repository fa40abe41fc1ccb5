import { describe, expect, test } from '@jest/globals'
import { hub, refused } from './hub.ts'

type Hub = ReturnType<typeof hub>
type Wanted = Partial<Parameters<Hub['client']['rest']['repos']['createDeployment']>[0]>

/** A deployment of main that was made. */
async function deploy({ client, at }: Hub, wanted: Wanted = {}) {
  const { data } = await client.rest.repos.createDeployment({ ...at, ref: 'main', ...wanted })
  if (!('id' in data)) throw new Error('merged instead of deployed')
  return data
}

type State = 'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success'

const say = ({ client, at }: Hub, deployment_id: number, state: State, more: object = {}) =>
  client.rest.repos.createDeploymentStatus({ ...at, deployment_id, state, ...more })

const statesOf = async ({ client, at }: Hub, deployment_id: number) => {
  const { data } = await client.rest.repos.listDeploymentStatuses({ ...at, deployment_id })
  return data.map(({ state }) => state)
}

describe('auto_inactive', () => {
  const rows: [string, Wanted, State, object, readonly State[]][] = [
    [
      'a success elsewhere replaces',
      { environment: 'staging' },
      'success',
      {},
      ['inactive', 'success'],
    ],
    [
      'a failure elsewhere does not replace',
      { environment: 'staging' },
      'failure',
      {},
      ['success'],
    ],
    [
      'auto_inactive: false does not replace',
      { environment: 'staging' },
      'success',
      { auto_inactive: false },
      ['success'],
    ],
    ['a success does not replace in', { environment: 'production' }, 'success', {}, ['success']],
    [
      'production_environment: false makes replaceable',
      { environment: 'production', production_environment: false },
      'success',
      {},
      ['inactive', 'success'],
    ],
    [
      'a success does not replace in the production called live',
      { environment: 'live', production_environment: true },
      'success',
      {},
      ['success'],
    ],
    [
      'a success does not replace in a transient',
      { environment: 'pr-1', transient_environment: true },
      'success',
      {},
      ['success'],
    ],
  ]
  test.each(rows)('%s the older deployment', async (_what, wanted, state, more, left) => {
    const world = hub()
    const older = await deploy(world, wanted)
    await say(world, older.id, 'success')
    const newer = await deploy(world, wanted)
    await say(world, newer.id, state, more)
    expect(await statesOf(world, older.id)).toEqual(left)
    expect(await statesOf(world, newer.id)).toEqual([state])
  })

  test('leaves what had no success and what is elsewhere', async () => {
    const world = hub()
    const [failed, elsewhere] = [
      await deploy(world, { environment: 'staging' }),
      await deploy(world, { environment: 'qa' }),
    ]
    await say(world, failed.id, 'failure')
    await say(world, elsewhere.id, 'success')
    await say(world, (await deploy(world, { environment: 'staging' })).id, 'success')
    expect(await statesOf(world, failed.id)).toEqual(['failure'])
    expect(await statesOf(world, elsewhere.id)).toEqual(['success'])
  })
})

describe('a rollback told to GitHub', () => {
  test('marks the bad one, and makes a new one for what is back', async () => {
    const world = hub()
    const { client, at, shop } = world
    const good = (await deploy(world)).sha
    shop.commit({ message: 'Break it' })
    const bad = await deploy(world)
    await say(world, bad.id, 'failure', { log_url: 'https://github.com/acme/shop/actions/runs/7' })
    const back = await deploy(world, {
      ref: good,
      task: 'rollback',
      payload: { record: 'production/1/rollback-1' },
      auto_merge: false,
      required_contexts: [],
    })
    await say(world, back.id, 'success', { environment_url: 'https://shop.example' })
    const { data } = await client.rest.repos.listDeployments({ ...at, environment: 'production' })
    expect(data.map(({ task, sha }) => [task, sha])).toEqual([
      ['rollback', good],
      ['deploy', bad.sha],
      ['deploy', good],
    ])
    const { data: filtered } = await client.rest.repos.listDeployments({ ...at, task: 'rollback' })
    expect(filtered[0]?.payload).toEqual({ record: 'production/1/rollback-1' })
    const { data: statuses } = await client.rest.repos.listDeploymentStatuses({
      ...at,
      deployment_id: bad.id,
    })
    expect(statuses[0]).toMatchObject({
      state: 'failure',
      log_url: 'https://github.com/acme/shop/actions/runs/7',
      target_url: 'https://github.com/acme/shop/actions/runs/7',
      creator: { login: 'github-actions[bot]' },
    })
  })

  test('a status may move its deployment to another environment', async () => {
    const world = hub()
    const one = await deploy(world, { environment: 'canary' })
    await say(world, one.id, 'success', { environment: 'production' })
    const { data } = await world.client.rest.repos.getDeployment({
      ...world.at,
      deployment_id: one.id,
    })
    expect([data.environment, data.original_environment]).toEqual(['production', 'canary'])
    const { data: known } = await world.client.rest.repos.getAllEnvironments(world.at)
    expect(known.environments?.map(({ name }) => name)).toEqual(['canary', 'production'])
  })
})

describe('what a deployment is refused for', () => {
  test('a ref that is not there', async () => {
    const { status, message } = await refused(deploy(hub(), { ref: 'gone' }))
    expect([status, message]).toEqual([422, 'No ref found for: gone'])
  })

  test('a commit status that is not good, unless no context is required', async () => {
    const world = hub()
    const { client, at, shop } = world
    const sha = shop.commit()
    await client.rest.repos.createCommitStatus({ ...at, sha, state: 'failure', context: 'build' })
    const { status, message, errors } = await refused(deploy(world))
    expect([status, message]).toEqual([409, 'Conflict: Commit status checks failed for main.'])
    expect(errors).toEqual([
      {
        contexts: [{ context: 'build', state: 'failure' }],
        resource: 'Deployment',
        field: 'required_contexts',
        code: 'invalid',
      },
    ])
    expect((await deploy(world, { required_contexts: [] })).sha).toBe(sha)
    await client.rest.repos.createCommitStatus({ ...at, sha, state: 'success', context: 'build' })
    expect((await deploy(world)).sha).toBe(sha)
    expect((await refused(deploy(world, { required_contexts: ['lint'] }))).status).toBe(409)
  })

  test('a branch behind the default branch is merged instead, unless told not to', async () => {
    const world = hub()
    const { client, at, shop } = world
    const old = shop.commit({ branch: 'release' })
    const main = shop.commit()
    const behind = await deploy(world, { ref: 'release', auto_merge: false })
    expect(behind.sha).toBe(old)
    const answer = await client.rest.repos.createDeployment({ ...at, ref: 'release' })
    expect([answer.status, answer.data]).toEqual([
      202,
      { message: 'Auto-merged main into release on deployment.' },
    ])
    const merged = await deploy(world, { ref: 'release' })
    expect(shop.contains(merged.sha, main)).toBe(true)
  })

  const statuses: [string, object, string][] = [
    [
      'a description of 141 characters',
      { description: 'x'.repeat(141) },
      'description is too long (maximum is 140 characters)',
    ],
    [
      'an address that is not one for a browser',
      { environment_url: 'javascript:alert(1)' },
      'environment_url must use http(s) scheme',
    ],
  ]
  test.each(statuses)('a status with %s', async (_what, more, message) => {
    const world = hub()
    const { id } = await deploy(world)
    const { status, errors } = await refused(say(world, id, 'success', more))
    expect([status, errors]).toEqual([422, [expect.objectContaining({ message, code: 'custom' })]])
    expect(await statesOf(world, id)).toEqual([])
  })

  test('deletion while it is active beside others', async () => {
    const world = hub()
    const { client, at } = world
    const first = await deploy(world)
    await say(world, first.id, 'success')
    const second = await deploy(world)
    const remove = (deployment_id: number) =>
      client.rest.repos.deleteDeployment({ ...at, deployment_id })
    const { status, errors } = await refused(remove(first.id))
    expect([status, errors]).toEqual([
      422,
      [expect.stringContaining('We cannot delete an active deployment')],
    ])
    await say(world, first.id, 'inactive')
    await remove(first.id)
    await remove(second.id)
    expect((await client.rest.repos.listDeployments(at)).data).toEqual([])
  })
})
