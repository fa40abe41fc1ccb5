import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type Ministack, startMinistack } from '../../packages/sandbox/gateway/ministack.ts'
import { suiteRoot } from '../support/act.ts'

/**
 * The templates that people start with: CloudFormation's stack is created by the emulator's own engine, Terraform's policies are
 * worked out by HashiCorp's, and both are compared with docs/permissions.md.
 */
const run = promisify(execFile)
const folder = join(suiteRoot(), 'templates')
const terraform = ['main.tf', 'policies.tf', 'variables.tf'].map((file) =>
  join(folder, 'terraform', file),
)
const work = mkdtempSync(join(tmpdir(), 'templates-'))
const account = '123456789012'
const region = 'us-east-1'

const { hcl } = (await import(pathToFileURL(resolve('scripts/install.mjs')).href)) as {
  readonly hcl: () => { readonly hcldec: string; readonly hclfmt: string }
}
const { hcldec, hclfmt } = hcl()

interface Policy {
  readonly Version: string
  readonly Statement: readonly { readonly Sid?: string; readonly Condition?: unknown }[]
}

interface Policies {
  readonly role: Policy
  readonly trust: Policy
  readonly store: Policy | undefined
}

type Given = Readonly<Record<string, string>>

/** What docs/permissions.md names, by the parameters of the templates. */
const everything: Given = {
  Repository: 'acme/shop',
  StoreBucket: 'acme-rollback',
  Cluster: 'acme-production',
  MigrationFamily: 'acme-api-gateway',
  TaskRoles: 'acme-task*',
  CodeDeploy: 'true',
  Alarms: 'true',
  LogGroups: '/ecs/acme-production/*',
  Database: 'acme-production',
  DatabaseRole: 'rds-monitoring',
  ConnectionSecret: 'acme/production/database-url',
  Secrets: 'acme/production/*',
  Parameters: 'acme/production/*',
  SiteBucket: 'acme-frontend',
  Distribution: 'E1A2B3C4D5E6F7',
}

/** A team with one ECS service and nothing else, whose token has the ids in it, in an account that has a store and a provider. */
const little: Given = {
  Repository: 'acme@123456/shop@456789',
  RoleName: 'rollback-staging',
  StoreBucket: 'acme-rollback',
  MakeStore: 'false',
  MakeProvider: 'false',
  Cluster: 'acme-staging',
  DeployFrom: 'environment:staging',
  RollbackFrom: 'ref:refs/heads/main',
}

const page = readFileSync(join(suiteRoot(), 'docs/permissions.md'), 'utf8')
const documents: readonly Policy[] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) =>
  JSON.parse(String(text)),
)

/** The policies of the page that hold a statement with this text. */
const withText = (text: string) => documents.filter((one) => JSON.stringify(one).includes(text))

const subs = 'token.actions.githubusercontent.com:sub'

/** The page's trust in two jobs with environments, for one of the two forms in which it names a repository. */
function documentedTrust(repository: string): Policy {
  const found: string[] = []
  const trusts = withText('sts:AssumeRoleWithWebIdentity').map((one) => JSON.stringify(one))
  for (const trust of trusts)
    JSON.parse(trust, (key, value) => {
      if (key === subs) found.push(...[value].flat())
      return value
    })
  const wanted = found.filter((sub) => sub.startsWith(`repo:${repository}:environment:`))
  const [first = ''] = trusts
  return JSON.parse(first, (key, value) => (key === subs ? [...new Set(wanted)] : value))
}

interface Template {
  readonly Parameters: Readonly<Record<string, { Default?: string; Description: string }>>
  readonly Resources: {
    readonly Store: {
      readonly DeletionPolicy: string
      readonly Properties: {
        readonly OwnershipControls: unknown
        readonly LifecycleConfiguration: { readonly Rules: readonly { readonly Id: string }[] }
      }
    }
    readonly Provider: { readonly Properties: { Url: string; ClientIdList: readonly string[] } }
  }
}

const template: Template = parse(readFileSync(join(folder, 'cloudformation.yml'), 'utf8'), {
  logLevel: 'silent',
})
const snake = (name: string) => name.replaceAll(/(?<!^)([A-Z])/g, '_$1').toLowerCase()
const defaults = Object.fromEntries(
  Object.entries(template.Parameters).flatMap(([name, { Default }]) =>
    Default === undefined ? [] : [[name, Default]],
  ),
)

/** What hcldec makes of a file under a specification of its blocks. */
async function decoded(file: string, spec: string, vars: unknown): Promise<unknown> {
  const [specFile, varsFile] = [join(work, 'spec.hcldec'), join(work, 'vars.json')]
  writeFileSync(specFile, spec)
  writeFileSync(varsFile, JSON.stringify(vars))
  const { stdout } = await run(hcldec, ['--spec', specFile, '--vars', varsFile, file])
  return JSON.parse(stdout)
}

/** Terraform's policies under parameters that have CloudFormation's names. */
async function byTerraform(given: Given): Promise<Policies> {
  const values = Object.entries({ ...defaults, ...given }).map(([name, value]) => [
    snake(name),
    /^(true|false)$/.test(value) ? value === 'true' : value,
  ])
  const own = { account, region, partition: 'aws' }
  const names = ['role', 'trust', 'store']
  const attributes = names.map((name) => `attr "${name}_policy" { type = any }`).join('\n')
  const spec = `block {\n block_type = "locals"\n object {\n${attributes}\n}\n}\n`
  const found = (await decoded(join(folder, 'terraform/policies.tf'), spec, {
    var: { ...Object.fromEntries(values), ...own },
  })) as Record<string, Policy>
  const { role_policy: role, trust_policy: trust, store_policy: store } = found
  if (!role || !trust) throw new Error('policies.tf has not all three policies')
  return { role, trust, store: given.MakeStore === 'false' ? undefined : store }
}

let ministack: Ministack

/** The AWS CLI against the emulator. */
async function cli(...args: readonly string[]): Promise<string> {
  const { PATH, HOME } = process.env
  const env = { PATH, HOME, AWS_ACCESS_KEY_ID: account, AWS_SECRET_ACCESS_KEY: 'none' }
  const endpoint = ['--endpoint-url', `http://127.0.0.1:${ministack.port}`, '--region', region]
  const program = join(suiteRoot(), '.tools/python/bin/aws')
  const { stdout } = await run(program, [...args, ...endpoint, '--output', 'json'], { env })
  return stdout
}

/** The same, its answer as data. */
async function aws<Answer extends object>(...args: readonly string[]): Promise<Answer> {
  return JSON.parse((await cli(...args)) || '{}')
}

/** Creates a stack of the template and reads back what AWS would then hold. */
async function byCloudFormation(stack: string, given: Given): Promise<Policies> {
  const overrides = Object.entries(given).map(([name, value]) => `${name}=${value}`)
  await cli(
    ...['cloudformation', 'deploy', '--stack-name', stack],
    ...['--template-file', join(folder, 'cloudformation.yml')],
    ...['--capabilities', 'CAPABILITY_NAMED_IAM', '--parameter-overrides', ...overrides],
  )
  const name = given.RoleName ?? 'rollback'
  const { Role } = await aws<{ Role: { AssumeRolePolicyDocument: Policy } }>(
    ...['iam', 'get-role', '--role-name', name],
  )
  const { PolicyDocument } = await aws<{ PolicyDocument: Policy }>(
    ...['iam', 'get-role-policy', '--role-name', name, '--policy-name', 'rollback'],
  )
  const policies = { role: PolicyDocument, trust: Role.AssumeRolePolicyDocument }
  if (given.MakeStore === 'false') return { ...policies, store: undefined }
  const { Policy } = await aws<{ Policy: string }>('s3api', 'get-bucket-policy', ...bucket)
  return { ...policies, store: JSON.parse(Policy) }
}

const bucket = ['--bucket', 'acme-rollback']
let whole: { readonly cloudformation: Policies; readonly terraform: Policies }
let small: typeof whole

beforeAll(async () => {
  ministack = await startMinistack(work)
  whole = {
    // The emulator makes no identity provider in a stack: that call is sent on its own below.
    cloudformation: await byCloudFormation('production', { ...everything, MakeProvider: 'false' }),
    terraform: await byTerraform(everything),
  }
  small = {
    cloudformation: await byCloudFormation('staging', little),
    terraform: await byTerraform(little),
  }
}, 180_000)

afterAll(async () => {
  await ministack?.close()
  rmSync(work, { recursive: true, force: true })
}, 30_000)

describe.each(['cloudformation', 'terraform'] as const)('%s', (twin) => {
  test('gives the role and the bucket the policies of docs/permissions.md, statement for statement', () => {
    expect([whole[twin].role]).toEqual(withText('"Sid":"StoreBucket"'))
    expect([whole[twin].store]).toEqual(withText('"Sid":"OnlyOverTls"'))
  })

  test('trusts the two jobs that docs/permissions.md names, in the form of sub that the repository has', () => {
    expect(whole[twin].trust).toEqual(documentedTrust('acme/shop'))
    const both = JSON.stringify(documentedTrust('acme@123456/shop@456789'))
      .replace(':environment:production"', ':environment:staging"')
      .replace(':environment:production-rollback"', ':ref:refs/heads/main"')
    expect(small[twin].trust).toEqual(JSON.parse(both))
  })

  test('grants nothing for what is not used', () => {
    const sids = small[twin].role.Statement.map(({ Sid }) => Sid)
    const ofCluster = ['Services', 'Tasks', 'TaskDefinitions', 'Standing']
    const ofScaling = ['ScalableTargets', 'Scaling']
    const always = ['Store', 'StoreBucket', ...ofCluster, ...ofScaling, 'AboutItself']
    expect(sids).toEqual(always)
    expect(JSON.stringify(small[twin].role)).not.toContain('acme-production')
  })
})

test('the bucket of the stack is versioned, private, and owned by the account', async () => {
  const [versioning, open] = await Promise.all([
    aws('s3api', 'get-bucket-versioning', ...bucket),
    aws<{ PublicAccessBlockConfiguration: object }>('s3api', 'get-public-access-block', ...bucket),
  ])
  expect(versioning).toMatchObject({ Status: 'Enabled' })
  const flags = Object.values(open.PublicAccessBlockConfiguration)
  expect(flags).toEqual([true, true, true, true])
  const { DeletionPolicy, Properties } = template.Resources.Store
  expect(DeletionPolicy).toBe('Retain')
  expect(Properties.OwnershipControls).toEqual({
    Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }],
  })
})

test('its lifecycle is one that S3 takes, and expires nothing but what was overwritten', async () => {
  const rules = template.Resources.Store.Properties.LifecycleConfiguration.Rules
  // The emulator passes over it in a stack; the call that it stands for has other names for the same.
  const Rules = rules.map(({ Id, ...rest }) => ({ ID: Id, Filter: {}, ...rest }))
  const file = join(work, 'lifecycle.json')
  writeFileSync(file, JSON.stringify({ Rules }))
  const given = ['--lifecycle-configuration', `file://${file}`]
  await aws('s3api', 'put-bucket-lifecycle-configuration', ...bucket, ...given)
  const kept = await aws<{ Rules: readonly object[] }>(
    ...['s3api', 'get-bucket-lifecycle-configuration', ...bucket],
  )
  expect(kept.Rules).toEqual([
    expect.objectContaining({
      ID: 'overwritten-documents',
      NoncurrentVersionExpiration: { NoncurrentDays: 90 },
    }),
  ])
  expect(rules.flatMap((rule) => Object.keys(rule))).toEqual([
    ...['Id', 'Status', 'NoncurrentVersionExpiration'],
  ])
})

test('the identity provider of the template is one that IAM takes', async () => {
  const { Url, ClientIdList } = template.Resources.Provider.Properties
  const made = await aws<{ OpenIDConnectProviderArn: string }>(
    ...['iam', 'create-open-id-connect-provider', '--url', Url],
    ...['--client-id-list', ...ClientIdList],
  )
  const principal = { Federated: made.OpenIDConnectProviderArn }
  expect(whole.cloudformation.trust.Statement[0]).toMatchObject({ Principal: principal })
})

test('both take the same parameters with the same defaults', async () => {
  const attributes = ['description', 'type', 'default'].map(
    (name) => `attr "${name}" { type = string }`,
  )
  const spec = `block_map {\n block_type = "variable"\n labels = ["name"]\n object {\n${attributes.join('\n')}\n}\n}\n`
  const variables = (await decoded(join(folder, 'terraform/variables.tf'), spec, {
    string: 'string',
    bool: 'bool',
  })) as Record<string, { default?: string }>
  const { account: _, region: _region, partition: _partition, ...rest } = variables
  const ofTerraform = Object.entries(rest).map(([name, one]) => [name, one.default])
  const ofCloudFormation = Object.entries(template.Parameters).map(([name, one]) => [
    snake(name),
    one.Default,
  ])
  expect(Object.fromEntries(ofTerraform)).toEqual(Object.fromEntries(ofCloudFormation))
})

test('the files of Terraform are well formed, formatted, and set the bucket as the stack does', async () => {
  await run(hclfmt, ['-check', '-require-no-change', ...terraform])
  const main = readFileSync(join(folder, 'terraform/main.tf'), 'utf8')
  const settings = [...main.matchAll(/^\s+(\w+)\s+= ("\w+"|true|\d+)$/gm)].map(
    ([, name, value]) => [name, JSON.parse(String(value))],
  )
  expect(Object.fromEntries(settings)).toMatchObject({
    status: 'Enabled',
    object_ownership: 'BucketOwnerEnforced',
    block_public_acls: true,
    block_public_policy: true,
    ignore_public_acls: true,
    restrict_public_buckets: true,
    noncurrent_days: 90,
    prevent_destroy: true,
  })
  expect(main).not.toMatch(/^\s+(expiration|force_destroy)\b/m)
})
