import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { CodeDeployClient, StopDeploymentCommand } from '@aws-sdk/client-codedeploy'
import {
  CreateClusterCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import {
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { describe, expect, test } from '@jest/globals'
import {
  jobClaims,
  memoryGateway,
  textReply,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { clientConfig, failure, stsClient } from '../gateway/clients.ts'

const account = '111111111111'
const role = `arn:aws:iam::${account}:role/rollback`
const who = `User: arn:aws:sts::${account}:assumed-role/rollback/rollback-1 is not authorized to perform:`

interface Granted {
  readonly Action: string | readonly string[]
  readonly Resource?: string
  readonly Effect?: 'Allow' | 'Deny'
  readonly Condition?: object
}

/** A cloud, and the configuration of clients of a session of a role with these statements; without any, of one without policies. */
async function session(...granted: readonly Granted[]) {
  const Statement = granted.map((one) => ({ Effect: 'Allow', Resource: '*', ...one }))
  const policies = granted.length > 0 ? [{ Version: '2012-10-17', Statement }] : undefined
  const gateway = memoryGateway({
    clock: virtualClock(),
    roles: [{ arn: role, subjects: ['*'], ...(policies && { policies }) }],
    forward: async () => textReply(404, 'application/xml', '<Error><Code>NoSuchKey</Code></Error>'),
  })
  const claims = jobClaims({ repository: 'acme/shop' })
  const token = gateway.issuer.token(gateway.issuer.register(claims), 'sts.amazonaws.com')
  const { Credentials } = await stsClient(gateway).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: 'rollback-1',
      WebIdentityToken: token,
    }),
  )
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  }
  return { gateway, config: { ...clientConfig(gateway), credentials } }
}

type Config = Awaited<ReturnType<typeof session>>['config']

describe('a call that no policy allows is refused in the words of AWS', () => {
  const rows: [string, (config: Config) => Promise<unknown>, string, string][] = [
    [
      'JSON',
      (it) => new ECSClient(it).send(new ListTasksCommand({ cluster: 'prod' })),
      'AccessDeniedException',
      'ecs:ListTasks on resource: *',
    ],
    [
      'Query',
      (it) =>
        new RDSClient(it).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'shop' })),
      'AccessDenied',
      `rds:DescribeDBInstances on resource: arn:aws:rds:us-east-1:${account}:db:shop`,
    ],
    [
      'XML',
      (it) =>
        new S3Client({ ...it, forcePathStyle: true }).send(
          new GetObjectCommand({ Bucket: 'b', Key: 'k' }),
        ),
      'AccessDenied',
      's3:GetObject on resource: arn:aws:s3:::b/k',
    ],
    [
      'CBOR',
      (it) => new CloudWatchClient(it).send(new DescribeAlarmsCommand({})),
      'AccessDeniedException',
      'cloudwatch:DescribeAlarms on resource: *',
    ],
  ]
  test.each(rows)('in %s', async (_protocol, call, name, what) => {
    const { config } = await session({ Action: 'ssm:*' })
    const action = what.split(' ')[0]
    expect(await failure(call(config))).toMatchObject({
      name,
      message: `${who} ${what} because no identity-based policy allows the ${action} action`,
    })
  })
})

test('an explicit deny is named', async () => {
  const { config } = await session({ Action: '*' }, { Effect: 'Deny', Action: 'ecs:List*' })
  const refused = await failure(new ECSClient(config).send(new ListTasksCommand({})))
  expect(refused.message).toBe(
    `${who} ecs:ListTasks on resource: * with an explicit deny in an identity-based policy`,
  )
})

test('a secret named by its name is one by its ARN, and only for whom the policy means', async () => {
  const Resource = `arn:aws:secretsmanager:us-east-1:${account}:secret:acme/db-??????`
  const { gateway, config } = await session({ Action: 'secretsmanager:GetSecretValue', Resource })
  const owner = new SecretsManagerClient(clientConfig(gateway))
  for (const Name of ['acme/db', 'acme/db-of-another'])
    await owner.send(new CreateSecretCommand({ Name, SecretString: 'x' }))
  const secrets = new SecretsManagerClient(config)
  const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }))
  expect((await read('acme/db')).SecretString).toBe('x')
  expect((await failure(read('acme/db-of-another'))).name).toBe('AccessDeniedException')
})

test('tags of a task definition take a permission of their own when it is registered', async () => {
  const Condition = { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } }
  const Resource = `arn:aws:ecs:us-east-1:${account}:task-definition/web:*`
  const register = (it: Config, tags: boolean) =>
    new ECSClient(it).send(
      new RegisterTaskDefinitionCommand({
        family: 'web',
        containerDefinitions: [{ name: 'web', image: 'web:1', memory: 64 }],
        ...(tags && { tags: [{ key: 'team', value: 'a' }] }),
      }),
    )
  const registers = { Action: 'ecs:RegisterTaskDefinition' }
  const { config } = await session(registers)
  await register(config, false)
  expect((await failure(register(config, true))).message).toContain(
    `ecs:TagResource on resource: ${Resource}`,
  )
  const tagging = await session(registers, { Action: 'ecs:TagResource', Resource, Condition })
  await register(tagging.config, true)
})

test('a deployment of CodeDeploy is no resource: a policy that names deployment groups refuses to stop it', async () => {
  const Resource = `arn:aws:codedeploy:us-east-1:${account}:deploymentgroup:*`
  const { config } = await session({ Action: 'codedeploy:*', Resource })
  const stop = new StopDeploymentCommand({ deploymentId: 'd-ABCDEFGHI' })
  expect((await failure(new CodeDeployClient(config).send(stop))).message).toContain(
    'codedeploy:StopDeployment on resource: *',
  )
})

test('nothing is done by a call that is refused', async () => {
  const { gateway, config } = await session({ Action: 'ecs:Describe*' })
  const make = new CreateClusterCommand({ clusterName: 'prod' })
  expect((await failure(new ECSClient(config).send(make))).name).toBe('AccessDeniedException')
  const owner = new ECSClient(clientConfig(gateway))
  const listed = await failure(owner.send(new ListTasksCommand({ cluster: 'prod' })))
  expect(listed.name).toBe('ClusterNotFoundException')
})

test.each([
  [
    'may not list the bucket',
    's3:GetObject',
    'AccessDenied',
    's3:ListBucket on resource: arn:aws:s3:::b because',
  ],
  ['may list it', 's3:*', 'NoSuchKey', ''],
])('an object that is not there, to whom %s', async (_who, Action, name, message) => {
  const { config } = await session({ Action })
  const s3 = new S3Client({ ...config, forcePathStyle: true })
  const refused = await failure(s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })))
  expect(refused.name).toBe(name)
  expect(refused.message).toContain(message)
})

test('who one is needs no permission', async () => {
  const { config } = await session({ Action: 'ssm:*' })
  const { Account } = await new STSClient(config).send(new GetCallerIdentityCommand({}))
  expect(Account).toBe(account)
})

test('a role without policies, and a key of the account, may do everything', async () => {
  const { gateway, config } = await session()
  await new ECSClient(config).send(new CreateClusterCommand({ clusterName: 'prod' }))
  await new ECSClient(clientConfig(gateway)).send(new ListTasksCommand({ cluster: 'prod' }))
})
