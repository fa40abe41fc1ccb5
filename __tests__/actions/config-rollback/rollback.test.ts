import {
  CreateSecretCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import {
  DeleteParameterCommand,
  DescribeParametersCommand,
  LabelParameterVersionCommand,
} from '@aws-sdk/client-ssm'
import { describe, expect, test } from '@jest/globals'
import type { Written } from '#core'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { fakeClock, memoryJournal } from '../../support/run.ts'
import {
  canary,
  chosen,
  clientsOf,
  MINUTE,
  putRecord,
  type Scene,
  scene,
  type Transport,
} from './scene.ts'

/** The rows of the one table by name: `outcome: why`. */
function rowsOf({ sections = [] }: Awaited<ReturnType<Scene['run']>>): Record<string, string> {
  const table = sections.find(
    (one) => 'rows' in one && ['Configuration', 'Plan'].includes(one.title),
  )
  const rows = table && 'rows' in table ? table.rows : []
  return Object.fromEntries(
    rows.map(([name = '', , , outcome, why]) => [name, `${outcome}: ${why}`]),
  )
}

async function values(at: Scene): Promise<readonly string[]> {
  const names = ['/app/url', '/app/password', '/app/deep/list', 'flag']
  return [
    ...(await Promise.all(chosen.secrets.map(at.secret))),
    ...(await Promise.all(names.map(at.parameter))),
  ]
}

describe('a wrong configuration', () => {
  test('goes back to the versions of the restore point, and a second run finds nothing to do', async () => {
    const at = await scene()
    const good = await values(at)
    await at.takePoint()
    await at.deployBad()
    const first = await at.run()
    expect([first.outcome, await values(at)]).toEqual(['done', good])
    expect(first.outputs?.changed).toBe(
      'app/jwt,app/key,/app/deep/list,/app/password,/app/url,flag',
    )
    const calls = at.gateway.calls.list({ mutating: true }).length
    const second = await at.run()
    expect([second.outcome, await values(at)]).toEqual(['unchanged', good])
    expect(at.gateway.calls.list({ mutating: true })).toHaveLength(calls)
  })

  test('is only planned in a dry run', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    const bad = await values(at)
    const calls = at.gateway.calls.list({ mutating: true }).length
    const result = await at.run({ dryRun: true })
    expect([result.outcome, result.headline]).toEqual([
      'planned',
      '6 of 6 secrets and parameters would be put back: production/4711/before is verified: healthy',
    ])
    expect([await values(at), at.entries]).toEqual([bad, []])
    expect(at.gateway.calls.list({ mutating: true })).toHaveLength(calls)
  })

  test('shows names, versions and digests, and never a value; values of secrets are not even read', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    at.gateway.calls.clear()
    const planned = await at.run({ dryRun: true })
    const done = await at.run()
    const seen = JSON.stringify([planned, done, at.entries])
    expect(seen).not.toContain('canary')
    expect(seen).toMatch(/2 \([0-9a-f]{8}\) → 1 \([0-9a-f]{8}\)/)
    expect(at.gateway.calls.count()).not.toHaveProperty('secretsmanager:GetSecretValue')
    const digests = (text: string) => text.match(/\([0-9a-f]{8}\)/g) ?? []
    const [before, after] = [digests(JSON.stringify(planned)), digests(JSON.stringify(done))]
    expect(new Set([...before, ...after]).size).toBe(new Set(before).size + new Set(after).size)
  })

  test('goes back by versions that were named, without a store', async () => {
    const at = await scene()
    const good = await values(at)
    const captured = await at.run({ mode: 'capture', withoutStore: true })
    await at.deployBad()
    const versions = captured.outputs?.versions ?? ''
    expect(versions).not.toContain('canary')
    const result = await at.run({ versions, withoutStore: true })
    expect([result.outcome, await values(at)]).toEqual(['done', good])
  })

  test('is refused where there is no destination', async () => {
    const at = await scene()
    expect(await at.run()).toMatchObject({ outcome: 'refused', next: [expect.any(String)] })
    expect(await at.run({ withoutStore: true })).toMatchObject({ outcome: 'refused' })
  })
})

describe('secrets', () => {
  test('that rotated since stay as they are, and do not keep the others wrong', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.clients.secrets.send(new RotateSecretCommand({ SecretId: 'app/key' }))
    const rotated = await at.secret('app/key')
    const result = await at.run()
    expect(result.outcome).toBe('partial')
    expect(rowsOf(result)['app/key']).toBe(
      'refused: it was rotated since: what it gives access to has the new password',
    )
    expect([await at.secret('app/key'), await at.secret('app/jwt')]).toEqual([
      rotated,
      canary('good-app/jwt'),
    ])
  })

  test('that rotated before the restore point go back, and their next rotation works', async () => {
    const at = await scene()
    const rotate = () => at.clients.secrets.send(new RotateSecretCommand({ SecretId: 'app/key' }))
    await rotate()
    const good = await at.secret('app/key')
    await at.clock.advance(MINUTE)
    await at.takePoint()
    const bad = await at.putSecret('app/key', 'bad')
    const pending = Object.entries(await at.labels('app/key')).find(([, labels]) =>
      labels.includes('AWSPENDING'),
    )?.[0]
    await at.clients.secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId: 'app/key',
        VersionStage: 'AWSPENDING',
        MoveToVersionId: bad,
        ...(pending && { RemoveFromVersionId: pending }),
      }),
    )
    const result = await at.run({ secrets: ['app/key'] })
    expect([result.outcome, await at.secret('app/key')]).toEqual(['done', good])
    expect((await at.labels('app/key'))[bad]).not.toContain('AWSPENDING')
    await expect(rotate()).resolves.toBeDefined()
  })

  test('to which somebody gave another version after the rollback are left to them', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    await at.run()
    await at.putSecret('app/jwt', 'a fix')
    await at.putParameter({ Name: 'flag', Value: 'a fix', Overwrite: true })
    const result = await at.run()
    expect(result.outcome).toBe('superseded')
    expect([await at.secret('app/jwt'), await at.parameter('flag')]).toEqual(['a fix', 'a fix'])
  })

  test('that a restore cut over are left alone, also by a later rollback to an older point', async () => {
    const at = await scene()
    const create = { Name: 'app/database', SecretString: 'old' }
    await at.clients.secrets.send(new CreateSecretCommand(create))
    const secrets = ['app/database']
    const { outputs } = await at.run({ mode: 'capture', secrets, withoutStore: true })
    const versions = outputs?.versions ?? ''
    const to = await at.putSecret('app/database', 'new')
    const expected = 'unchanged: cut over: it leads to the restored database'
    const cutover = { component: 'rds', operation: 'cutover', on: 'app/database', run: '1' }
    const entry = { ...cutover, at: '2026-11-22T03:00:00Z', detail: { to } }
    const same = await at.run({ secrets, versions, journal: journalWith([entry]) })
    expect(rowsOf(same)['app/database']).toBe(expected)
    await putRecord(at.store, [entry])
    const later = await at.run({ secrets, versions, journal: journalWith([]) })
    expect(rowsOf(later)['app/database']).toBe(expected)
    await at.putSecret('app/database', 'bad, after the cutover')
    expect((await at.run({ secrets, versions })).outcome).toBe('done')
  })
})

const journalWith = (entries: readonly Written[]) => memoryJournal(fakeClock(), entries)

describe('parameters', () => {
  test('keep type, key, tier, pattern and policies, and lose what they did not have', async () => {
    const at = await scene()
    const policy =
      '[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}]'
    const rich = {
      Name: '/app/rich',
      Type: 'SecureString',
      KeyId: 'alias/ours',
      Tier: 'Advanced',
      AllowedPattern: '^[a-z]+$',
      Policies: policy,
      Description: 'rich',
    } as const
    await at.putParameter({ ...rich, Value: 'good' })
    await at.putParameter({ Name: '/app/plain', Type: 'String', Value: 'good' })
    await at.takePoint()
    await at.putParameter({ Name: '/app/rich', Value: '1', Overwrite: true, Policies: '[{}]' })
    await at.putParameter({
      ...rich,
      Name: '/app/plain',
      Type: 'String',
      Value: 'bad',
      Overwrite: true,
    })
    expect((await at.run()).outcome).toBe('done')
    const { Parameters = [] } = await at.clients.ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Path', Values: ['/app'] }] }),
    )
    const { Name, Type, KeyId, Tier, AllowedPattern, Policies, Description } =
      Parameters.find((one) => one.Name === '/app/rich') ?? {}
    const texts = `[${Policies?.map(({ PolicyText }) => PolicyText).join(',')}]`
    expect({ Name, Type, KeyId, Tier, AllowedPattern, Description, Policies: texts }).toEqual(rich)
    const plain = Parameters.find((one) => one.Name === '/app/plain')
    expect([plain?.AllowedPattern, plain?.Policies, plain?.Description, plain?.Tier]).toEqual([
      undefined,
      [],
      undefined,
      'Advanced',
    ])
  })

  test('with an equal value get no new version', async () => {
    const at = await scene()
    await at.takePoint()
    await at.putParameter({ Name: 'flag', Value: canary('good-flag'), Overwrite: true })
    const result = await at.run()
    expect([result.outcome, await at.versions('flag')]).toEqual(['unchanged', 2])
  })

  test('that are new stay, those that are gone or made anew are refused', async () => {
    const at = await scene()
    await at.takePoint()
    await at.clients.ssm.send(new DeleteParameterCommand({ Name: '/app/url' }))
    await at.clients.ssm.send(new DeleteParameterCommand({ Name: 'flag' }))
    await at.clock.advance(MINUTE)
    await at.putParameter({ Name: 'flag', Value: 'other', Type: 'String' })
    await at.putParameter({ Name: '/app/new', Value: 'x', Type: 'String' })
    const result = await at.run()
    expect(result.outcome).toBe('refused')
    expect(rowsOf(result)).toMatchObject({
      '/app/url': 'refused: it was deleted since, and its history with it',
      flag: 'refused: it was deleted and made anew since: its earlier versions are gone',
      '/app/new':
        'unchanged: the destination does not have this parameter (made since): it is left as it is',
    })
    expect(await at.parameter('flag')).toBe('other')
  })

  test('of which AWS may drop no version any more say which label is in the way', async () => {
    const at = await scene()
    const value = (n: number) => at.putParameter({ Name: 'flag', Value: `${n}`, Overwrite: true })
    await value(2)
    await at.takePoint()
    const label = { Name: 'flag', ParameterVersion: 1, Labels: ['first'] }
    await at.clients.ssm.send(new LabelParameterVersionCommand(label))
    for (let n = 3; n <= 100; n++) await value(n)
    const result = await at.run()
    expect(rowsOf(result).flag).toBe(
      'failed: ssm:PutParameter: ParameterMaxVersionLimitExceeded: it has 100 versions, and the oldest (1) carries a label, so AWS drops none',
    )
    expect(result.next).toContain(
      'aws ssm unlabel-parameter-version --name flag --parameter-version 1 --labels first, then run again',
    )
  })

  test('that AWS refuses while quoting the value are reported without it', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    const handler = inProcessHandler(at.gateway)
    const result = await at.run({ clients: clientsOf(quoting(handler, 'PutParameter')) })
    expect(result.outcome).toBe('partial')
    expect(JSON.stringify(result)).not.toContain('canary')
    expect(rowsOf(result).flag).toBe('failed: ssm:PutParameter: ValidationException')
  })

  test('written by somebody between the look and the write are told', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    const inner = inProcessHandler(at.gateway)
    const between = interrupted(inner, 'PutParameter', '"flag"', () =>
      at.putParameter({ Name: 'flag', Value: 'theirs', Overwrite: true }),
    )
    const result = await at.run({ clients: clientsOf(between) })
    expect([result.outcome, await at.parameter('flag')]).toEqual(['partial', canary('good-flag')])
    expect(rowsOf(result).flag).toMatch(/^partial: .*somebody wrote version 3 after version 2/)
    expect(result.next?.join()).toContain('get-parameter-history --name flag')
  })

  test('written by somebody while the others went back are not written over', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    const inner = inProcessHandler(at.gateway)
    const meanwhile = interrupted(inner, 'PutParameter', '/app/url', () =>
      at.putParameter({ Name: 'flag', Value: 'theirs', Overwrite: true }),
    )
    const result = await at.run({ clients: clientsOf(meanwhile) })
    expect([result.outcome, await at.parameter('flag')]).toEqual(['superseded', 'theirs'])
  })
})

const bodyOf = ({ body }: Parameters<Transport['handle']>[0]) =>
  new TextDecoder().decode(body as Uint8Array)

const isCall = (request: Parameters<Transport['handle']>[0], operation: string, text = '') =>
  (request.headers['x-amz-target'] ?? '').endsWith(`.${operation}`) &&
  bodyOf(request).includes(text)

/** Answers an operation with a refusal that quotes its input, as AWS's validation does. */
function quoting(inner: Transport, operation: string): Transport {
  return {
    handle: async (request) => {
      if (!isCall(request, operation)) return inner.handle(request)
      const body = JSON.stringify({ __type: 'ValidationException', message: bodyOf(request) })
      const headers = { 'content-type': 'application/x-amz-json-1.1' }
      const { Readable } = await import('node:stream')
      return { response: { statusCode: 400, headers, body: Readable.from([Buffer.from(body)]) } }
    },
  }
}

/** Does something once, right before the first call of an operation whose input has a text. */
function interrupted(
  inner: Transport,
  operation: string,
  text: string,
  act: () => Promise<unknown>,
): Transport {
  let done = false
  return {
    handle: async (request) => {
      if (!done && isCall(request, operation, text)) {
        done = true
        await act()
      }
      return inner.handle(request)
    },
  }
}

describe('who reads what changed', () => {
  const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:app/jwt-AbCdEf'
  const readers = [
    { service: 'web', references: [`${arn}:key::`] },
    { service: 'api', references: ['/other'] },
  ]

  test('is an output, also of the run that finishes a killed one', async () => {
    const at = await scene()
    await at.takePoint()
    await at.deployBad()
    const first = await at.run({ readers })
    const second = await at.run({ readers })
    expect([first.outputs?.readers, second.outputs?.readers]).toEqual(['web', 'web'])
    expect(first.next?.join()).toContain('redeploy web')
  })

  test('is nobody when nothing changed', async () => {
    const at = await scene()
    await at.takePoint()
    expect((await at.run({ readers })).outputs?.readers).toBe('')
  })
})

test('a compromised secret is never put back: rotate forward', async () => {
  const at = await scene()
  await at.takePoint()
  await at.deployBad()
  const bad = await values(at)
  const calls = at.gateway.calls.list({ mutating: true }).length
  await at.clients.secrets.send(
    new RotateSecretCommand({ SecretId: 'app/key', RotateImmediately: false }),
  )
  const readers = [{ service: 'web', references: ['app/jwt'] }]
  const result = await at.run({ reason: 'compromised', readers })
  expect([result.outcome, await values(at)]).toEqual(['refused', bad])
  expect(at.gateway.calls.list({ mutating: true })).toHaveLength(calls + 1)
  const next = result.next?.join('\n') ?? ''
  for (const part of [
    'put-secret-value --secret-id app/jwt',
    'rotate-secret --secret-id app/key',
    'services: web',
    'end the sessions',
    'cloudtrail lookup-events',
  ]) {
    expect(next).toContain(part)
  }
})
