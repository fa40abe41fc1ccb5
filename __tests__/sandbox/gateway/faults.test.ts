import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  CreateSecretCommand,
  ListSecretsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { type Fault, parseFaults, seededRandom } from '../../../packages/sandbox/index.ts'
import { failure, memory, memoryUnder, secretsClient, stsClient } from './clients.ts'

const create = (client: SecretsManagerClient, Name: string) =>
  client.send(
    new CreateSecretCommand({
      Name,
      SecretString: 'x',
      ClientRequestToken: 'token'.padEnd(36, '0'),
    }),
  )

async function names(gateway: ReturnType<typeof memory>) {
  const answer = await secretsClient(gateway).send(new ListSecretsCommand({ SortOrder: 'asc' }))
  return answer.SecretList?.map((one) => one.Name)
}

describe('what a client sees of a fault', () => {
  const errors: [Fault['effect'], string][] = [
    ['throttle', 'ThrottlingException'],
    ['error500', 'InternalFailure'],
    ['denied', 'AccessDeniedException'],
    ['expired', 'ExpiredTokenException'],
  ]
  test.each(errors)('%s ends the call as %s and applies nothing', async (effect, name) => {
    const gateway = memoryUnder({ effect, operation: 'CreateSecret' } as Fault)
    expect((await failure(create(secretsClient(gateway), 'a'))).name).toBe(name)
    expect(await names(gateway)).toEqual([])
    expect(gateway.calls.list({ operation: 'CreateSecret' })[0]).toMatchObject({
      fault: effect,
      error: name,
    })
  })

  const queryErrors: [Fault['effect'], string][] = [
    ['throttle', 'Throttling'],
    ['denied', 'AccessDenied'],
    ['expired', 'ExpiredToken'],
  ]
  test.each(queryErrors)('%s over the query protocol is %s', async (effect, name) => {
    const gateway = memoryUnder({ effect, service: 'sts' } as Fault)
    expect((await failure(stsClient(gateway).send(new GetCallerIdentityCommand({})))).name).toBe(
      name,
    )
  })

  test('denied names the action that is missing', async () => {
    const gateway = memoryUnder({ effect: 'denied' })
    const { message } = await failure(create(secretsClient(gateway), 'a'))
    expect(message).toContain(
      'User: arn:aws:iam::111111111111:user/sandbox is not authorized to perform: secretsmanager:CreateSecret',
    )
  })

  test.each(['throttle', 'error500', 'reset'] as const)(
    '%s is retried by the SDK',
    async (effect) => {
      const gateway = memoryUnder({ effect, to: 2 })
      await create(secretsClient(gateway, { attempts: 3 }), 'a')
      expect(gateway.calls.list().map((call) => call.fault)).toEqual([effect, effect, undefined])
    },
  )

  test('a lost answer leaves the call applied, and a retry with its token finds it done', async () => {
    const gateway = memoryUnder({ effect: 'applied-answer-lost', nth: 1 })
    expect((await failure(create(secretsClient(gateway), 'a'))).message).toBe('socket hang up')
    expect(await names(gateway)).toEqual(['a'])
    await create(secretsClient(gateway), 'a')
    expect(gateway.calls.list({ mutating: true }).map((call) => call.status)).toEqual([0, 200])
  })

  test('a reset applies nothing', async () => {
    const gateway = memoryUnder({ effect: 'reset', nth: 1 })
    expect((await failure(create(secretsClient(gateway), 'a'))).message).toBe('socket hang up')
    expect(await names(gateway)).toEqual([])
  })

  test('slow takes simulated time', async () => {
    const gateway = memoryUnder({ effect: 'slow', ms: 30_000 })
    const before = gateway.clock.now()
    await create(secretsClient(gateway), 'a')
    expect(gateway.clock.now() - before).toBe(30_000)
  })
})

describe('kill', () => {
  test.each(['before', 'after'] as const)('%s the second mutating call', async (when) => {
    const killed: string[] = []
    const gateway = memoryUnder({
      effect: 'kill',
      when,
      nth: 2,
      onKill: () => void killed.push(when),
    })
    const client = secretsClient(gateway)
    await create(client, 'a')
    await client.send(new ListSecretsCommand({}))
    await failure(create(client, 'b'))
    expect(killed).toEqual([when])
    expect(await names(gateway)).toEqual(when === 'before' ? ['a'] : ['a', 'b'])
  })

  test('the process of the rule dies by SIGKILL', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' })
    await once(child, 'spawn')
    const exit = once(child, 'exit')
    const gateway = memoryUnder({ effect: 'kill', when: 'before', pid: child.pid ?? 0 })
    await failure(create(secretsClient(gateway), 'a'))
    expect(await exit).toEqual([null, 'SIGKILL'])
  })
})

describe('which calls a rule hits', () => {
  const hits = async (rule: Partial<Fault>) => {
    const gateway = memoryUnder({ effect: 'denied', ...rule } as Fault)
    const client = secretsClient(gateway)
    const ends: string[] = []
    for (const name of ['a', 'b', 'c', 'd']) {
      await create(client, name).then(
        () => ends.push(name),
        () => ends.push('-'),
      )
    }
    return ends.join('')
  }
  const rules: [Partial<Fault>, string][] = [
    [{}, '----'],
    [{ nth: 3 }, 'ab-d'],
    [{ from: 2, to: 3 }, 'a--d'],
    [{ from: 4 }, 'abc-'],
    [{ match: '"Name":"b"' }, 'a-cd'],
    [{ service: 'ecs' }, 'abcd'],
    [{ service: 'secretsmanager', operation: 'CreateSecret', nth: 1 }, '-bcd'],
    [{ account: '111111111111', nth: 1 }, '-bcd'],
    [{ account: '222222222222' }, 'abcd'],
    [{ mutating: false }, 'abcd'],
    [{ probability: 0 }, 'abcd'],
    [{ probability: 1 }, '----'],
  ]
  test.each(rules)('%j leaves %s', async (rule, expected) => {
    expect(await hits(rule)).toBe(expected)
  })

  test('chance is the same again for the same seed', async () => {
    const first = await hits({ probability: 0.5, seed: 7 })
    expect(await hits({ probability: 0.5, seed: 7 })).toBe(first)
    const drawn = (seed: number) => Array.from({ length: 8 }, seededRandom(seed))
    expect(drawn(7)).toEqual(drawn(7))
    expect(drawn(7)).not.toEqual(drawn(8))
  })

  test('a malformed rule is refused with what is wrong', () => {
    expect(() => parseFaults({ effect: 'explode' })).toThrow('effect')
    expect(() => parseFaults({ effect: 'reset', opration: 'X' })).toThrow('opration')
    expect(() => parseFaults({ effect: 'slow' })).toThrow('ms')
  })
})

describe('the log of calls', () => {
  test('counts by operation and keeps identifiers, never a value', async () => {
    const gateway = memory()
    const client = secretsClient(gateway)
    const planted = 'planted-secret-value'
    await client.send(new CreateSecretCommand({ Name: 'a', SecretString: planted }))
    await client.send(new ListSecretsCommand({}))
    await client.send(new ListSecretsCommand({}))
    expect(gateway.calls.count()).toEqual({
      'secretsmanager:CreateSecret': 1,
      'secretsmanager:ListSecrets': 2,
    })
    expect(gateway.calls.count({ mutating: true })).toEqual({ 'secretsmanager:CreateSecret': 1 })
    expect(gateway.calls.list({ after: 1 })).toHaveLength(2)
    expect(gateway.calls.list()[0]?.subject).toEqual({ Name: 'a' })
    expect(JSON.stringify(gateway.calls.list())).not.toContain(planted)
  })
})
