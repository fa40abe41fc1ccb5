import {
  CreateSecretCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { memoryGateway, virtualClock } from '../../../packages/sandbox/index.ts'
import { clientConfig, failure, memory, stsClient } from './clients.ts'

const ROLE = 'arn:aws:iam::333333333333:role/rollback'

/** Exchanges a job's token for a session of a role. */
function exchange(
  gateway: ReturnType<typeof memory>,
  token: string,
  options: { role?: string; seconds?: number } = {},
) {
  return stsClient(gateway).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: options.role ?? ROLE,
      RoleSessionName: 'rollback-1',
      WebIdentityToken: token,
      ...(options.seconds !== undefined && { DurationSeconds: options.seconds }),
    }),
  )
}

function jobToken(gateway: ReturnType<typeof memory>, sub = 'repo:acme/shop:ref:refs/heads/main') {
  const token = gateway.issuer.token(gateway.issuer.register({ sub }), 'sts.amazonaws.com')
  if (!token) throw new Error('no token')
  return token
}

function clientsOf(gateway: ReturnType<typeof memory>, credentials: Partial<Credentials> = {}) {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = credentials
  const config = {
    ...clientConfig(gateway),
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    },
  }
  return { sts: new STSClient(config), secrets: new SecretsManagerClient(config) }
}

describe('sessions', () => {
  test('a token becomes a session of the role in its account', async () => {
    const gateway = memory()
    const answer = await exchange(gateway, jobToken(gateway))
    expect(answer.SubjectFromWebIdentityToken).toBe('repo:acme/shop:ref:refs/heads/main')
    expect(answer.Credentials?.Expiration?.getTime()).toBe(gateway.clock.now() + 3_600_000)
    const { sts, secrets } = clientsOf(gateway, answer.Credentials)
    const identity = await sts.send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).toBe('arn:aws:sts::333333333333:assumed-role/rollback/rollback-1')
    expect(identity.Account).toBe('333333333333')
    await secrets.send(new CreateSecretCommand({ Name: 'in-3', SecretString: 'x' }))
    const owner = clientsOf(gateway, { AccessKeyId: '333333333333', SecretAccessKey: 'x' })
    const { SecretList } = await owner.secrets.send(new ListSecretsCommand({}))
    expect(SecretList?.map((one) => one.Name)).toEqual(['in-3'])
  })

  test('a session ends by itself, with the error of each protocol', async () => {
    const gateway = memory()
    const { Credentials } = await exchange(gateway, jobToken(gateway), { seconds: 900 })
    const { sts, secrets } = clientsOf(gateway, Credentials)
    await gateway.clock.advance(899_000)
    await secrets.send(new ListSecretsCommand({}))
    await gateway.clock.advance(2_000)
    const ended = await failure(secrets.send(new ListSecretsCommand({})))
    expect(ended.name).toBe('ExpiredTokenException')
    const query = await failure(sts.send(new GetCallerIdentityCommand({})))
    expect(query.name).toBe('ExpiredToken')
  })

  test('a session key without its token is unknown', async () => {
    const gateway = memory()
    const { Credentials } = await exchange(gateway, jobToken(gateway))
    const { secrets } = clientsOf(gateway, { ...Credentials, SessionToken: 'other' })
    const error = await failure(secrets.send(new ListSecretsCommand({})))
    expect(error.name).toBe('UnrecognizedClientException')
  })

  test('an assumed role may assume another one, for an hour at most', async () => {
    const gateway = memory()
    const first = await exchange(gateway, jobToken(gateway))
    const { sts } = clientsOf(gateway, first.Credentials)
    const chain = (DurationSeconds: number) =>
      sts.send(
        new AssumeRoleCommand({
          RoleArn: 'arn:aws:iam::444444444444:role/path/deploy',
          RoleSessionName: 'next',
          DurationSeconds,
        }),
      )
    expect((await failure(chain(3601))).message).toContain('role chaining')
    expect((await chain(3600)).AssumedRoleUser?.Arn).toBe(
      'arn:aws:sts::444444444444:assumed-role/deploy/next',
    )
  })

  test('tests can shorten and end sessions', async () => {
    const gateway = memory()
    const admin = (method: string, body: string) =>
      gateway.handle({
        method,
        url: '/_sandbox/sessions',
        headers: {},
        body: new TextEncoder().encode(body),
      })
    await admin('PUT', '{"lifetimeSeconds": 5}')
    const short = await exchange(gateway, jobToken(gateway))
    expect(short.Credentials?.Expiration?.getTime()).toBe(gateway.clock.now() + 5_000)
    await admin('PUT', '{"lifetimeSeconds": null}')
    const long = await exchange(gateway, jobToken(gateway))
    await admin('DELETE', '')
    const { secrets } = clientsOf(gateway, long.Credentials)
    expect((await failure(secrets.send(new ListSecretsCommand({})))).name).toBe(
      'ExpiredTokenException',
    )
  })
})

describe('tokens that are not good', () => {
  const forged = (token: string, change: (claims: Record<string, unknown>) => object) => {
    const [head, body = '', signature] = token.split('.')
    const claims = change(JSON.parse(Buffer.from(body, 'base64url').toString()))
    return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  }
  const unsigned = (token: string) =>
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`

  const bad: [string, (token: string) => string, string][] = [
    ['no token at all', () => 'abc.def', 'not a valid JWT'],
    ['a changed subject', (t) => forged(t, (c) => ({ ...c, sub: 'repo:evil' })), 'signature'],
    [
      'another issuer',
      (t) => forged(t, (c) => ({ ...c, iss: 'https://evil' })),
      'No OpenIDConnect',
    ],
    ['no signature', unsigned, 'signature'],
  ]
  test.each(bad)('%s is refused', async (_name, change, message) => {
    const gateway = memory()
    const error = await failure(exchange(gateway, change(jobToken(gateway))))
    expect(error.name).toBe('InvalidIdentityTokenException')
    expect(error.message).toContain(message)
  })

  test('a token for another audience is refused', async () => {
    const gateway = memory()
    const token = gateway.issuer.token(gateway.issuer.register({ sub: 'x' }), 'somebody else') ?? ''
    expect((await failure(exchange(gateway, token))).message).toBe('Incorrect token audience')
  })

  test('a token lives five minutes', async () => {
    const gateway = memory()
    const token = jobToken(gateway)
    await gateway.clock.advance(301_000)
    expect((await failure(exchange(gateway, token))).name).toBe('ExpiredTokenException')
  })

  const durations: [number, string][] = [
    [899, 'greater than or equal to 900'],
    [43_201, 'less than or equal to 43200'],
  ]
  test.each(durations)('a session of %d seconds is refused', async (seconds, message) => {
    const gateway = memory()
    const error = await failure(exchange(gateway, jobToken(gateway), { seconds }))
    expect(error.message).toContain(message)
  })

  const trust: [string, string, boolean][] = [
    ['repo:acme/shop:environment:production', ROLE, true],
    ['repo:acme/shop:ref:refs/heads/main', ROLE, false],
    ['repo:acme/shop:environment:production', 'arn:aws:iam::333333333333:role/other', false],
  ]
  test.each(trust)('%s may assume %s: %p', async (sub, role, allowed) => {
    const clock = virtualClock()
    const roles = [{ arn: ROLE, subjects: ['repo:acme/*:environment:production'] }]
    const gateway = { ...memoryGateway({ clock, roles }), clock }
    const call = exchange(gateway, jobToken(gateway, sub), { role })
    if (allowed) expect((await call).Credentials?.AccessKeyId).toMatch(/^ASIA/)
    else expect((await failure(call)).name).toBe('AccessDenied')
  })
})
