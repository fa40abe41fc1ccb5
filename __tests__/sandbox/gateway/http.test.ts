import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { aws, awsJson, boto } from './clients.ts'

// Each test starts Python programs, which takes seconds on a busy machine.
jest.setTimeout(60_000)

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(async () => {
  await sandbox.close()
  expect(existsSync(sandbox.folder)).toBe(false)
})

/** The environment of an account of its own. */
function account(id: string): Record<string, string> {
  return { ...sandbox.env, AWS_ACCESS_KEY_ID: id }
}

const admin = async (path: string, method = 'GET', body?: unknown) => {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, init)
  // biome-ignore lint/suspicious/noExplicitAny: the answers of the admin calls are looked at by the tests below.
  return { status: answer.status, json: (await answer.json()) as any }
}

describe('the AWS CLI', () => {
  test('rolls a secret back by hand, as the runbook says', async () => {
    const env = account('100000000001')
    const cli = (...args: string[]) => awsJson(env, 'secretsmanager', ...args)
    const first = await cli('create-secret', '--name', 'prod/jwt', '--secret-string', 'good')
    const second = await cli(
      'put-secret-value',
      '--secret-id',
      'prod/jwt',
      '--secret-string',
      'bad',
    )
    const listed = await cli('list-secret-version-ids', '--secret-id', 'prod/jwt')
    const at = (stage: string) =>
      listed.Versions.find((one: { VersionStages: string[] }) => one.VersionStages.includes(stage))
        .VersionId
    expect([at('AWSCURRENT'), at('AWSPREVIOUS')]).toEqual([second.VersionId, first.VersionId])
    const move = ['update-secret-version-stage', '--secret-id', 'prod/jwt']
    const to = ['--version-stage', 'AWSCURRENT', '--move-to-version-id', at('AWSPREVIOUS')]
    const forgotten = await aws(env, 'secretsmanager', ...move, ...to)
    expect(forgotten.err).toContain("The parameter RemoveFromVersionId can't be empty")
    await cli(...move, ...to, '--remove-from-version-id', at('AWSCURRENT'))
    const value = await cli('get-secret-value', '--secret-id', 'prod/jwt')
    expect([value.SecretString, value.VersionStages]).toEqual(['good', ['AWSCURRENT']])
  })

  test('exchanges a job token for a session and uses it', async () => {
    const url = sandbox.env.ACTIONS_ID_TOKEN_REQUEST_URL
    const token = await fetch(`${url}&audience=sts.amazonaws.com`, {
      headers: { authorization: `bearer ${sandbox.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
    })
    const { value } = (await token.json()) as { value: string }
    const file = join(sandbox.folder, 'token')
    writeFileSync(file, value)
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = sandbox.env
    const identity = await awsJson(
      {
        ...env,
        AWS_ROLE_ARN: 'arn:aws:iam::100000000002:role/rollback',
        AWS_WEB_IDENTITY_TOKEN_FILE: file,
        AWS_ROLE_SESSION_NAME: 'from-cli',
      },
      'sts',
      'get-caller-identity',
    )
    expect(identity.Arn).toBe('arn:aws:sts::100000000002:assumed-role/rollback/from-cli')
    const wrong = await fetch(`${url}&audience=x`, { headers: { authorization: 'bearer no' } })
    expect(wrong.status).toBe(401)
  })

  test('copies a file of 17 megabytes through S3 in parts, unchanged', async () => {
    const env = account('100000000003')
    const source = join(sandbox.folder, 'big')
    const bytes = Buffer.alloc(17_000_000, 'The quick brown fox. \u00e9')
    writeFileSync(source, bytes)
    await aws(env, 's3', 'mb', 's3://big-bucket')
    const up = await aws(env, 's3', 'cp', source, 's3://big-bucket/a b/\u00e9+1.bin')
    expect(up.err).toBe('')
    await aws(env, 's3', 'cp', 's3://big-bucket/a b/\u00e9+1.bin', `${source}.copy`)
    expect(readFileSync(`${source}.copy`).equals(bytes)).toBe(true)
    const operations = sandbox.calls.count({ account: '100000000003' })
    expect(operations['s3:UploadPart']).toBe(3)
    expect(operations['s3:CompleteMultipartUpload']).toBe(1)
  })
})

describe('boto3', () => {
  test('writes S3 objects conditionally and finds their versions', async () => {
    const seen = await boto(
      account('100000000004'),
      `
import boto3, json
from botocore.exceptions import ClientError
s3 = boto3.client('s3')
s3.create_bucket(Bucket='store')
s3.put_bucket_versioning(Bucket='store', VersioningConfiguration={'Status': 'Enabled'})
def put(body, **more):
    try:
        answer = s3.put_object(Bucket='store', Key='lease', Body=body, **more)
        return answer['ETag']
    except ClientError as error:
        return [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode']]
first = put(b'one', IfNoneMatch='*')
again = put(b'again', IfNoneMatch='*')
second = put(b'two', IfMatch=first)
stale = put(b'stale', IfMatch=first)
missing = None
try:
    s3.put_object(Bucket='store', Key='nothing', Body=b'x', IfMatch=first)
except ClientError as error:
    missing = [error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode']]
versions = s3.list_object_versions(Bucket='store')['Versions']
old = [v for v in versions if not v['IsLatest']][0]
body = s3.get_object(Bucket='store', Key='lease', VersionId=old['VersionId'])['Body'].read().decode()
s3.delete_object(Bucket='store', Key='lease')
recreated = put(b'three', IfNoneMatch='*')
head = s3.head_object(Bucket='store', Key='lease')
print(json.dumps(dict(first=first, again=again, second=second, stale=stale, missing=missing,
  versions=len(versions), body=body, recreated=recreated, length=head['ContentLength'],
  date=head['ResponseMetadata']['HTTPHeaders'].get('date'))))
`,
    )
    expect(seen).toMatchObject({
      again: ['PreconditionFailed', 412],
      stale: ['PreconditionFailed', 412],
      missing: ['NoSuchKey', 404],
      versions: 2,
      body: 'one',
      length: 5,
    })
    expect([seen.first, seen.second, seen.recreated].map((one) => typeof one)).toEqual([
      'string',
      'string',
      'string',
    ])
    expect(Math.abs(Date.parse(seen.date) - Date.now())).toBeLessThan(60_000)
  })

  test('uses Secrets Manager, parameters and a presigned URL in an account of its own', async () => {
    const seen = await boto(
      account('100000000005'),
      `
import boto3, json, urllib.request
sm = boto3.client('secretsmanager')
created = sm.create_secret(Name='binary', SecretBinary=b'\\x00\\xff')
value = sm.get_secret_value(SecretId=created['ARN'])
names = [s['Name'] for page in sm.get_paginator('list_secrets').paginate() for s in page['SecretList']]
try:
    sm.get_secret_value(SecretId='prod/jwt')
    other = 'seen'
except sm.exceptions.ResourceNotFoundException as error:
    other = 'unseen'
ssm = boto3.client('ssm')
ssm.put_parameter(Name='/app/flag', Value='1', Type='String')
ssm.put_parameter(Name='/app/flag', Value='2', Type='String', Overwrite=True)
old = ssm.get_parameter(Name='/app/flag:1')['Parameter']['Value']
s3 = boto3.client('s3')
s3.create_bucket(Bucket='signed')
s3.put_object(Bucket='signed', Key='k', Body=b'through a link')
link = s3.generate_presigned_url('get_object', Params=dict(Bucket='signed', Key='k'))
text = urllib.request.urlopen(link).read().decode()
me = boto3.client('sts').get_caller_identity()['Account']
print(json.dumps(dict(value=list(value['SecretBinary']), names=names, other=other, old=old, text=text, me=me)))
`,
    )
    expect(seen).toEqual({
      value: [0, 255],
      names: ['binary'],
      other: 'unseen',
      old: '1',
      text: 'through a link',
      me: '100000000005',
    })
  })

  test('uses S3 with the session of a role, in the account of that role', async () => {
    const seen = await boto(
      account('100000000006'),
      `
import boto3, json
sts = boto3.client('sts')
got = sts.assume_role(RoleArn='arn:aws:iam::100000000007:role/store', RoleSessionName='boto')['Credentials']
keys = dict(aws_access_key_id=got['AccessKeyId'], aws_secret_access_key=got['SecretAccessKey'], aws_session_token=got['SessionToken'])
s3 = boto3.client('s3', **keys)
s3.create_bucket(Bucket='of-seven')
s3.put_object(Bucket='of-seven', Key='k', Body=b'x')
mine = [b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']]
print(json.dumps(dict(mine=mine, theirs=[b['Name'] for b in s3.list_buckets()['Buckets']])))
`,
    )
    expect(seen).toEqual({ mine: [], theirs: ['of-seven'] })
    expect(sandbox.calls.count({ account: '100000000007' })['s3:PutObject']).toBe(1)
  })
})

describe('faults over HTTP', () => {
  test('S3 answers SlowDown as a 503 that boto3 retries', async () => {
    const rule = { effect: 'throttle', service: 's3', account: '100000000008', to: 2 }
    expect((await admin('faults', 'PUT', rule)).status).toBe(200)
    const seen = await boto(
      account('100000000008'),
      `
import boto3, json
answer = boto3.client('s3').list_buckets()
print(json.dumps(answer['ResponseMetadata']['RetryAttempts']))
`,
    )
    expect(seen).toBe(2)
    const { json } = await admin('calls?service=s3&account=100000000008')
    expect(json.calls.map((call: { status: number }) => call.status)).toEqual([503, 503, 200])
    expect((await admin('faults')).json.faults).toEqual([{ rule, matched: 3, hit: 2 }])
    await admin('faults', 'DELETE')
  })

  test('a reset really breaks the connection', async () => {
    await admin('faults', 'PUT', { effect: 'reset', account: '100000000009' })
    const { err } = await aws(
      { ...account('100000000009'), AWS_MAX_ATTEMPTS: '1' },
      'sts',
      'get-caller-identity',
    )
    expect(err).toMatch(/Connection (was closed|reset)|Could not connect/)
    await admin('faults', 'DELETE')
  })

  test('kill finds the calling process, after its second object is stored', async () => {
    const env = account('100000000010')
    const rule = { effect: 'kill', when: 'after', pid: 'caller', nth: 3, account: '100000000010' }
    await admin('faults', 'PUT', rule)
    const program = `
      import { S3Client, CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
      const s3 = new S3Client({})
      await s3.send(new CreateBucketCommand({ Bucket: 'killed' }))
      for (const Key of ['a', 'b', 'c']) await s3.send(new PutObjectCommand({ Bucket: 'killed', Key, Body: Key }))`
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH, ...env },
      stdio: 'inherit',
    })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    await admin('faults', 'DELETE')
    const left = await awsJson(env, 's3api', 'list-objects-v2', '--bucket', 'killed')
    expect(left.Contents.map((one: { Key: string }) => one.Key)).toEqual(['a', 'b'])
  })

  test('an admin call that is unknown or malformed says so', async () => {
    const unknown = await admin('nothing')
    expect(unknown.status).toBe(404)
    expect(unknown.json.known).toEqual(expect.arrayContaining(['calls', 'faults', 'health']))
    const bad = await admin('faults', 'PUT', { effect: 'explode' })
    expect([bad.status, bad.json.error]).toEqual([400, expect.stringContaining('effect')])
    expect((await admin('health')).json).toEqual({ status: 'ok' })
  })
})
