import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs'
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  jobClaims,
  realClock,
  type Sandbox,
  startSandbox,
} from '../../../packages/sandbox/index.ts'
import { clientConfig, failure, memory } from '../gateway/clients.ts'

const ROLE = 'arn:aws:iam::123456789012:role/rollback'

describe('a session that has ended', () => {
  /** The credentials of a session of 900 seconds, a second after its end. */
  async function ended() {
    const gateway = memory()
    const claims = jobClaims({ repository: 'acme/shop' })
    const token = gateway.issuer.token(gateway.issuer.register(claims), 'sts.amazonaws.com')
    const { Credentials } = await new STSClient(clientConfig(gateway)).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: ROLE,
        RoleSessionName: 'rollback-1',
        WebIdentityToken: token,
        DurationSeconds: 900,
      }),
    )
    await gateway.clock.advance(901_000)
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
    return {
      ...clientConfig(gateway),
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      },
    }
  }

  type Config = Awaited<ReturnType<typeof ended>>
  const rows: [string, (config: Config) => Promise<unknown>, string][] = [
    ['JSON', (it) => new ECSClient(it).send(new ListClustersCommand({})), 'ExpiredTokenException'],
    ['Query', (it) => new RDSClient(it).send(new DescribeDBInstancesCommand({})), 'ExpiredToken'],
    ['S3', (it) => new S3Client(it).send(new ListBucketsCommand({})), 'ExpiredToken'],
    [
      'CBOR',
      (it) => new CloudWatchClient(it).send(new DescribeAlarmsCommand({})),
      'ExpiredTokenException',
    ],
  ]
  test.each(rows)('is refused in %s', async (_protocol, call, name) => {
    expect((await failure(call(await ended()))).name).toBe(name)
  })
})

describe('over HTTP', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox({ ministack: false })
  })
  afterAll(() => sandbox.close())

  const tokenOf = async (env: Readonly<Record<string, string>>, audience?: string) => {
    const query = audience === undefined ? '' : `&audience=${audience}`
    return fetch(`${env.ACTIONS_ID_TOKEN_REQUEST_URL}${query}`, {
      headers: { authorization: `bearer ${env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
    })
  }

  test('a client whose sessions last two seconds goes on by new tokens', async () => {
    const sessions = (lifetimeSeconds: number | null) =>
      fetch(`${sandbox.url}/_sandbox/sessions`, {
        method: 'PUT',
        body: JSON.stringify({ lifetimeSeconds }),
      })
    await sessions(2)
    const job = sandbox.job(jobClaims({ repository: 'acme/shop', environment: 'production' }))
    const base = { region: 'us-east-1', endpoint: sandbox.url }
    const sts = new STSClient({
      ...base,
      credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
    })
    const credentials = async () => {
      const { value } = (await (await tokenOf(job, 'sts.amazonaws.com')).json()) as {
        value: string
      }
      const answer = await sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: ROLE,
          RoleSessionName: 'rollback-1',
          WebIdentityToken: value,
        }),
      )
      const given: Partial<Credentials> = answer.Credentials ?? {}
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = given
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        ...(Expiration && { expiration: Expiration }),
      }
    }
    const first = await credentials()
    const [fixed, renewed] = [
      new ECSClient({ ...base, credentials: first, maxAttempts: 1 }),
      new ECSClient({ ...base, credentials }),
    ]
    for (const client of [fixed, renewed]) await client.send(new ListClustersCommand({}))
    await realClock().sleep(2_500)
    await renewed.send(new ListClustersCommand({}))
    const error = await failure(fixed.send(new ListClustersCommand({})))
    expect(error.name).toBe('ExpiredTokenException')
    await sessions(null)
  })

  test('a token without an audience is for the address of the owner, and STS refuses it', async () => {
    const job = sandbox.job(jobClaims({ repository: 'octo/shop' }))
    const { value } = (await (await tokenOf(job)).json()) as { value: string }
    const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({
      aud: 'https://github.com/octo',
      sub: 'repo:octo/shop:ref:refs/heads/main',
      exp: claims.iat + 300,
    })
    const sts = new STSClient({ region: 'us-east-1', endpoint: sandbox.url, maxAttempts: 1 })
    const call = sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: ROLE,
        RoleSessionName: 'rollback-1',
        WebIdentityToken: value,
      }),
    )
    expect((await failure(call)).message).toBe('Incorrect token audience')
  })
})

describe('a job that has ended', () => {
  test('gets no token any more', () => {
    const { issuer } = memory()
    const job = issuer.register(jobClaims({ repository: 'acme/shop' }))
    expect(issuer.token(job)).toBeDefined()
    issuer.end(job)
    expect(issuer.token(job)).toBeUndefined()
  })
})
