import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling'
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs'
import { DescribeTargetGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import {
  CopyObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { call, codeOf, iamAction, isDenied, isPassing, parseArn, shortName } from '#aws'
import { CallError } from '#core'

const thrown = (name: string, message = 'm') => Object.assign(new Error(message), { name })
const client = (error: unknown) => ({ send: () => Promise.reject(error) })

test.each([
  [new UpdateServiceCommand({ service: 'x' }), 'ecs:UpdateService'],
  [new DescribeAlarmsCommand({}), 'cloudwatch:DescribeAlarms'],
  [new FilterLogEventsCommand({}), 'logs:FilterLogEvents'],
  [
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }),
    'application-autoscaling:DescribeScalableTargets',
  ],
  [new DescribeTargetGroupsCommand({}), 'elasticloadbalancing:DescribeTargetGroups'],
  [new HeadObjectCommand({ Bucket: 'b', Key: 'k' }), 's3:GetObject'],
  [new ListObjectsV2Command({ Bucket: 'b' }), 's3:ListBucket'],
  [new HeadObjectCommand({ Bucket: 'b', Key: 'k', VersionId: 'v' }), 's3:GetObjectVersion'],
  [new CopyObjectCommand({ Bucket: 'b', Key: 'k', CopySource: 'b/k' }), 's3:PutObject'],
])('the permission of a command is known after minification: %#', (command, action) => {
  expect(iamAction(command)).toBe(action)
})

test.each([
  ['AccessDeniedException', /grant ecs:DescribeServices/],
  ['ExpiredTokenException', /role-to-assume/],
  ['ThrottlingException', /limits the rate/],
  ['ClusterNotFoundException', /run again/],
])('%s says what to do next', async (name, next) => {
  const failing = call(
    client(thrown(name)),
    new DescribeServicesCommand({ services: ['web'] }),
    'web',
  )
  await expect(failing).rejects.toMatchObject({
    action: 'ecs:DescribeServices',
    on: 'web',
    code: name,
    next: expect.stringMatching(next),
  })
})

test.each([
  ['iam:PassRole on resource: arn:aws:iam::123456789012:role/task because', 'iam:PassRole'],
  ['s3:ListBucket on resource: "arn:aws:s3:::acme" because', 's3:ListBucket'],
])('what AWS says is missing is what to grant: %s', async (said, action) => {
  const error = thrown(
    'AccessDenied',
    `User: arn:aws:sts::1:x is not authorized to perform: ${said}`,
  )
  const failing = call(client(error), new DescribeServicesCommand({ services: [] }), 'web')
  await expect(failing).rejects.toMatchObject({
    action: 'ecs:DescribeServices',
    next: `grant ${action} to the role of this job`,
  })
})

describe('credentials that ended', () => {
  /** A client whose first answer is an ended session; it notes what its provider is told. */
  function ending(expiration: Date | undefined, name = 'ExpiredTokenException') {
    const told: unknown[] = []
    let sent = 0
    return {
      told,
      sent: () => sent,
      send: async () => {
        sent += 1
        if (sent === 1) throw thrown(name)
        return { services: [] }
      },
      config: {
        credentials: async (wish?: unknown) => {
          told.push(wish)
          return { accessKeyId: 'ASIA1', secretAccessKey: 's', ...(expiration && { expiration }) }
        },
      },
    }
  }
  const look = new DescribeServicesCommand({ services: [] })

  test('are renewed, and the call is sent once more', async () => {
    const sender = ending(new Date(0))
    expect(await call(sender, look, 'web')).toEqual({ services: [] })
    expect(sender.told).toEqual([undefined, { forceRefresh: true, refused: 'ASIA1' }])
  })

  test('and are keys without an end, or another failure, are not', async () => {
    const keys = ending(undefined)
    await expect(call(keys, look, 'web')).rejects.toMatchObject({ code: 'ExpiredTokenException' })
    const other = ending(new Date(0), 'ThrottlingException')
    await expect(call(other, look, 'web')).rejects.toMatchObject({ code: 'ThrottlingException' })
    expect([keys.sent(), other.sent()]).toEqual([1, 1])
  })

  test('a stream is not sent twice', async () => {
    const sender = ending(new Date(0), 'ExpiredToken')
    const Body = new ReadableStream()
    const put = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body })
    await expect(call(sender, put, 'k')).rejects.toMatchObject({ code: 'ExpiredToken' })
    expect(sender.sent()).toBe(1)
  })
})

test('a network failure is named by its code, and the cause is kept', async () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const failing = call(client(cause), new DescribeServicesCommand({ services: [] }), 'web')
  const error = await failing.catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(CallError)
  expect(error).toMatchObject({ code: 'ECONNREFUSED', cause })
})

test('doubt, denial and passing faults are told apart', () => {
  expect(isDenied(thrown('AccessDenied'))).toBe(true)
  expect(isPassing(thrown('AccessDenied'))).toBe(false)
  expect(isPassing(thrown('ServiceUnavailableException'))).toBe(true)
  expect(isPassing(thrown('ServiceNotFoundException'))).toBe(false)
  expect(codeOf('text')).toBe('Unknown')
})

test.each([
  [403, 'Forbidden', { denied: true, passing: false }],
  [503, '503', { denied: false, passing: true }],
  [400, '400', { denied: false, passing: false }],
])('an answer without a body is told by its status %i', (httpStatusCode, code, is) => {
  const error = Object.assign(thrown('Unknown'), { $metadata: { httpStatusCode } })
  expect(codeOf(error)).toBe(code)
  expect({ denied: isDenied(error), passing: isPassing(error) }).toEqual(is)
})

test.each([
  ['arn:aws:ecs:us-east-1:123456789012:task-definition/web:7', 'web:7'],
  ['arn:aws:ecs:us-east-1:123456789012:service/acme/web', 'web'],
  ['web', 'web'],
])('the short name of %s is %s', (given, name) => {
  expect(shortName(given)).toBe(name)
})

test('what is no ARN is none', () => {
  expect(parseArn('web:7')).toBeUndefined()
  expect(parseArn('arn:aws:ecs')).toBeUndefined()
})
