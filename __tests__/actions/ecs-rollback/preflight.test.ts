import { BatchDeleteImageCommand, UpdateImageStorageClassCommand } from '@aws-sdk/client-ecr'
import {
  type ContainerDefinition,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { ModifyTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager'
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Result } from '#core'
import { captureServices } from '#ecs'
import { gate } from '#points'
import { createDocument, keys, type Point } from '#store'
import { inProcessHandler } from '../../../packages/sandbox/index.ts'
import { testRun } from '../../support/run.ts'
import { CLUSTER, clientsOf, MINUTE, openRecord, recordId, type Scene, scene } from './scene.ts'

const account = '123456789012'
const canary = 'canary-7f3a91'
const roleOf = (service: string) => `arn:aws:iam::${account}:role/${service}-task`
const repository = (service: string) => `${account}.dkr.ecr.us-east-1.amazonaws.com/shop/${service}`

let at: Scene
afterEach(() => at.close())

/** Registers what a service stands on as a company has it: an image in ECR, a secret, a parameter, a file, two roles. */
async function whole(service: string, secret: string, more: Partial<ContainerDefinition> = {}) {
  const image = `${repository(service)}:v3`
  const digest = at.push(image)
  const { taskDefinition } = await at.clients.ecs.send(
    new RegisterTaskDefinitionCommand({
      family: service,
      ...{ networkMode: 'awsvpc', cpu: '256', memory: '512' },
      requiresCompatibilities: ['FARGATE'],
      taskRoleArn: roleOf(service),
      executionRoleArn: `arn:aws:iam::${account}:role/execution`,
      containerDefinitions: [
        {
          name: service,
          image,
          environment: [{ name: 'PASSWORD', value: canary }],
          secrets: [
            { name: 'TOKEN', valueFrom: secret },
            { name: 'FLAGS', valueFrom: `/prod/${service}/flags` },
          ],
          environmentFiles: [{ type: 's3', value: `arn:aws:s3:::acme-env/${service}.env` }],
          ...more,
        },
      ],
    }),
  )
  return { digest, taskDefinition: taskDefinition?.taskDefinitionArn ?? '' }
}

const nameOf = (service: string) => `prod/${service}`
async function putSecret(service: string): Promise<string> {
  const made = await at.clients.secrets.send(
    new CreateSecretCommand({ Name: nameOf(service), SecretString: canary }),
  )
  await at.clients.parameters.send(
    new PutParameterCommand({
      ...{ Name: `/prod/${service}/flags`, Value: canary, Type: 'SecureString' },
    }),
  )
  return made.ARN ?? ''
}

/** Services that were deployed well on all of that, their point, and a bad release after it. */
async function company(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  at = await scene({ names })
  const digests = await Promise.all(
    names.map(async (name) => {
      const { digest, taskDefinition } = await whole(name, await putSecret(name))
      await at.update(name, { taskDefinition })
      return [name, digest] as const
    }),
  )
  await at.clock.advance(10 * MINUTE)
  await at.takePoint()
  await at.deployBad()
  at.gateway.calls.clear()
  return Object.fromEntries(digests)
}

/** Clients for which a bucket has just these objects: the sandbox in memory has no S3. */
function withFiles(...keysThere: readonly string[]) {
  const inner = inProcessHandler(at.gateway)
  return clientsOf({
    handle: async (request) => {
      const [, key] = /\/([a-z]+\.env)$/.exec(request.path) ?? []
      if (request.method !== 'HEAD' || key === undefined) return inner.handle(request)
      const statusCode = keysThere.includes(key) ? 200 : 404
      return { response: { statusCode, headers: {}, body: undefined } as never }
    },
  })
}

const goneRoles = async (...gone: readonly string[]) => {
  const body = new TextEncoder().encode(JSON.stringify({ gone }))
  await at.gateway.handle({ method: 'PUT', url: '/_sandbox/roles', headers: {}, body })
}
const imageOf = (service: string, imageDigest: string | undefined) => {
  return { repositoryName: `shop/${service}`, imageId: { imageDigest } }
}
const mutations = () => at.gateway.calls.list({ mutating: true }).map(({ operation }) => operation)
/** What the checks warn of; whether a tag has moved is another question to ECR. */
const warnings = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith('warning: ') && !line.includes('the tag has moved'))
const rowsOf = (result: Result, title: string) =>
  (result.sections ?? []).flatMap((section) =>
    section.title === title && 'rows' in section ? section.rows : [],
  )

describe('before anything is changed', () => {
  test('all that the destinations of three services lack is told at once, and nothing is changed', async () => {
    const digests = await company(['web', 'api', 'jobs'])
    const { images, secrets, parameters } = at.clients
    const archived = { ...imageOf('web', digests.web), targetStorageClass: 'ARCHIVE' as const }
    await images.send(new UpdateImageStorageClassCommand(archived))
    const { repositoryName, imageId } = imageOf('api', digests.api)
    await images.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [imageId] }))
    await secrets.send(new DeleteSecretCommand({ SecretId: nameOf('api') }))
    await parameters.send(new DeleteParameterCommand({ Name: '/prod/jobs/flags' }))
    await goneRoles(roleOf('jobs'))
    at.gateway.calls.clear()
    const result = await at.run({ clients: withFiles('web.env', 'api.env') })
    expect(result.outcome).toBe('refused')
    expect(
      rowsOf(result, 'What the destination lacks').map(([service, what, why]) => [
        service,
        what,
        why,
      ]),
    ).toEqual([
      ['web', 'image', expect.stringContaining('imageStatus ARCHIVED')],
      ['api', 'image', expect.stringContaining('is not in ECR')],
      ['api', 'secret', expect.stringContaining('is scheduled for deletion')],
      ['jobs', 'parameter', 'parameter /prod/jobs/flags is not there'],
      ['jobs', 'environment file', 'environment file s3://acme-env/jobs.env is not there'],
      ['jobs', 'role', expect.stringContaining('role jobs-task is not there')],
    ])
    expect(result.headline).toContain('nothing was changed')
    expect(result.next?.join('\n')).toContain('update-image-storage-class')
    expect([mutations(), at.entries]).toEqual([[], []])
    expect(await at.shows('web')).toContain('web:3 2/2')
  })

  test('where all is there it goes back, having asked for each thing once and for no value', async () => {
    await company(['web', 'api'])
    const result = await at.run({ clients: withFiles('web.env', 'api.env') })
    expect([result.outcome, warnings(result.lines)]).toEqual(['done', []])
    const looks = at.gateway.calls.list({ mutating: false })
    const of = (service: string) =>
      looks.filter((one) => one.service === service).map(({ operation }) => operation)
    // The execution role is shared; both parameters go into one call.
    expect(of('iam')).toEqual(['GetRole', 'GetRole', 'GetRole'])
    expect(of('ssm')).toEqual(['DescribeParameters'])
    // For each image by its digest, and once by its tag, which may have moved.
    expect(of('ecr')).toHaveLength(4)
    expect(of('secretsmanager')).toEqual(['DescribeSecret', 'DescribeSecret'])
    expect(JSON.stringify([result, at.entries])).not.toContain(canary)
  })

  test('images of other registries are one line of the summary', async () => {
    at = await scene({ names: ['web', 'api'] })
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({})
    expect([result.outcome, warnings(result.lines)]).toEqual(['done', []])
    expect(result.sections?.filter(({ title }) => title === 'Not looked for')).toEqual([
      { title: 'Not looked for', text: expect.stringContaining('web:v1, api:v1') },
    ])
  })

  test.each([
    ['ecr', 'DescribeImages', 'ecr:DescribeImages'],
    ['secretsmanager', 'DescribeSecret', 'secretsmanager:DescribeSecret'],
    ['ssm', 'DescribeParameters', 'ssm:DescribeParameters'],
    ['iam', 'GetRole', 'iam:GetRole'],
  ])(
    '%s:%s denied is one doubt that names it, and stops nothing',
    async (service, operation, action) => {
      await company(['web', 'api'])
      at.gateway.faults.set([{ effect: 'denied', service, operation }])
      const result = await at.run({ clients: withFiles('web.env', 'api.env') })
      expect(result.outcome).toBe('done')
      const text = expect.stringContaining(`grant ${action} to the role of this job`)
      expect(warnings(result.lines)).toEqual([text])
      expect(rowsOf(result, 'Doubts before the first change').map((row) => row.at(-1))).toEqual([
        text,
      ])
    },
  )

  test('an image of another region is looked for there', async () => {
    at = await scene()
    const image = `${account}.dkr.ecr.eu-west-1.amazonaws.com/shop/web:v3`
    const imageDigest = at.push(image)
    await at.update('web', { taskDefinition: await at.register('web', image) })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    const there = at.clients.inRegion('eu-west-1').images
    await there.send(
      new UpdateImageStorageClassCommand({
        ...imageOf('web', imageDigest),
        targetStorageClass: 'ARCHIVE',
      }),
    )
    expect((await at.run({})).headline).toContain('imageStatus ARCHIVED')
  })

  test('of several images of a repository only the one that is gone is named', async () => {
    at = await scene({ names: ['web', 'api'] })
    const images = { web: `${repository('shop')}:v3`, api: `${repository('shop')}:v4` }
    const imageDigest = at.push(images.web)
    at.push(images.api)
    for (const [name, image] of Object.entries(images)) {
      await at.update(name, { taskDefinition: await at.register(name, image) })
    }
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    const { repositoryName } = imageOf('shop', imageDigest)
    const input = { repositoryName, imageIds: [{ imageDigest }] }
    await at.clients.images.send(new BatchDeleteImageCommand(input))
    const result = await at.run({})
    expect(rowsOf(result, 'What the destination lacks')).toEqual([
      ['web', 'image', expect.stringContaining(imageDigest), expect.anything()],
    ])
  })

  test('a registry that does not answer is doubt', async () => {
    await company(['web'])
    at.gateway.faults.set([{ effect: 'reset', service: 'ecr' }])
    const result = await at.run({ clients: withFiles('web.env') })
    expect([result.outcome, warnings(result.lines)]).toEqual([
      'done',
      [expect.stringContaining('image shop/web:v3@sha256')],
    ])
  })

  test('a version of a secret that is gone is told by its name', async () => {
    at = await scene({ names: ['web'] })
    const secret = await putSecret('web')
    const { taskDefinition } = await whole('web', `${secret}:::5f2c`)
    await at.update('web', { taskDefinition })
    await at.clock.advance(10 * MINUTE)
    await at.takePoint()
    await at.deployBad()
    const result = await at.run({ clients: withFiles('web.env') })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('version 5f2c of secret prod/web'),
    ])
    expect(JSON.stringify(result)).not.toContain(canary)
  })
})

describe('behind a load balancer', () => {
  /** A service behind a target group, its point, and a bad release. */
  async function balanced(old: readonly number[]) {
    at = await scene({ names: ['web'] })
    const place = { account, region: 'us-east-1' }
    const group = at.balancers.createGroup({ ...place, name: 'shop' })
    const portMappings = [{ containerPort: 8080 }]
    at.push('shop:v1')
    await at.clients.ecs.send(
      new CreateServiceCommand({
        cluster: CLUSTER,
        serviceName: 'shop',
        taskDefinition: await at.register('shop', 'shop:v1', { portMappings }),
        ...{ desiredCount: 1, launchType: 'FARGATE' },
        networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
        loadBalancers: [{ targetGroupArn: group.arn, containerName: 'shop', containerPort: 8080 }],
      }),
    )
    await at.clock.advance(10 * MINUTE)
    await at.register('shop', 'shop:v1', {
      portMappings: old.map((containerPort) => ({ containerPort })),
    })
    at.push('shop:v2')
    await at.update('shop', {
      taskDefinition: await at.register('shop', 'shop:v2', { portMappings }),
    })
    await at.clock.advance(10 * MINUTE)
    return group
  }

  test('a check that was changed since is doubt, with what it was and what it is', async () => {
    const group = await balanced([8080])
    const captured = await captureServices(
      at.clients,
      { cluster: CLUSTER, names: ['shop'] },
      'point',
    )(testRun({ clock: at.clock }))
    await at.takePoint((point) => withService(point, captured.state, 'shop:1'))
    const change = { TargetGroupArn: group.arn, HealthCheckPort: '8081' }
    await at.clients.balancing.send(new ModifyTargetGroupCommand(change))
    const result = await at.run({ services: ['shop'], dryRun: true })
    expect(result.outcome).toBe('planned')
    expect(warnings(result.lines).join('\n')).toMatch(
      /target group shop\/\w+ checked "HTTP traffic-port \/ 200" when .* and checks "HTTP 8081 \/ 200" now/,
    )
  })

  test('a destination that does not open its port is refused', async () => {
    await balanced([9000])
    const destination = { by: 'revision', taskDefinition: 'shop:2' } as const
    const result = await at.run({ services: ['shop'], destination })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('port 8080 of container shop, which shop:2 does not open'),
    ])
  })

  test('a target group that may not be looked at is doubt', async () => {
    await balanced([8080])
    at.gateway.faults.set([{ effect: 'denied', service: 'elasticloadbalancing' }])
    const destination = { by: 'revision', taskDefinition: 'shop:1' } as const
    const result = await at.run({ services: ['shop'], destination, dryRun: true })
    expect([result.outcome, warnings(result.lines).join('\n')]).toEqual([
      'planned',
      expect.stringMatching(/\(elasticloadbalancing:DescribeTargetGroups is not allowed\); grant /),
    ])
  })
})

const withService = (
  point: Point,
  state: NonNullable<Point['components']['ecs']>,
  taskDefinition: string,
): Point => ({
  ...point,
  components: {
    ecs: { ...state, services: state.services.map((one) => ({ ...one, taskDefinition })) },
  },
})

describe('a schema that is ahead of the destination', () => {
  const migrations = (applied: readonly string[], pending: readonly string[] = []) => ({
    ...{ tool: 'dbmate' as const, table: 'schema_migrations', schemaFingerprint: 'f' },
    applied: [...applied],
    pending: pending.map((version) => ({
      ...{ version, name: version, sha256: 'x', additive: false, why: 'DROP COLUMN total' },
      undo: { is: 'impossible' as const, why: 'no down' },
    })),
  })

  /** Run 4711 deployed migration 2, which was verified; then something went bad. */
  async function migrated(applied: readonly string[]) {
    at = await scene()
    const point = await at.takePoint((one) => ({
      ...one,
      takenAt: '2026-11-22T01:00:00Z',
      components: { ...one.components, migrations: migrations(['1'], ['2']) },
      deployment: { state: 'verified', history: [], journal: [] },
    }))
    const { deployment: _, ...rest } = point
    const after: Point = {
      ...rest,
      id: 'production/4711/after',
      point: 'after',
      takenAt: '2026-11-22T02:00:00Z',
      components: { ...point.components, migrations: migrations(applied) },
    }
    await createDocument(at.store, keys.document(after.id), after)
    await at.deployBad()
    return point
  }
  const before = { by: 'point', to: 'production/4711/before' } as const

  test('by a breaking migration is refused, with the step that takes both back', async () => {
    await migrated(['1', '2'])
    const result = await at.run({ destination: before, dryRun: true })
    expect([result.outcome, result.headline]).toEqual([
      'refused',
      expect.stringContaining('2 (DROP COLUMN total)'),
    ])
    expect(result.next?.join('\n')).toContain('rollback.yml')
  })

  test('is nobody’s business where the migration never came', async () => {
    await migrated(['1'])
    const result = await at.run({ destination: before, dryRun: true })
    expect([result.outcome, warnings(result.lines)]).toEqual(['planned', []])
  })

  test('is the business of the record where there is one', async () => {
    const point = await migrated(['1', '2'])
    await openRecord(at, point.id)
    const result = await at.run({ destination: undefined, record: recordId })
    expect([result.outcome, warnings(result.lines)]).toEqual(['done', []])
  })

  test('is a doubt while the record that takes it back has not begun to', async () => {
    const point = await migrated(['1', '2'])
    await openRecord(at, point.id, { profile: 'B' })
    const result = await at.run({ destination: undefined, record: recordId })
    expect(warnings(result.lines)).toEqual([
      expect.stringContaining('run migration-revert with this record first'),
    ])
    const entry = { component: 'migrations', operation: 'revert', on: 'db', at: '', run: '4711' }
    at.entries.unshift(entry)
    await at.deployBad()
    const later = await at.run({ destination: undefined, record: recordId })
    expect(warnings(later.lines)).toEqual([])
  })
})

describe('the gate of a deployment', () => {
  const gated = (clients = withFiles('web.env')) => {
    const where = { cluster: CLUSTER, names: ['web'] }
    const ecs = captureServices(clients, where, 'point')
    const none = { rds: undefined, migrations: undefined, config: undefined, site: undefined }
    return gate(testRun({ clock: at.clock, identity: { runId: '4712' } }), at.store, {
      captures: { ...none, ecs },
      ...{ baseline: undefined, keep: undefined, github: undefined, button: () => '' },
    })
  }

  test('opens where what runs could be started again', async () => {
    at = await scene()
    await at.update('web', await whole('web', await putSecret('web')))
    await at.clock.advance(10 * MINUTE)
    expect(await gated()).toMatchObject({ outcome: 'done' })
  })

  test.each<[string, (digest: string) => Promise<unknown>, string]>([
    [
      'its image is archived',
      (digest) => {
        const input = { ...imageOf('web', digest), targetStorageClass: 'ARCHIVE' as const }
        return at.clients.images.send(new UpdateImageStorageClassCommand(input))
      },
      'imageStatus ARCHIVED',
    ],
    [
      'its image is gone',
      (imageDigest) => {
        const input = { repositoryName: 'shop/web', imageIds: [{ imageDigest }] }
        return at.clients.images.send(new BatchDeleteImageCommand(input))
      },
      'is not in ECR',
    ],
    [
      'its secret is being deleted',
      () => at.clients.secrets.send(new DeleteSecretCommand({ SecretId: 'prod/web' })),
      'is scheduled for deletion',
    ],
  ])('refuses a deployment that could not be taken back: %s', async (_, spoil, why) => {
    at = await scene()
    const { digest, taskDefinition } = await whole('web', await putSecret('web'))
    await at.update('web', { taskDefinition })
    await at.clock.advance(10 * MINUTE)
    await spoil(digest)
    const result = await gated()
    expect([result.outcome, JSON.stringify(result)]).toEqual([
      'refused',
      expect.stringContaining(why),
    ])
  })

  test('only warns of what it may not look at', async () => {
    at = await scene()
    await at.update('web', await whole('web', await putSecret('web')))
    await at.clock.advance(10 * MINUTE)
    at.gateway.faults.set([{ effect: 'denied', service: 'iam' }])
    const result = await gated()
    expect([result.outcome, JSON.stringify(result)]).toEqual([
      'done',
      expect.stringContaining('grant iam:GetRole'),
    ])
  })
})
