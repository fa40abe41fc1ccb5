import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CodeDeployClient,
  CreateApplicationCommand,
  CreateDeploymentCommand,
  GetDeploymentCommand,
} from '@aws-sdk/client-codedeploy'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Sandbox } from '../../../packages/sandbox/index.ts'
import { differences, iamActions, readTable, rolePolicy } from '../../../scripts/permissions.ts'
import {
  createLoadBalancer,
  eventually,
  pushProgram,
  startStreet,
} from '../../sandbox/ecs/street.ts'
import { runBundle } from '../../support/bundle.ts'
import { listenerArnOf } from '../../support/listener.ts'
import { appSpecOf, GROUP, makeGroup, waits } from './codedeploy-scene.ts'

/** The bundle as the runner starts it, with the policy of docs/permissions.md, and users behind a real load balancer. */
const page = readFileSync(join(import.meta.dirname, '../../../docs/permissions.md'), 'utf8')
const role = 'arn:aws:iam::123456789012:role/rollback'
let sandbox: Sandbox
let ecs: ECSClient
let codeDeploy: CodeDeployClient
let url = ''

async function register(image: string): Promise<string> {
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [{ name: 'web', image, portMappings: [{ containerPort: 8080 }] }],
    }),
  )
  return taskDefinition?.taskDefinitionArn ?? ''
}

beforeAll(async () => {
  const subjects = ['repo:acme/shop:environment:production']
  const policies = [rolePolicy(page, { 'acme-production': 'prod' })]
  sandbox = await startStreet([{ arn: role, subjects, policies }])
  const account = '123456789012'
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  const config = { endpoint: sandbox.url, region: 'us-east-1', credentials }
  ecs = new ECSClient(config)
  codeDeploy = new CodeDeployClient(config)
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
  const blue = await createLoadBalancer(sandbox, { name: 'blue', account })
  await createLoadBalancer(sandbox, { name: 'green', account })
  url = blue.url
  await ecs.send(new CreateClusterCommand({ clusterName: 'prod' }))
  await ecs.send(
    new CreateServiceCommand({
      cluster: 'prod',
      serviceName: 'web',
      taskDefinition: await register('web:1'),
      desiredCount: 1,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      deploymentController: { type: 'CODE_DEPLOY' },
      loadBalancers: [
        { targetGroupArn: blue.targetGroupArn, containerName: 'web', containerPort: 8080 },
      ],
    }),
  )
  await codeDeploy.send(
    new CreateApplicationCommand({ applicationName: 'shop', computePlatform: 'ECS' }),
  )
  const group = { blueGreenDeploymentConfiguration: waits(10) }
  await makeGroup({ codeDeploy }, group, [listenerArnOf(blue.targetGroupArn)])
}, 40_000)
afterAll(async () => {
  ecs.destroy()
  codeDeploy.destroy()
  await sandbox.close()
})

const version = async () => {
  const answer = await fetch(url)
  return answer.ok ? ((await answer.json()) as { version: string }).version : ''
}

/** The role is all that the bundle has. */
function withoutKeys() {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = sandbox.env
  return env
}

const run = () =>
  runBundle('ecs-rollback', {
    inputs: {
      ...{ cluster: 'prod', services: 'web', to: 'web:1', 'poll-interval': '100ms' },
      'role-to-assume': role,
    },
    env: withoutKeys(),
  })

test('a service that CodeDeploy deploys is taken back by the bundle: in flight by a stop, finished by a deployment', async () => {
  await eventually('version 1 serves', async () => (await version()) === '1')
  const bad = await register('web:2')
  const deploy = async () => {
    const revision = {
      revisionType: 'AppSpecContent',
      appSpecContent: { content: appSpecOf(bad) },
    } as const
    const made = await codeDeploy.send(new CreateDeploymentCommand({ ...GROUP, revision }))
    await eventually('version 2 serves', async () => (await version()) === '2')
    return made.deploymentId ?? ''
  }
  const status = async (deploymentId: string) =>
    (await codeDeploy.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo?.status

  const first = await deploy()
  const stopped = await run()
  expect([stopped.code, stopped.outputs.outcome, await version()]).toEqual([0, 'done', '1'])
  expect(await status(first)).toBe('Stopped')
  expect(stopped.summary).toContain('web:2 → web:1')

  const second = await deploy()
  await eventually('it has ended', async () => (await status(second)) === 'Succeeded')
  const created = await run()
  expect([created.code, created.outputs.outcome, await version()]).toEqual([0, 'done', '1'])
  expect(created.outputs['bad-tasks-drained']).toBe('false')
  expect(created.summary).toContain('1 task of web:2 without traffic still there')

  const again = await run()
  expect([again.code, again.outputs.outcome]).toEqual([0, 'unchanged'])
}, 180_000)

test('its calls are those of docs/permissions.md, and the policy of that page was enough', () => {
  const ours = sandbox.calls
    .list()
    .filter(({ userAgent }) => userAgent.includes('rollback-actions/'))
  const denied = ours.filter(({ error }) => /AccessDenied/.test(error ?? ''))
  expect(denied.map(({ operation }) => operation)).toEqual([])
  const seen = iamActions(ours)
  expect([...seen].filter((one) => one.startsWith('codedeploy:'))).toHaveLength(8)
  const needs = differences(readTable(page), new Map([['ecs-rollback rollback', seen]]))
  expect(needs.filter((line) => line.includes('does not list'))).toEqual([])
})
