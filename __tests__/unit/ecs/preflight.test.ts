import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { CallError } from '#core'
import { connect, factsOf, type TaskDefinition } from '#ecs'
import { inspectEach } from '../../../packages/ecs/preflight/answer.ts'
import { checkText, judgeBalancer } from '../../../packages/ecs/preflight/balancing.ts'
import { judgeImage } from '../../../packages/ecs/preflight/images.ts'
import { findingsOf, namesText } from '../../../packages/ecs/preflight/look.ts'
import {
  type ImageNeed,
  imageNeed,
  needsOf,
  type ParameterNeed,
  referenceNeed,
  type SecretNeed,
} from '../../../packages/ecs/preflight/needs.ts'
import { judgeParameter } from '../../../packages/ecs/preflight/parameters.ts'
import { inspectRoles } from '../../../packages/ecs/preflight/roles.ts'
import { judgeSecret } from '../../../packages/ecs/preflight/secrets.ts'
import { A, B, definition } from './state.ts'

const account = '123456789012'
const registry = `${account}.dkr.ecr.us-east-1.amazonaws.com`

describe('an image of a task definition', () => {
  const at = { account, region: 'us-east-1', repository: 'shop/web' }
  test.each<[string, string | undefined, object]>([
    [`${registry}/shop/web:v1`, undefined, { ...at, id: { imageTag: 'v1' } }],
    [`${registry}/shop/web`, undefined, { ...at, id: { imageTag: 'latest' } }],
    // The tag may lead to another image by now.
    [`${registry}/shop/web:v1`, A, { ...at, id: { imageDigest: A } }],
    [`${registry}/shop/web@${A}`, undefined, { ...at, id: { imageDigest: A } }],
    [`${registry}/shop/web:v1@${A}`, B, { ...at, id: { imageDigest: A } }],
    [
      '210987654321.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web:v1',
      undefined,
      { account: '210987654321', region: 'us-gov-west-1', repository: 'web' },
    ],
    [`${account}.dkr.ecr.cn-north-1.amazonaws.com.cn/web:v1`, A, { region: 'cn-north-1' }],
    [`${account}.dkr-ecr.eu-west-1.on.aws/web:v1`, A, { region: 'eu-west-1' }],
  ])('%s, recorded with %s', (image, recorded, need) => {
    expect(imageNeed(image, recorded)).toMatchObject(need)
  })

  test.each(['web:v1', 'docker.io/library/nginx', 'public.ecr.aws/nginx/nginx:1', 'ghcr.io/a/b'])(
    'that is %s is in no registry that can be asked',
    (image) => {
      expect(imageNeed(image, A)).toBeUndefined()
    },
  )
})

describe('what a valueFrom needs', () => {
  const arn = `arn:aws:secretsmanager:eu-west-1:${account}:secret:prod/db-AbCdEf`
  const parameter = `arn:aws:ssm:us-east-1:${account}:parameter`
  test.each<[string, object]>([
    [arn, { is: 'secret', id: arn, region: 'eu-west-1', stage: undefined, version: undefined }],
    [`${arn}:password::`, { id: arn, stage: undefined, version: undefined }],
    [`${arn}:password:AWSPREVIOUS:`, { id: arn, stage: 'AWSPREVIOUS', version: undefined }],
    [`${arn}:::v-1`, { id: arn, stage: undefined, version: 'v-1' }],
    ['/prod/flags', { is: 'parameter', names: ['/prod/flags'], region: undefined }],
    ['flags', { is: 'parameter', names: ['flags'] }],
    [`${parameter}/prod/flags`, { names: ['/prod/flags'], region: 'us-east-1', foreign: false }],
    // The ARN does not tell a name without a slash from one with it.
    [`${parameter}/flags`, { names: ['flags', '/flags'] }],
    [`${parameter}/prod/flags:7`, { names: ['/prod/flags'], selector: '7' }],
    [parameter.replace(account, '210987654321').concat('/x/y'), { foreign: true }],
    ['/aws/reference/secretsmanager/prod/db', { is: 'secret', id: 'prod/db' }],
  ])('%s', (valueFrom, need) => {
    expect(referenceNeed(valueFrom, account)).toMatchObject(need)
  })

  test.each(['p@ss w0rd!', 'arn:aws:s3:::bucket/key', 'arn:x', `${parameter}`])(
    '%s is no reference',
    (valueFrom) => {
      expect(referenceNeed(valueFrom, account)).toBe('unreadable')
    },
  )

  test('a parameter that AWS gives out is nobody’s', () => {
    expect(referenceNeed('/aws/service/ami-amazon-linux-latest/al2023', account)).toBeUndefined()
  })
})

test('a task definition needs its images, secrets also of registry and logs, files and roles, once each', () => {
  const secret = (name: string) =>
    `arn:aws:secretsmanager:us-east-1:${account}:secret:${name}-AbCdEf`
  const facts = factsOf({
    taskRoleArn: `arn:aws:iam::${account}:role/teams/task`,
    executionRoleArn: 'execution',
    containerDefinitions: [
      {
        name: 'web',
        image: `${registry}/web:v1`,
        environment: [{ name: 'PASSWORD', value: 'canary-7f3a' }],
        secrets: [
          { name: 'TOKEN', valueFrom: secret('token') },
          { name: 'FLAGS', valueFrom: '/prod/flags' },
          { name: 'PASTED', valueFrom: 'canary 7f3a!' },
        ],
        environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::acme-env/prod/web.env' }],
        repositoryCredentials: { credentialsParameter: 'registry' },
        logConfiguration: {
          logDriver: 'splunk',
          secretOptions: [{ name: 'splunk-token', valueFrom: secret('splunk') }],
        },
      },
    ],
  })
  const containers = [
    { name: 'web', image: `${registry}/web:v1` },
    { name: 'edge', image: 'envoy:v1' },
  ]
  const found = needsOf(definition('web:1', { facts, containers }), undefined)
  expect(found.needs.map(({ is, name }) => `${is} ${name}`)).toEqual([
    'image web:v1',
    'role task',
    'role execution',
    'environment file s3://acme-env/prod/web.env',
    'secret token-AbCdEf',
    'parameter /prod/flags',
    'secret splunk-AbCdEf',
    'secret registry',
  ])
  expect(found.elsewhere).toEqual(['envoy:v1'])
  expect(found.unreadable).toEqual(['PASTED of container web'])
  expect(JSON.stringify(found)).not.toContain('canary')
})

describe('a secret', () => {
  const need = (given: Partial<SecretNeed> = {}): SecretNeed => ({
    ...{ is: 'secret', name: 'db', id: 'arn:db', region: undefined },
    ...{ stage: undefined, version: undefined },
    ...given,
  })
  const labels = { 'v-2': ['AWSCURRENT'], 'v-1': ['AWSPREVIOUS'] }
  test.each<[string, Partial<SecretNeed>, object, string[], string, string]>([
    ['with a current version', {}, labels, [], 'there', ''],
    ['with the label that is named', { stage: 'AWSPREVIOUS' }, labels, [], 'there', ''],
    ['with the version that is named', { version: 'v-1' }, labels, [], 'there', ''],
    ['without any version', {}, {}, [], 'lacking', 'has no version with label AWSCURRENT'],
    ['without the label', { stage: 'BLUE' }, labels, [], 'lacking', 'label BLUE'],
    ['without the version', { version: 'v-0' }, labels, [], 'lacking', 'version v-0 of secret db'],
    [
      'whose version lost its label',
      { version: 'v-0' },
      labels,
      ['v-0'],
      'doubtful',
      'may remove it',
    ],
    [
      'whose version has another label than the one beside it',
      { version: 'v-1', stage: 'AWSCURRENT' },
      labels,
      ['v-1'],
      'lacking',
      'v-1 with label AWSCURRENT',
    ],
  ])('%s', (_, given, VersionIdsToStages, unlabelled, is, why) => {
    const answer = judgeSecret(need(given), { VersionIdsToStages } as never, unlabelled)
    expect(answer.is).toBe(is)
    expect('why' in answer ? answer.why : '').toContain(why)
  })

  test('that is scheduled for deletion cannot be read, whatever its versions', () => {
    const facts = { DeletedDate: new Date(), VersionIdsToStages: labels }
    expect(judgeSecret(need(), facts, [])).toMatchObject({
      is: 'lacking',
      next: 'aws secretsmanager restore-secret --secret-id arn:db',
    })
  })
})

describe('a parameter', () => {
  const need = (selector?: string): ParameterNeed => ({
    ...{ is: 'parameter', name: '/x', names: ['/x'], region: undefined, foreign: false },
    selector,
  })
  test.each<[string, string | undefined, { Version?: number } | undefined, string]>([
    ['that is there', undefined, { Version: 3 }, 'there'],
    ['that is not', undefined, undefined, 'lacking'],
    ['in a version that is kept', '104', { Version: 203 }, 'there'],
    ['in a version that went', '103', { Version: 203 }, 'lacking'],
    ['that was made anew since', '7', { Version: 2 }, 'lacking'],
    ['by a label', 'blue', { Version: 2 }, 'doubtful'],
  ])('%s', (_, selector, found, is) => {
    expect(judgeParameter(need(selector), found).is).toBe(is)
  })
})

describe('an image in ECR', () => {
  const image = imageNeed(`${registry}/shop/web:v1`, A) as ImageNeed
  test.each([
    ['ACTIVE', 'there', ''],
    [undefined, 'there', ''],
    ['ACTIVATING', 'lacking', 'imageStatus ACTIVATING'],
    ['ARCHIVED', 'lacking', 'imageStatus ARCHIVED'],
    // Whatever AWS adds later: only ACTIVE is known to be pulled.
    ['FROZEN', 'lacking', 'imageStatus FROZEN'],
  ])('that is %s is %s', (imageStatus, is, why) => {
    const answer = judgeImage(image, { imageStatus } as never)
    expect([answer.is, 'why' in answer ? answer.why : '']).toEqual([
      is,
      expect.stringContaining(why),
    ])
  })

  test('and archived says how it is restored', () => {
    expect(judgeImage(image, { imageStatus: 'ARCHIVED' })).toMatchObject({
      next: expect.stringContaining(
        `aws ecr update-image-storage-class --registry-id ${account} --region us-east-1 --repository-name shop/web --image-id imageDigest=${A} --target-storage-class STANDARD`,
      ),
    })
  })
})

describe('a load balancer', () => {
  const group = `arn:aws:elasticloadbalancing:us-east-1:${account}:targetgroup/web/6d0e`
  const check = {
    ...{ name: 'web/6d0e', protocol: 'HTTP', port: 'traffic-port' },
    ...{ path: '/healthz', matcher: '200' },
  }
  const balancer = { container: 'web', port: 8080, targetGroup: group }
  const opening = (mapping: object): TaskDefinition =>
    definition('web:1', {
      facts: factsOf({ containerDefinitions: [{ name: 'web', portMappings: [mapping] }] }),
    })
  const open = opening({ containerPort: 8080 })
  const judged = (given: Partial<Parameters<typeof judgeBalancer>[1]>) =>
    judgeBalancer(balancer, { definition: open, seen: check, recorded: [check], ...given })

  test.each<[string, Partial<Parameters<typeof judgeBalancer>[1]>]>([
    ['checks as it did', {}],
    ['was never recorded', { recorded: undefined }],
    ['finds its port in a range', { definition: opening({ containerPortRange: '8000-8100' }) }],
    [
      'could not be looked at',
      { seen: new CallError({ action: 'a', on: 'b', code: 'c', next: 'd' }, 'e') },
    ],
  ])('that %s is no finding', (_, given) => {
    expect(judged(given)).toBeUndefined()
  })

  test.each<[string, Partial<Parameters<typeof judgeBalancer>[1]>, string, string]>([
    [
      'checks another port now',
      { seen: { ...check, port: '9090' } },
      'doubt',
      'checked "HTTP traffic-port /healthz 200" when the destination was recorded, and checks "HTTP 9090 /healthz 200" now',
    ],
    ['checks another path now', { seen: { ...check, path: '/ready' } }, 'doubt', '/ready'],
    ['counts other answers now', { seen: { ...check, matcher: '200-299' } }, 'doubt', '200-299'],
    ['has another group now', { recorded: [{ ...check, name: 'old/1' }] }, 'doubt', 'old/1'],
    ['has no group any more', { seen: undefined }, 'obstacle', 'web/6d0e is not there'],
    [
      'finds no port',
      { definition: opening({ containerPort: 3000 }) },
      'obstacle',
      'port 8080 of container web, which web:1 does not open',
    ],
  ])('that %s', (_, given, is, why) => {
    expect(judged(given)).toMatchObject({ is, why: expect.stringContaining(why) })
  })

  test('says its check in a few words', () => {
    expect(checkText({ name: 'web', protocol: 'TCP', port: '8080' })).toBe('TCP 8080')
  })
})

test('looks that failed alike are one doubt, with the permission', () => {
  const call = (code: string) =>
    new CallError({ action: 'iam:GetRole', on: 'task', code, next: 'grant iam:GetRole' }, 'no')
  const role = (name: string) => ({ is: 'role' as const, name, foreign: false })
  const seen = (name: string, services: string[], code: string) => ({
    ...{ need: role(name), services },
    answer: { is: 'unseen' as const, call: call(code) },
  })
  const found = findingsOf([
    seen('task', ['web'], 'AccessDenied'),
    seen('execution', ['web', 'api'], 'AccessDenied'),
    seen('other', ['web'], 'ServiceUnavailable'),
  ])
  expect(found.map(({ service, is, why, next }) => [service, is, why, next])).toEqual([
    [
      'web, api',
      'doubt',
      'nobody looked whether this is there: role task, execution (iam:GetRole is not allowed)',
      'grant iam:GetRole',
    ],
    ['web', 'doubt', expect.stringContaining('iam:GetRole: ServiceUnavailable'), expect.anything()],
  ])
})

describe('when the far side', () => {
  const failing = async (code: string) => {
    const things = Array.from({ length: 40 }, (_, index) => index)
    const asked: number[] = []
    const seen = await inspectEach(things, async (thing) => {
      asked.push(thing)
      throw new CallError({ action: 'iam:GetRole', on: 'x', code, next: '' }, 'no')
    })
    return { asked, answers: new Set(seen.map(([, { is }]) => is)), things: seen.length }
  }

  test('is silent, nobody waits for it for each thing again', async () => {
    const { asked, answers, things } = await failing('ETIMEDOUT')
    expect([things, [...answers]]).toEqual([40, ['unseen']])
    expect(asked.length).toBeLessThan(10)
  })

  test('denies one thing, the others are asked for', async () => {
    expect((await failing('AccessDenied')).asked).toHaveLength(40)
  })

  test('takes the connection and never answers, the call ends after ten seconds', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const clients = connect({
      ...{ region: 'us-east-1', maxAttempts: 1, retryMode: 'standard', customUserAgent: 'test' },
      credentials: async () => ({ accessKeyId: account, secretAccessKey: 'x' }),
      ...{ endpoint: `http://127.0.0.1:${port}` },
    })
    const role = { is: 'role', name: 'task', foreign: false } as const
    const [seen] = await inspectRoles(clients, [role])
    server.close()
    expect(seen).toMatchObject([role, { is: 'unseen', call: { code: 'TimeoutError' } }])
  }, 20_000)
})

test('many names are told as some and a number', () => {
  expect(namesText(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more')
})
