import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { secretsService, virtualClock } from '../../../packages/sandbox/index.ts'
import { type Labels, moveLabel } from '../../../packages/sandbox/secrets/labels.ts'
import { parseReference } from '../../../packages/sandbox/secrets/resolve.ts'
import { failure, memory, secretsClient } from './clients.ts'

const v = (n: number) => `version-${n}-`.padEnd(36, '0')

/** A client over a secret `s` with the values one..count, of which the last is current. */
async function withVersions(count: number) {
  const gateway = memory()
  const client = secretsClient(gateway)
  await client.send(
    new CreateSecretCommand({ Name: 's', SecretString: 'one', ClientRequestToken: v(1) }),
  )
  for (let n = 2; n <= count; n++) {
    await client.send(
      new PutSecretValueCommand({
        SecretId: 's',
        SecretString: `value ${n}`,
        ClientRequestToken: v(n),
      }),
    )
  }
  const stages = async () =>
    (await client.send(new DescribeSecretCommand({ SecretId: 's' }))).VersionIdsToStages
  const move = (to: number | undefined, from?: number) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: 's',
        VersionStage: 'AWSCURRENT',
        ...(to !== undefined && { MoveToVersionId: v(to) }),
        ...(from !== undefined && { RemoveFromVersionId: v(from) }),
      }),
    )
  const current = async () =>
    (await client.send(new GetSecretValueCommand({ SecretId: 's' }))).SecretString
  return { gateway, client, stages, move, current }
}

describe('staging labels', () => {
  test('a new value becomes current and the one before becomes previous', async () => {
    const { stages } = await withVersions(3)
    expect(await stages()).toEqual({ [v(3)]: ['AWSCURRENT'], [v(2)]: ['AWSPREVIOUS'] })
  })

  test('moving AWSCURRENT back is a swap, so doing it twice returns to the bad version', async () => {
    const { stages, move, current } = await withVersions(2)
    await move(1, 2)
    expect(await stages()).toEqual({ [v(1)]: ['AWSCURRENT'], [v(2)]: ['AWSPREVIOUS'] })
    expect(await current()).toBe('one')
    await move(2, 1)
    expect(await current()).toBe('value 2')
  })

  test('a version without labels is kept, listed only when asked for, and can become current again', async () => {
    const { client, stages, move, current } = await withVersions(3)
    const list = (IncludeDeprecated: boolean) =>
      client.send(new ListSecretVersionIdsCommand({ SecretId: 's', IncludeDeprecated }))
    expect((await list(false)).Versions?.map((one) => one.VersionId)).toEqual([v(3), v(2)])
    expect((await list(true)).Versions?.map((one) => one.VersionId)).toEqual([v(3), v(2), v(1)])
    const old = await client.send(new GetSecretValueCommand({ SecretId: 's', VersionId: v(1) }))
    expect([old.SecretString, old.VersionStages]).toEqual(['one', undefined])
    await move(1, 3)
    expect(await current()).toBe('one')
    expect(await stages()).toEqual({ [v(1)]: ['AWSCURRENT'], [v(3)]: ['AWSPREVIOUS'] })
  })

  const refused: [string, Parameters<typeof moveLabel>[1], string][] = [
    ['without the version it leaves', { label: 'AWSCURRENT', to: 'a' }, "can't be empty"],
    ['from a wrong version', { label: 'AWSCURRENT', from: 'a', to: 'a' }, 'it must be set to'],
    ['off its last version', { label: 'AWSCURRENT', from: 'b' }, 'completely removed'],
    ['off a version it is not on', { label: 'AWSPREVIOUS', from: 'b' }, 'not attached'],
    ['to and from nowhere', { label: 'x' }, 'at least one'],
  ]
  test.each(refused)('a label does not move %s', (_name, move, message) => {
    const labels: Labels = { AWSCURRENT: 'b', AWSPREVIOUS: 'a' }
    expect(() => moveLabel(labels, move)).toThrow(message)
  })

  const moved: [string, Labels, Parameters<typeof moveLabel>[1], Labels][] = [
    [
      'where it is already',
      { AWSCURRENT: 'b' },
      { label: 'AWSCURRENT', to: 'b' },
      { AWSCURRENT: 'b' },
    ],
    [
      'of its own, anywhere',
      { AWSCURRENT: 'b' },
      { label: 'r1', to: 'a' },
      { AWSCURRENT: 'b', r1: 'a' },
    ],
    [
      'of its own, away',
      { AWSCURRENT: 'b', r1: 'a' },
      { label: 'r1', from: 'a' },
      { AWSCURRENT: 'b' },
    ],
    [
      'AWSPREVIOUS by itself',
      { AWSCURRENT: 'c', AWSPREVIOUS: 'b' },
      { label: 'AWSPREVIOUS', from: 'b', to: 'a' },
      { AWSCURRENT: 'c', AWSPREVIOUS: 'a' },
    ],
  ]
  test.each(moved)('a label moves %s', (_name, labels, move, expected) => {
    expect(moveLabel(labels, move)).toEqual(expected)
  })

  test('a custom label alone does not move AWSCURRENT', async () => {
    const { client, current, stages } = await withVersions(1)
    await client.send(
      new PutSecretValueCommand({
        SecretId: 's',
        SecretString: 'pending',
        ClientRequestToken: v(2),
        VersionStages: ['AWSPENDING'],
      }),
    )
    expect(await current()).toBe('one')
    expect(await stages()).toEqual({ [v(1)]: ['AWSCURRENT'], [v(2)]: ['AWSPENDING'] })
  })

  test('the 21st label is refused', async () => {
    const { client } = await withVersions(1)
    const label = (n: number) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 's',
          VersionStage: `release-${n}`,
          MoveToVersionId: v(1),
        }),
      )
    for (let n = 1; n <= 19; n++) await label(n)
    expect((await failure(label(20))).name).toBe('LimitExceededException')
  })

  test('after a day only the newest hundred versions without labels remain', async () => {
    const { client, gateway } = await withVersions(103)
    const ids = async () => {
      const all: (string | undefined)[] = []
      let NextToken: string | undefined
      do {
        const answer = await client.send(
          new ListSecretVersionIdsCommand({
            SecretId: 's',
            IncludeDeprecated: true,
            ...(NextToken && { NextToken }),
          }),
        )
        all.push(...(answer.Versions ?? []).map((one) => one.VersionId))
        NextToken = answer.NextToken
      } while (NextToken)
      return all
    }
    expect(await ids()).toHaveLength(103)
    await gateway.clock.advance(25 * 3_600_000)
    await client.send(
      new PutSecretValueCommand({ SecretId: 's', SecretString: 'n', ClientRequestToken: v(104) }),
    )
    const left = await ids()
    expect(left).toHaveLength(100)
    expect(left).not.toContain(v(4))
    expect(left).toContain(v(5))
  })
})

describe('writing a value twice', () => {
  test('the same token with the same value is done once', async () => {
    const { client, stages } = await withVersions(2)
    const again = await client.send(
      new PutSecretValueCommand({ SecretId: 's', SecretString: 'one', ClientRequestToken: v(1) }),
    )
    expect(again.VersionId).toBe(v(1))
    expect(await stages()).toEqual({ [v(2)]: ['AWSCURRENT'], [v(1)]: ['AWSPREVIOUS'] })
  })

  test('the same token with another value is refused', async () => {
    const { client } = await withVersions(1)
    const put = client.send(
      new PutSecretValueCommand({ SecretId: 's', SecretString: 'other', ClientRequestToken: v(1) }),
    )
    expect((await failure(put)).name).toBe('ResourceExistsException')
  })

  test('creating a secret again is fine with the same token and value only', async () => {
    const { client } = await withVersions(1)
    const create = (SecretString: string, token: string) =>
      client.send(new CreateSecretCommand({ Name: 's', SecretString, ClientRequestToken: token }))
    expect((await create('one', v(1))).VersionId).toBe(v(1))
    expect((await failure(create('two', v(1)))).name).toBe('ResourceExistsException')
    expect((await failure(create('one', v(2)))).name).toBe('ResourceExistsException')
  })
})

describe('names', () => {
  test('a secret is found by its name, its ARN and its ARN without the random end', async () => {
    const { client } = await withVersions(1)
    const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: 's' }))
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:111111111111:secret:s-[A-Za-z0-9]{6}$/)
    for (const SecretId of ['s', ARN, ARN.slice(0, -7)]) {
      expect((await client.send(new GetSecretValueCommand({ SecretId }))).Name).toBe('s')
    }
  })

  test('accounts and regions do not see each other', async () => {
    const { gateway } = await withVersions(1)
    const other = secretsClient(gateway, { account: '222222222222' })
    expect((await other.send(new ListSecretsCommand({}))).SecretList).toEqual([])
    const error = await failure(other.send(new GetSecretValueCommand({ SecretId: 's' })))
    expect(error).toEqual({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    })
  })
})

describe('life of a secret', () => {
  test('description and value change together, tags are replaced by key', async () => {
    const { client, current } = await withVersions(1)
    await client.send(
      new UpdateSecretCommand({ SecretId: 's', Description: 'why', SecretString: 'new' }),
    )
    const tag = (Value: string) =>
      client.send(new TagResourceCommand({ SecretId: 's', Tags: [{ Key: 'env', Value }] }))
    await tag('a')
    await tag('b')
    const described = await client.send(new DescribeSecretCommand({ SecretId: 's' }))
    expect([described.Description, described.Tags]).toEqual(['why', [{ Key: 'env', Value: 'b' }]])
    expect(await current()).toBe('new')
  })

  test('a deleted secret can be restored until its window ends', async () => {
    const { client, gateway, current } = await withVersions(1)
    const remove = () =>
      client.send(new DeleteSecretCommand({ SecretId: 's', RecoveryWindowInDays: 7 }))
    await remove()
    expect((await failure(current())).name).toBe('InvalidRequestException')
    await client.send(new RestoreSecretCommand({ SecretId: 's' }))
    expect(await current()).toBe('one')
    await remove()
    await gateway.clock.advance(8 * 86_400_000)
    expect((await failure(current())).name).toBe('ResourceNotFoundException')
  })
})

describe('what a container gets', () => {
  const resolve = async () => {
    const service = secretsService({ clock: virtualClock() })
    const caller = { account: '1', region: 'r', accessKeyId: '1', requestId: '' }
    const call = (name: string, input: unknown) => service.operations[name]?.(input, caller)
    const { ARN } = call('CreateSecret', {
      Name: 'db',
      SecretString: '{"url":"postgres://a","port":5432}',
      ClientRequestToken: v(1),
    }) as { ARN: string }
    call('PutSecretValue', { SecretId: 'db', SecretString: 'plain', ClientRequestToken: v(2) })
    return { ARN, value: (from: string) => service.resolveSecret(from, '1', 'r') }
  }

  test('a name and an ARN give the current value, selectors an older one or a part', async () => {
    const { ARN, value } = await resolve()
    expect(await value('db')).toBe('plain')
    expect(await value(ARN)).toBe('plain')
    expect(await value(`${ARN}:url:AWSPREVIOUS:`)).toBe('postgres://a')
    expect(await value(`${ARN}:port::${v(1)}`)).toBe('5432')
  })

  test('a missing secret, key or version is an error without the value', async () => {
    const { ARN, value } = await resolve()
    expect((await failure(value('nothing'))).name).toBe('ResourceNotFoundException')
    expect((await failure(value(`${ARN}:user:AWSPREVIOUS:`))).message).toBe(
      'retrieved secret does not contain json key user',
    )
    expect((await failure(value(`${ARN}::NOSUCH:`))).name).toBe('ResourceNotFoundException')
    expect((await failure(value(`${ARN}:url::`))).message).not.toContain('plain')
  })

  test('a reference is split into secret and selectors', () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf'
    expect(parseReference(`${arn}:url:AWSPREVIOUS:`)).toEqual({
      secretId: arn,
      jsonKey: 'url',
      stage: 'AWSPREVIOUS',
    })
    expect(parseReference('a/name')).toEqual({ secretId: 'a/name' })
  })
})
