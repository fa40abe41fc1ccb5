import type * as Ecs from '@aws-sdk/client-ecs'
import { describe, expect, test } from '@jest/globals'
import { digester } from '#aws'
import { diffOf } from '#ecs'
import { toTaskDefinition } from '../../../packages/ecs/map.ts'

const CANARY = 'hunter2-canary'
const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:app/jwt-AbCdEf'

type Container = Ecs.ContainerDefinition
const web: Container = {
  name: 'web',
  image: 'web:v1',
  command: ['serve'],
  environment: [{ name: 'MODE', value: 'a' }],
  secrets: [{ name: 'TOKEN', valueFrom: secret }],
  portMappings: [{ containerPort: 8080 }],
  healthCheck: { command: ['CMD', 'true'], interval: 30 },
  memory: 512,
}

const definition = (container: Partial<Container>, task: Partial<Ecs.TaskDefinition> = {}) =>
  toTaskDefinition({
    taskDefinitionArn: 'arn:aws:ecs:us-east-1:123456789012:task-definition/web:1',
    family: 'web',
    revision: 1,
    status: 'ACTIVE',
    cpu: '256',
    memory: '512',
    taskRoleArn: 'arn:aws:iam::123456789012:role/task',
    executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
    containerDefinitions: [{ ...web, ...container }],
    ...task,
  })

/** `web environment MODE changed`, without digests. */
const words = (a: Parameters<typeof diffOf>[0], b: Parameters<typeof diffOf>[0]) =>
  diffOf(a, b, digester()).map(({ container, kind, name, change }) =>
    [container, kind, name, change].filter((word) => word !== '').join(' '),
  )

describe('what differs between two task definitions', () => {
  test.each<[string, Partial<Container>, Partial<Ecs.TaskDefinition>, readonly string[]]>([
    ['nothing', {}, {}, []],
    [
      'nothing that belongs to a revision',
      {},
      { revision: 2, registeredAt: new Date(5), registeredBy: 'ada', status: 'INACTIVE' },
      [],
    ],
    ['nothing that is empty', { mountPoints: [], systemControls: [], volumesFrom: [] }, {}, []],
    [
      'a variable that is new, with one that is gone',
      { environment: [{ name: 'OTHER', value: 'a' }] },
      {},
      ['web environment MODE removed', 'web environment OTHER added'],
    ],
    [
      'a value',
      { environment: [{ name: 'MODE', value: 'b' }] },
      {},
      ['web environment MODE changed'],
    ],
    [
      'a value that became empty',
      { environment: [{ name: 'MODE', value: '' }] },
      {},
      ['web environment MODE changed'],
    ],
    [
      'the last of two values of a name',
      {
        environment: [
          { name: 'MODE', value: 'b' },
          { name: 'MODE', value: 'a' },
        ],
      },
      {},
      [],
    ],
    [
      'a variable that became a secret',
      { environment: [], secrets: [...(web.secrets ?? []), { name: 'MODE', valueFrom: secret }] },
      {},
      ['web environment MODE removed', 'web secret MODE added'],
    ],
    [
      'a secret read from another version',
      { secrets: [{ name: 'TOKEN', valueFrom: `${secret}:::v2` }] },
      {},
      ['web secret TOKEN moved'],
    ],
    [
      'the secret of a log driver and of the registry',
      {
        logConfiguration: {
          logDriver: 'splunk',
          secretOptions: [{ name: 'splunk-token', valueFrom: secret }],
        },
        repositoryCredentials: { credentialsParameter: secret },
      },
      {},
      ['web secret splunk-token added', 'web secret (registry) added', 'web other added'],
    ],
    [
      'an environment file of another bucket',
      { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/app.env' }] },
      {},
      ['web environment-file app.env added'],
    ],
    ['the image', { image: 'web:v2' }, {}, ['web image changed']],
    [
      'the command and the entry point',
      { command: undefined, entryPoint: ['sh'] },
      {},
      ['web command removed', 'web entry-point added'],
    ],
    [
      'ports',
      {
        portMappings: [
          { containerPort: 8080, hostPort: 80 },
          { containerPort: 9090, protocol: 'udp' },
        ],
      },
      {},
      ['web port 8080/tcp changed', 'web port 9090/udp added'],
    ],
    [
      'the health check',
      { healthCheck: { interval: 10, command: ['CMD', 'true'] } },
      {},
      ['web health-check changed'],
    ],
    [
      'not the order in which a health check is written',
      { healthCheck: { interval: 30, command: ['CMD', 'true'] } },
      {},
      [],
    ],
    [
      'cpu and memory of container and task',
      { cpu: 128, memory: undefined, memoryReservation: 256 },
      { cpu: '512', memory: '1024' },
      [
        'cpu changed',
        'memory changed',
        'web memory limit removed',
        'web cpu added',
        'web memory reservation added',
      ],
    ],
    [
      'roles',
      {},
      { taskRoleArn: undefined, executionRoleArn: 'arn:aws:iam::123456789012:role/other' },
      ['task-role removed', 'execution-role changed'],
    ],
    [
      'something that has no kind of its own',
      { user: 'root' },
      { networkMode: 'host' },
      ['other added', 'web other added'],
    ],
  ])('%s', (_, container, task, expected) => {
    expect(words(definition({}), definition(container, task))).toEqual(expected)
  })

  test('containers that only one of them has, and nothing more of those', () => {
    const sidecar = { ...web, name: 'sidecar' }
    const two = definition({}, { containerDefinitions: [web, sidecar] })
    expect(words(definition({}), two)).toEqual(['sidecar container added'])
    expect(words(two, definition({}))).toEqual(['sidecar container removed'])
  })

  test('a file that is read from another bucket has moved', () => {
    const file = (bucket: string) =>
      definition({ environmentFiles: [{ type: 's3', value: `arn:aws:s3:::${bucket}/app.env` }] })
    expect(words(file('a'), file('b'))).toEqual(['web environment-file app.env moved'])
  })

  test('is told the other way round as its opposite', () => {
    const other = definition({ environment: [{ name: 'OTHER', value: 'a' }] })
    expect(words(other, definition({}))).toEqual([
      'web environment OTHER removed',
      'web environment MODE added',
    ])
  })
})

describe('what is no secret is shown', () => {
  /** `image: web:v1 → web:v2`. */
  const shown = (container: Partial<Container>, task: Partial<Ecs.TaskDefinition> = {}) =>
    diffOf(definition({}), definition(container, task), digester()).map(
      ({ kind, was = '', is = '' }) => `${kind}: ${was} → ${is}`,
    )
  const host = '123456789012.dkr.ecr.eu-central-1.amazonaws.com'
  test.each<[string, Partial<Container>, Partial<Ecs.TaskDefinition>, readonly string[]]>([
    ['the tag of an image', { image: 'web:v2' }, {}, ['image: web:v1 → web:v2']],
    [
      'an image of ECR without its account',
      { image: `${host}/acme/web:v2` },
      {},
      ['image: web:v1 → acme/web:v2'],
    ],
    [
      'twelve digits of a digest',
      { image: `web@sha256:${'a'.repeat(64)}` },
      {},
      [`image: web:v1 → web@sha256:${'a'.repeat(12)}…`],
    ],
    ['sizes', { memory: 1024 }, { cpu: '512' }, ['cpu: 256 → 512', 'memory: 512 → 1024']],
    [
      'the name of a role without its account',
      {},
      { taskRoleArn: 'arn:aws:iam::123456789012:role/team/other' },
      ['task-role: task → other'],
    ],
    [
      'where a secret is read from: name, key, stage, version',
      { secrets: [{ name: 'TOKEN', valueFrom: `${secret}:password:AWSPREVIOUS:v2` }] },
      {},
      [
        'secret: app/jwt-AbCdEf, in us-east-1 → app/jwt-AbCdEf, key password, stage AWSPREVIOUS, version v2, in us-east-1',
      ],
    ],
    [
      'the name of a parameter',
      {
        secrets: [
          {
            name: 'TOKEN',
            valueFrom: 'arn:aws:ssm:eu-west-1:123456789012:parameter/app/jwt',
          },
        ],
      },
      {},
      ['secret: app/jwt-AbCdEf, in us-east-1 → /app/jwt in eu-west-1'],
    ],
    [
      'never a value that was pasted where the name of a parameter belongs',
      { secrets: [{ name: 'TOKEN', valueFrom: `postgres://app:${CANARY}@db/shop?x=1` }] },
      {},
      ['secret: app/jwt-AbCdEf, in us-east-1 → a text that is no name'],
    ],
    [
      'what a port says beside its number',
      { portMappings: [{ containerPort: 8080, hostPort: 80, appProtocol: 'http2' }] },
      {},
      ['port:  → appProtocol http2, hostPort 80'],
    ],
    [
      'the times of a health check, and not its command',
      { healthCheck: { command: ['CMD', CANARY], interval: 10, retries: 5 } },
      {},
      [
        'health-check: every 30 s, 5 s to answer, 3 retries, 0 s to start → every 10 s, 5 s to answer, 5 retries, 0 s to start',
      ],
    ],
    [
      'never a variable',
      { environment: [{ name: 'MODE', value: CANARY }] },
      {},
      ['environment:  → '],
    ],
    ['never a command', { command: ['serve', CANARY] }, {}, ['command:  → ']],
    [
      'never what has no kind of its own, such as labels',
      { dockerLabels: { token: CANARY } },
      {},
      ['other:  → '],
    ],
  ])('%s', (_, container, task, expected) => {
    const said = shown(container, task)
    expect(said).toEqual(expected)
    expect(JSON.stringify(said)).not.toContain(CANARY)
    expect(JSON.stringify(said)).not.toContain('123456789012')
  })
})

describe('values', () => {
  const say = (value: string) =>
    definition(
      {
        environment: [{ name: 'PASSWORD', value }],
        command: ['serve', `--password=${value}`],
        healthCheck: { command: ['CMD', 'curl', `-u:${value}`] },
        user: value,
      },
      { pidMode: value as 'host' },
    )

  test('are told by eight hex digits, equal for equal values of the same run only', () => {
    const digest = digester()
    const [first] = diffOf(say('a'), say('b'), digest)
    expect(first?.from).toMatch(/^[0-9a-f]{8}$/)
    const [again] = diffOf(say('b'), say('a'), digest)
    expect([again?.from, again?.to]).toEqual([first?.to, first?.from])
    const [other] = diffOf(say('a'), say('b'), digester())
    expect(other?.from).not.toBe(first?.from)
  })

  test('are in no answer, and not in the JSON of a task definition', () => {
    const all = [diffOf(say('x'), say(CANARY), digester()), say(CANARY)]
    expect(all[0]).toHaveLength(5)
    expect(JSON.stringify(all)).not.toContain(CANARY)
  })
})
