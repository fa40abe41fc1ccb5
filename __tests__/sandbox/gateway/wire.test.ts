import { DescribeServicesCommand, ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs'
import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import {
  AwsError,
  memoryGateway,
  mutates,
  type Operation,
  s3Operation,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { clientConfig, failure, memory, secretsClient } from './clients.ts'

/** A gateway with one made-up service of a given name. */
function serving(name: 'ecs' | 'rds', operations: Record<string, Operation>) {
  const lines: string[] = []
  const gateway = memoryGateway({
    clock: virtualClock(),
    services: () => [{ name, operations }],
    log: (line) => void lines.push(line),
  })
  return {
    gateway,
    lines,
    ecs: new ECSClient(clientConfig(gateway)),
    rds: new RDSClient(clientConfig(gateway)),
  }
}

/** Sends a raw request as an ill-behaved client would. */
async function raw(
  gateway: ReturnType<typeof memory>,
  call: { body: string; headers: Record<string, string>; service: string },
) {
  const answer = await gateway.handle({
    method: 'POST',
    url: '/',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=111111111111/20261122/us-east-1/${call.service}/aws4_request, Signature=0`,
      ...call.headers,
    },
    body: new TextEncoder().encode(call.body),
  })
  if ('reset' in answer) throw new Error('reset')
  return {
    status: answer.status,
    headers: answer.headers,
    text: Buffer.from(answer.body).toString(),
  }
}

const json = (operation: string) => ({ 'x-amz-target': `secretsmanager.${operation}` })
const form = { 'content-type': 'application/x-www-form-urlencoded' }

describe('input from clients is strict', () => {
  const badJson: [string, string, string][] = [
    ['no JSON', '{', 'SerializationException'],
    ['a wrong type', '{"SecretId": 5}', 'SerializationException'],
    ['a list for a string', '{"SecretId": ["a"]}', 'SerializationException'],
    ['an unknown member', '{"SecretId": "a", "Nope": 1}', 'ValidationException'],
    ['a missing required member', '{}', 'ValidationException'],
  ]
  test.each(badJson)('%s is refused (json)', async (_name, body, type) => {
    const answer = await raw(memory(), {
      body,
      headers: json('GetSecretValue'),
      service: 'secretsmanager',
    })
    expect([answer.status, JSON.parse(answer.text).__type]).toEqual([400, type])
    expect(answer.headers['x-amzn-errortype']).toBe(type)
  })

  const badQuery: [string, string, string][] = [
    ['an unknown parameter', 'RoleArn=a&RoleSessionName=b&Nope=1', 'ValidationError'],
    ['a missing parameter', 'RoleArn=a', 'ValidationError'],
    ['a word for a number', 'RoleArn=a&RoleSessionName=b&DurationSeconds=x', 'MalformedInput'],
    ['a text for a list', 'RoleArn=a&RoleSessionName=b&Tags=x&Tags.foo.1=y', 'MalformedInput'],
  ]
  test.each(badQuery)('%s is refused (query)', async (_name, parameters, code) => {
    const body = `Action=AssumeRole&Version=2011-06-15&${parameters}`
    const answer = await raw(memory(), { body, headers: form, service: 'sts' })
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(`<Code>${code}</Code>`)
    expect(answer.text).toContain('<Type>Sender</Type>')
  })

  test('an operation that AWS does not have and one that we do not simulate differ', async () => {
    const call = (name: string) =>
      raw(memory(), { body: '{}', headers: json(name), service: 'secretsmanager' })
    expect((await call('EatSecret')).text).toContain('UnknownOperationException')
    const replicate = await call('ReplicateSecretToRegions')
    expect(replicate.status).toBe(501)
    expect(replicate.text).toContain('does not simulate secretsmanager:ReplicateSecretToRegions')
  })

  test('every answer carries the time of the server', async () => {
    const gateway = memory()
    const answer = await raw(gateway, {
      body: '{',
      headers: json('ListSecrets'),
      service: 'secretsmanager',
    })
    expect(answer.headers.date).toBe(new Date(gateway.clock.now()).toUTCString())
  })
})

describe('answers of our own services are checked', () => {
  const wrong: [string, unknown, string][] = [
    ['an unknown member', { clusterArns: [], extra: 1 }, 'extra: not a member'],
    ['a wrong type', { clusterArns: 'x' }, 'clusterArns: expected list, got string'],
    ['a wrong item', { clusterArns: [1] }, 'clusterArns.0: expected string, got number'],
    ['null', { nextToken: null }, 'nextToken: expected string, got null'],
  ]
  test.each(wrong)('%s in an answer is a loud bug', async (_name, output, problem) => {
    const { ecs, lines } = serving('ecs', { ListClusters: () => output })
    const error = await failure(ecs.send(new ListClustersCommand({})))
    expect(error.name).toBe('InternalFailure')
    expect(error.message).toContain(problem)
    expect(lines.join()).toContain(problem)
  })

  test('an error that the service does not have is a loud bug', async () => {
    const { ecs } = serving('ecs', {
      ListClusters: () => {
        throw new AwsError('NoSuchThing', 'x')
      },
    })
    const error = await failure(ecs.send(new ListClustersCommand({})))
    expect(error.message).toContain('NoSuchThing is not an error of ecs:ListClusters')
  })

  test('times, numbers and nested shapes arrive as they were (json)', async () => {
    const createdAt = new Date('2026-11-22T03:00:00.123Z')
    const services = [
      { serviceName: 'web', createdAt, desiredCount: 2, deployments: [], events: [] },
    ]
    const { ecs } = serving('ecs', { DescribeServices: () => ({ services, failures: [] }) })
    const answer = await ecs.send(new DescribeServicesCommand({ services: ['web'] }))
    expect(answer.services).toEqual(services)
  })

  test('times, lists, empty lists and characters arrive as they were (query)', async () => {
    const snapshot = {
      DBSnapshotIdentifier: 'a<b>&"c"\u00e9',
      SnapshotCreateTime: new Date('2026-11-22T03:00:00.123Z'),
      AllocatedStorage: 20,
      Encrypted: false,
      TagList: [{ Key: 'k', Value: ' v ' }],
      ProcessorFeatures: [],
    }
    const { rds } = serving('rds', { DescribeDBSnapshots: () => ({ DBSnapshots: [snapshot] }) })
    const answer = await rds.send(new DescribeDBSnapshotsCommand({}))
    expect(answer.DBSnapshots).toEqual([snapshot])
  })

  test('input of a query call arrives with its lists, numbers and flags', async () => {
    const seen: unknown[] = []
    const { rds } = serving('rds', {
      CreateDBInstance: (input) => {
        seen.push(input)
        return { DBInstance: { DBInstanceIdentifier: input.DBInstanceIdentifier } }
      },
      AddTagsToResource: (input) => void seen.push(input),
    })
    const input = {
      DBInstanceIdentifier: 'main',
      DBInstanceClass: 'db.t3.micro',
      Engine: 'postgres',
      AllocatedStorage: 20,
      MultiAZ: false,
      VpcSecurityGroupIds: ['sg-1', 'sg-2'],
      Tags: [{ Key: 'a', Value: 'b' }],
      EnableCloudwatchLogsExports: [],
    }
    const tags = { ResourceName: 'arn', Tags: [{ Key: 'a', Value: 'b=c&d' }] }
    const { DBInstance } = await rds.send(new CreateDBInstanceCommand(input))
    await rds.send(new AddTagsToResourceCommand(tags))
    expect(seen).toEqual([input, tags])
    expect(DBInstance?.DBInstanceIdentifier).toBe('main')
  })

  test('an RDS error has its wire code, and the SDK finds its class by it', async () => {
    const { rds, gateway } = serving('rds', {
      DescribeDBSnapshots: () => {
        throw new AwsError('DBSnapshotNotFoundFault', 'DBSnapshot x not found.')
      },
    })
    const call = rds.send(new DescribeDBSnapshotsCommand({}))
    expect(await failure(call)).toEqual({
      name: 'DBSnapshotNotFoundFault',
      message: 'DBSnapshot x not found.',
    })
    expect(gateway.calls.list()[0]?.error).toBe('DBSnapshotNotFound')
  })
})

describe('which calls exist and which change something', () => {
  test('a service that is not there is refused with a clear message', async () => {
    const s3 = new S3Client({ ...clientConfig(memory()), forcePathStyle: true })
    const error = await failure(s3.send(new ListBucketsCommand({})))
    expect(error).toEqual({
      name: 'NotImplemented',
      message: 'This sandbox has no service s3: it runs in memory, without ministack',
    })
  })

  test('an unknown access key is refused', async () => {
    const client = secretsClient(memory(), { account: 'AKIAIOSFODNN7EXAMPLE' })
    const error = await failure(client.send(new GetSecretValueCommand({ SecretId: 's' })))
    expect(error.name).toBe('UnrecognizedClientException')
  })

  test('a request without signature is refused', async () => {
    const { handle } = memory()
    const headers = json('ListSecrets')
    const answer = await handle({ method: 'POST', url: '/', headers, body: new Uint8Array() })
    expect(answer).toMatchObject({ status: 400 })
  })

  const calls: [string, string, string, boolean][] = [
    ['ecs', 'UpdateService', 'POST', true],
    ['ecs', 'DescribeServices', 'POST', false],
    ['ecs', 'ListTasks', 'POST', false],
    ['rds', 'CreateDBSnapshot', 'POST', true],
    ['secretsmanager', 'GetSecretValue', 'POST', false],
    ['secretsmanager', 'UpdateSecretVersionStage', 'POST', true],
    ['sts', 'AssumeRoleWithWebIdentity', 'POST', false],
    ['s3', 'PutObject', 'PUT', true],
    ['s3', 'HeadObject', 'HEAD', false],
    ['s3', 'DeleteObjects', 'POST', true],
    ['ssm', 'GetParametersByPath', 'POST', false],
    ['ssm', 'SendCommand', 'POST', true],
    ['logs', 'FilterLogEvents', 'POST', false],
    ['logs', 'StartQuery', 'POST', false],
    ['logs', 'PutLogEvents', 'POST', true],
    ['monitoring', 'DescribeAlarms', 'POST', false],
    ['monitoring', 'SetAlarmState', 'POST', true],
    ['cloudfront', 'POST /2020-05-31/distribution/E1/invalidation', 'POST', true],
    ['cloudfront', 'GET /2020-05-31/distribution/E1', 'GET', false],
  ]
  test.each(calls)('%s:%s by %s mutates: %p', (service, operation, method, expected) => {
    expect(mutates(service, operation, method)).toBe(expected)
  })

  const requests: [string, string, boolean, string][] = [
    ['GET', '/', false, 'ListBuckets'],
    ['PUT', '/b', false, 'CreateBucket'],
    ['PUT', '/b/', false, 'CreateBucket'],
    ['PUT', '/b?versioning', false, 'PutBucketVersioning'],
    ['GET', '/b?list-type=2&prefix=a', false, 'ListObjectsV2'],
    ['GET', '/b?versions', false, 'ListObjectVersions'],
    ['POST', '/b?delete', false, 'DeleteObjects'],
    ['HEAD', '/b', false, 'HeadBucket'],
    ['PUT', '/b/k/l', false, 'PutObject'],
    ['PUT', '/b/k', true, 'CopyObject'],
    ['GET', '/b/k?versionId=1', false, 'GetObject'],
    ['DELETE', '/b/k', false, 'DeleteObject'],
    ['GET', '/b/k?tagging', false, 'GetObjectTagging'],
    ['POST', '/b/k?uploads', false, 'CreateMultipartUpload'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', true, 'UploadPartCopy'],
    ['POST', '/b/k?uploadId=u', false, 'CompleteMultipartUpload'],
  ]
  test.each(requests)('%s %s (copy: %p) is %s', (method, path, copySource, expected) => {
    const url = new URL(path, 'http://sandbox.invalid')
    expect(s3Operation({ method, url, copySource })).toBe(expected)
  })
})
