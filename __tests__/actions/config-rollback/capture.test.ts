import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager'
import { describe, expect, test } from '@jest/globals'
import { type ConfigChoice, captureConfig } from '#config'
import { configState } from '#store'
import { testRun } from '../../support/run.ts'
import { canary, chosen, type Scene, scene } from './scene.ts'

const LABEL = 'rollback-production-before'

const capture = (at: Scene, choice: ConfigChoice) =>
  captureConfig(at.clients, choice)(testRun({ clock: at.clock }))

/** The value of the version with a label. */
async function labelled(at: Scene, name: string, label: string): Promise<string | undefined> {
  const all = await at.labels(name)
  return Object.keys(all).find((version) => all[version]?.includes(label))
}

describe('a restore point', () => {
  test('has ids and numbers, found without a value being asked for', async () => {
    const at = await scene()
    at.gateway.calls.clear()
    const { state, problems, warnings, rows } = await capture(at, chosen)
    expect([problems, warnings]).toEqual([[], []])
    expect(configState.parse(state)).toEqual(state)
    expect(state.secrets.map(({ name }) => name)).toEqual(chosen.secrets)
    expect(state.parameters.map(({ name, version, type }) => [name, version, type])).toEqual([
      ['/app/deep/list', 1, 'StringList'],
      ['/app/password', 1, 'SecureString'],
      ['/app/url', 1, 'String'],
      ['flag', 1, 'String'],
    ])
    expect(rows).toHaveLength(6)
    expect(JSON.stringify([state, rows])).not.toContain('canary')
    expect(at.gateway.calls.count()).toEqual({
      'secretsmanager:DescribeSecret': 2,
      'ssm:DescribeParameters': 2,
    })
  })

  test('counts what is not there yet as a warning, what is being deleted as a problem', async () => {
    const at = await scene()
    await at.clients.secrets.send(new DeleteSecretCommand({ SecretId: 'app/key' }))
    await at.clients.secrets.send(new CreateSecretCommand({ Name: 'app/empty' }))
    const found = await capture(at, {
      secrets: ['app/none', 'app/key', 'app/empty'],
      parameters: ['/none/', 'none'],
    })
    expect(found.warnings.map((one) => one.split(':').slice(0, 2).join(':'))).toEqual([
      'secret app/none: it does not exist',
      'secret app/empty: it has no value yet',
      'parameters /none/: there are none',
      'parameter none: it does not exist',
    ])
    expect(found.problems).toEqual([
      expect.stringContaining('app/key: it is scheduled for deletion'),
    ])
  })

  test.each(['secretsmanager:DescribeSecret', 'ssm:DescribeParameters'])(
    'without %s is a problem that names it',
    async (action) => {
      const at = await scene()
      const [service = '', operation = ''] = action.split(':')
      at.gateway.faults.add({ effect: 'denied', service, operation })
      const { problems } = await capture(at, chosen)
      expect(problems[0]).toContain(`grant ${action} to the role of this job`)
    },
  )

  test('of hundreds of parameters is read page by page', async () => {
    const at = await scene()
    for (let n = 0; n < 120; n++)
      await at.putParameter({ Name: `/many/${n}`, Value: 'x', Type: 'String' })
    const { state } = await capture(at, { parameters: ['/many/'] })
    expect(state.parameters).toHaveLength(120)
  })
})

describe('mode capture', () => {
  test('labels the versions that the point recorded, once, and moves the label at the next point', async () => {
    const at = await scene()
    const state = await at.takePoint()
    await at.deployBad()
    const first = await at.run({ mode: 'capture', environment: 'production' })
    expect(first.outcome).toBe('done')
    expect(await labelled(at, 'app/jwt', LABEL)).toBe(state.secrets[0]?.version)
    expect(at.entries.map(({ operation, on }) => [operation, on])).toEqual([
      ['keep-version', 'app/jwt'],
      ['keep-version', 'app/key'],
    ])
    expect((await at.run({ mode: 'capture', environment: 'production' })).outcome).toBe('unchanged')
    const next = await at.run({ mode: 'capture', environment: 'production', withoutStore: true })
    expect(next.outcome).toBe('done')
    const all = await at.labels('app/jwt')
    expect(Object.values(all).flat().sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS', LABEL])
  })

  test('keeps a version for which AWS would have no place any more', async () => {
    const at = await scene()
    const good = await at.secret('app/jwt')
    await at.takePoint()
    await at.run({ mode: 'capture', environment: 'production' })
    for (let n = 0; n < 130; n++) {
      await at.putSecret('app/jwt', canary(`bad-${n}`))
      await at.clock.advance(3_600_000)
    }
    const result = await at.run({ secrets: ['app/jwt'] })
    expect([result.outcome, await at.secret('app/jwt')]).toEqual(['done', good])
  })

  test('without the label such a version is gone, and the rollback says so', async () => {
    const at = await scene()
    await at.takePoint()
    for (let n = 0; n < 130; n++) {
      await at.putSecret('app/jwt', canary(`bad-${n}`))
      await at.clock.advance(3_600_000)
    }
    const result = await at.run({ secrets: ['app/jwt'] })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      '1 secret or parameter: 1 refused; app/jwt: the recorded version is gone: AWS purges versions without a label',
    ])
  })

  test('finds its label where it put it when the answer was lost', async () => {
    const at = await scene()
    at.gateway.faults.add({
      effect: 'applied-answer-lost',
      operation: 'UpdateSecretVersionStage',
    })
    expect((await at.run({ mode: 'capture', withoutStore: true })).outcome).toBe('done')
  })
})
