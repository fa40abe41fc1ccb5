import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { runBundle } from '../../support/bundle.ts'

const account = '123456789012'
const role = `arn:aws:iam::${account}:role/rollback`
const trusted = 'repo:acme/shop:environment:production'
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({
    ministack: false,
    account,
    roles: [{ arn: role, subjects: [trusted] }],
  })
})
afterAll(() => sandbox.close())

/** A job without keys of its own: only the endpoint, and the OIDC variables of a subject. */
const jobOf = (sub: string) => ({
  AWS_ENDPOINT_URL: sandbox.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  ...sandbox.job({
    sub,
    repository: 'acme/shop',
    repository_owner: 'acme',
    ref: 'refs/heads/main',
  }),
})
const inputs = {
  cluster: 'acme',
  services: 'web',
  to: 'web:1',
  region: 'us-east-1',
  'role-to-assume': role,
  'dry-run': 'true',
}

test('assumes the role with the ID token of the job, without any stored key', async () => {
  const ended = await runBundle('ecs-rollback', { inputs, env: jobOf(trusted) })
  const calls = sandbox.calls.count()
  expect(calls['ecs:DescribeServices']).toBe(1)
  expect(calls['sts:AssumeRoleWithWebIdentity']).toBe(1)
  expect(ended.log).toContain('there is no cluster acme in this account and region')
})

test('a subject that the role does not trust is told what was refused', async () => {
  const ended = await runBundle('ecs-rollback', {
    inputs,
    env: jobOf('repo:mallory/shop:ref:refs/heads/main'),
  })
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
  expect(ended.log).toMatch(/sts:AssumeRoleWithWebIdentity on rollback: AccessDenied/)
})

test('credentials of an account that is not allowed end before any other call', async () => {
  sandbox.calls.clear()
  const ended = await runBundle('ecs-rollback', {
    inputs: { ...inputs, 'allowed-account-ids': '999999999999' },
    env: jobOf(trusted),
  })
  expect(ended.log).toContain(
    `these credentials belong to account ${account}, allowed: 999999999999`,
  )
  expect(sandbox.calls.list().filter(({ service }) => service !== 'sts')).toEqual([])
})

test('the account of the configuration file is checked too, before its store is looked at', async () => {
  sandbox.calls.clear()
  const repository = mkdtempSync(join(tmpdir(), 'repository-'))
  mkdirSync(join(repository, '.github'))
  const config = `
version: 1
store: s3://acme-rollback
environments:
  production:
    region: us-east-1
    account: "999999999999"
    services: { cluster: acme, names: [web] }
`
  writeFileSync(join(repository, '.github/rollback.yml'), config)
  const ended = await runBundle('ecs-rollback', {
    inputs: { environment: 'production', 'role-to-assume': role, 'dry-run': 'true' },
    env: jobOf(trusted),
    cwd: repository,
  })
  expect(ended.log).toContain('allowed: 999999999999')
  expect(sandbox.calls.list().filter(({ service }) => service !== 'sts')).toEqual([])
})

test.each([
  [`999999999999,${account}`, 1],
  [account, 1],
  ['999999999999', 0],
])('of the allowed accounts %s one must fit: then %i call goes on', async (allowed, described) => {
  sandbox.calls.clear()
  const given = { ...inputs, 'allowed-account-ids': allowed }
  await runBundle('ecs-rollback', { inputs: given, env: jobOf(trusted) })
  expect(sandbox.calls.count()['ecs:DescribeServices'] ?? 0).toBe(described)
})

test('without permission for an ID token the missing permission is named before any call', async () => {
  sandbox.calls.clear()
  const ended = await runBundle('ecs-rollback', { inputs, env: { AWS_ENDPOINT_URL: sandbox.url } })
  expect(ended.log).toContain('id-token: write')
  expect(sandbox.calls.list()).toEqual([])
})
