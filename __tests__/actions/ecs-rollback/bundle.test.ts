import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'

/** The bundle as the runner starts it. */
let sandbox: Sandbox
let client: ECSClient
const CANARY = 'hunter2-canary'

async function register(value: string): Promise<void> {
  await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [
        {
          name: 'web',
          image: 'web:1',
          environment: [{ name: 'PASSWORD', value }],
          dockerLabels: { also: value },
        },
      ],
    }),
  )
}

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 60, ministack: false })
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  client = new ECSClient({ endpoint: sandbox.url, region: 'us-east-1', credentials })
  const body = { action: 'push', image: 'web:1', command: ['sleep', '600'] }
  const init = { method: 'POST', body: JSON.stringify(body) }
  await fetch(`${sandbox.url}/_sandbox/images`, init)
  await client.send(new CreateClusterCommand({ clusterName: 'prod' }))
  await register(`${CANARY}-old`)
  await register(`${CANARY}-new`)
  await client.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: 'web:2',
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    }),
  )
}, 40_000)
afterAll(async () => {
  client.destroy()
  await sandbox.close()
})

const run = (dryRun: boolean) =>
  runBundle('ecs-rollback', {
    inputs: {
      cluster: 'prod',
      services: 'web',
      to: 'web:1',
      'dry-run': String(dryRun),
      'poll-interval': '100ms',
    },
    env: { ...sandbox.env },
  })

test.each([
  [true, 'planned', 'web:2'],
  [false, 'done', 'web:1'],
])(
  'with dry-run: %s names what changes in the environment, and shows no value anywhere',
  async (dryRun, outcome, runs) => {
    const ended = await run(dryRun)
    expect(ended).toMatchObject({ code: 0, outputs: { outcome } })
    expect(ended.summary).toContain('What changes in the environment of the tasks')
    expect(ended.summary).toContain('PASSWORD')
    const { web } = JSON.parse(ended.outputs['environment-diff'] ?? '')
    const digest = expect.stringMatching(/^[0-9a-f]{8}$/)
    const changed = { container: 'web', change: 'changed', from: digest, to: digest }
    expect(web).toEqual([
      { ...changed, kind: 'environment', name: 'PASSWORD' },
      { ...changed, kind: 'other', name: '' },
    ])
    expect(JSON.parse(ended.report).data.environment.web).toEqual(web)
    const written = [ended.log, ended.summary, ended.report, ...Object.values(ended.outputs)]
    expect(written.join('\n')).not.toContain(CANARY)
    const described = new DescribeServicesCommand({ cluster: 'prod', services: ['web'] })
    const { services } = await client.send(described)
    expect(services?.[0]?.taskDefinition).toMatch(new RegExp(`/${runs}$`))
  },
  60_000,
)

test('lists what a service may go back to, as JSON for the next step', async () => {
  const { code, outputs, summary } = await runBundle('ecs-rollback', {
    inputs: { mode: 'list', cluster: 'prod', services: 'web' },
    env: { ...sandbox.env },
  })
  expect([code, outputs.outcome]).toEqual([0, 'done'])
  const { web } = JSON.parse(outputs.candidates ?? '{}')
  expect(web[0]).toMatchObject({ taskDefinition: expect.stringMatching(/^web:/), eligible: false })
  expect(outputs.candidates).not.toContain('arn:')
  expect(summary).toContain('What web may go back to')
  expect(summary).not.toContain(CANARY)
}, 40_000)
