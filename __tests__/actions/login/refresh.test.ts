import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { jobClaims, type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { type Ended, runBundle } from '../../support/bundle.ts'

/** Sessions of the built bundle that end while it waits for a rollout of eight seconds and more. */
const account = '123456789012'
const role = `arn:aws:iam::${account}:role/rollback`
const refusing = `arn:aws:iam::${account}:role/refusing`
const roles = [
  { arn: role, subjects: ['repo:acme/shop:environment:production'] },
  { arn: refusing, subjects: ['repo:acme/shop:ref:refs/heads/main'] },
]
let sandbox: Sandbox
let client: ECSClient

beforeAll(async () => {
  sandbox = await startSandbox({ scale: 8, ministack: false, account, roles })
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  client = new ECSClient({ endpoint: sandbox.url, region: 'us-east-1', credentials })
  const body = { action: 'push', image: 'web:1', command: ['sleep', '600'] }
  await fetch(`${sandbox.url}/_sandbox/images`, { method: 'POST', body: JSON.stringify(body) })
  await client.send(new CreateClusterCommand({ clusterName: 'prod' }))
  for (const cpu of ['256', '512'])
    await client.send(new RegisterTaskDefinitionCommand(revision(cpu)))
  for (const serviceName of ['web', 'ended', 'down', 'late'])
    await client.send(
      new CreateServiceCommand({
        cluster: 'prod',
        serviceName,
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

const revision = (cpu: string) => ({
  family: 'web',
  networkMode: 'awsvpc' as const,
  cpu,
  memory: '1024',
  requiresCompatibilities: ['FARGATE' as const],
  containerDefinitions: [{ name: 'web', image: 'web:1' }],
})

const put = (page: string, body: unknown, method = 'PUT') =>
  fetch(`${sandbox.url}/_sandbox/${page}`, {
    method,
    ...(method === 'PUT' && { body: JSON.stringify(body) }),
  })

beforeEach(async () => {
  sandbox.calls.clear()
  await put('sessions', { lifetimeSeconds: null })
  await put('tokens', { status: null, lifetimeSeconds: null })
})

/** A job without keys of its own, that rolls a service back. */
function rollback(service: string, inputs: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runBundle('ecs-rollback', {
    inputs: {
      cluster: 'prod',
      services: service,
      to: 'web:1',
      region: 'us-east-1',
      'role-to-assume': role,
      'poll-interval': '100ms',
      ...inputs,
    },
    env: jobEnvironment(),
  })
}

const jobEnvironment = () => ({
  AWS_ENDPOINT_URL: sandbox.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  ...sandbox.job(jobClaims({ repository: 'acme/shop', environment: 'production' })),
})

const sessions = () => sandbox.calls.count()['sts:AssumeRoleWithWebIdentity'] ?? 0

async function runs(service: string): Promise<string | undefined> {
  const asked = new DescribeServicesCommand({ cluster: 'prod', services: [service] })
  const { services } = await client.send(asked)
  return services?.[0]?.taskDefinition?.split('/').at(-1)
}

/** Waits until the bundle is in the middle of its wait. */
async function updated(): Promise<void> {
  for (let n = 0; n < 600 && !sandbox.calls.count()['ecs:UpdateService']; n += 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

describe('a rollback that outlives its sessions', () => {
  test('ends well with sessions of four seconds, and asks for few', async () => {
    await put('sessions', { lifetimeSeconds: 4 })
    const ended = await rollback('web')
    expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    expect(await runs('web')).toBe('web:1')
    const calls = sandbox.calls.list({ service: 'ecs' })
    const [first, last] = [calls.at(0)?.at ?? '', calls.at(-1)?.at ?? '']
    const seconds = (Date.parse(last) - Date.parse(first)) / 1000
    expect(seconds).toBeGreaterThan(6)
    expect(sessions()).toBeGreaterThanOrEqual(3)
    // One every three seconds: three quarters of a session.
    expect(sessions()).toBeLessThanOrEqual(Math.ceil(seconds / 3) + 1)
    expect(calls.length).toBeGreaterThan(5 * sessions())
  }, 60_000)

  test('goes on when its session is ended before its time, by one session more for all that were refused', async () => {
    const ending = rollback('ended')
    await updated()
    await put('sessions', undefined, 'DELETE')
    const ended = await ending
    expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    const refused = sandbox.calls.list().filter(({ error }) => error?.startsWith('ExpiredToken'))
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(sessions()).toBe(2)
  }, 60_000)

  test('waits for a token endpoint that is down for longer than a session lasts', async () => {
    await put('sessions', { lifetimeSeconds: 2 })
    const ending = rollback('down')
    await updated()
    await put('tokens', { status: 500 })
    await new Promise((resolve) => setTimeout(resolve, 3500))
    await put('tokens', { status: null })
    const ended = await ending
    expect(ended).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    expect(await runs('down')).toBe('web:1')
  }, 60_000)

  test('asks again when an ID token ended on its way', async () => {
    await put('tokens', { lifetimeSeconds: -1 })
    const ending = rollback('late', { 'dry-run': 'true' })
    for (let n = 0; n < 600 && sessions() === 0; n += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    await put('tokens', { lifetimeSeconds: null })
    expect(await ending).toMatchObject({ code: 0, outputs: { outcome: 'planned' } })
    expect(sandbox.calls.list({ operation: 'AssumeRoleWithWebIdentity' })[0]).toMatchObject({
      error: 'ExpiredTokenException',
    })
  }, 60_000)
})

describe('what a person reads', () => {
  test('when the trust policy refuses: the sub to allow', async () => {
    const ended = await rollback('web', { 'role-to-assume': refusing })
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
    expect(ended.log).toContain(
      'sts:AssumeRoleWithWebIdentity on refusing: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    )
    expect(ended.log).toContain(
      'the trust policy of refusing does not accept this job: allow the sub repo:acme/shop:environment:production for the audience sts.amazonaws.com',
    )
    expect(sandbox.calls.list({ service: 'ecs' })).toEqual([])
  })

  test('when GitHub gives the job no token: the permission of the job', async () => {
    await put('tokens', { status: 403 })
    const ended = await rollback('web')
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
    expect(ended.log).toContain("an ID token on GitHub's token endpoint: 403:")
    expect(ended.log).toContain('permissions: id-token: write')
    expect(sandbox.calls.list()).toEqual([])
  })

  test('when the role gives no session of the length: that it is an hour, and how to get more', async () => {
    const ended = await rollback('web', { timeout: '2h', 'dry-run': 'true' })
    expect(ended.code).toBe(0)
    expect(ended.log).toContain(
      'rollback gives no session of 2 h 05 min: it lasts an hour and is renewed, but a script that is handed its credentials has only that hour (aws iam update-role --role-name rollback --max-session-duration 7500)',
    )
    const answers = sandbox.calls.list({ operation: 'AssumeRoleWithWebIdentity' })
    expect(answers.map(({ error }) => error)).toEqual(['ValidationError', undefined])
  })

  test('of a script that prints its environment: nothing of its session', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'repository-'))
    writeFileSync(join(cwd, 'deploy'), '#!/bin/sh\nenv | grep ^AWS_\n')
    chmodSync(join(cwd, 'deploy'), 0o755)
    const inputs = { script: 'deploy', region: 'us-east-1', 'role-to-assume': role }
    const ended = await runBundle('run-script', { inputs, env: jobEnvironment(), cwd })
    expect(ended.code).toBe(0)
    expect(ended.log).toContain('a script that is handed its credentials has only that hour')
    expect(ended.log).toContain('AWS_SECRET_ACCESS_KEY=***')
    expect(ended.log).toContain('AWS_SESSION_TOKEN=***')
  })

  test('no token and no key of a session, in any of this', async () => {
    const { log, summary, report } = await rollback('web', { 'dry-run': 'true' })
    const said = [log.replace(/^::add-mask::.*$/gm, ''), summary, report].join('\n')
    expect(said).not.toMatch(/eyJ[\w-]{20}|ASIA[A-Z2-7]{16}/)
  })
})
