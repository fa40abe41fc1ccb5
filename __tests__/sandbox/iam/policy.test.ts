import { describe, expect, test } from '@jest/globals'
import { answer, parsePolicy, type Question } from '../../../packages/sandbox/iam/policy.ts'
import { type Asked, questionsOf } from '../../../packages/sandbox/iam/questions.ts'
import { s3Questions } from '../../../packages/sandbox/iam/s3.ts'

type Statement = Readonly<Record<string, unknown>>

const policy = (...Statement: Statement[]) =>
  parsePolicy({
    Version: '2012-10-17',
    Statement: Statement.map((one) => ({ Effect: 'Allow', Resource: '*', ...one })),
  })

const CLUSTER = 'arn:aws:ecs:us-east-1:123456789012:cluster/prod'
const WEB = 'arn:aws:ecs:us-east-1:123456789012:service/prod/web'
const question = (more: Partial<Question> = {}): Question => ({
  action: 'ecs:UpdateService',
  resource: WEB,
  context: { 'ecs:cluster': CLUSTER },
  ...more,
})

describe('a statement', () => {
  const cluster = (operator: string, value: string | string[], key = 'ecs:cluster') => ({
    Action: 'ecs:*',
    Condition: { [operator]: { [key]: value } },
  })
  const rows: [string, Statement, Partial<Question>, boolean][] = [
    ['with the action', { Action: 'ecs:UpdateService' }, {}, true],
    ['with another action', { Action: 'ecs:DescribeServices' }, {}, false],
    ['with the action in another case', { Action: 'ECS:updateservice' }, {}, true],
    ['with a * at the end', { Action: ['s3:*', 'ecs:Update*'] }, {}, true],
    ['with a * inside', { Action: 'ecs:*Service' }, {}, true],
    ['with a ? for one letter', { Action: 'ecs:UpdateServic?' }, {}, true],
    ['with a ? for two letters', { Action: 'ecs:UpdateServ?' }, {}, false],
    ['with a point that is no wildcard', { Action: 'ecs.UpdateService' }, {}, false],
    ['on the resource', { Action: '*', Resource: WEB }, {}, true],
    [
      'on the resources of the cluster',
      { Action: '*', Resource: WEB.replace('web', '*') },
      {},
      true,
    ],
    ['on the resource in another case', { Action: '*', Resource: WEB.toUpperCase() }, {}, false],
    ['on an ARN, asked without one', { Action: '*', Resource: WEB }, { resource: '*' }, false],
    ['on everything, asked without a resource', { Action: '*' }, { resource: '*' }, true],
    ['in the cluster', cluster('ArnEquals', CLUSTER), {}, true],
    ['in another cluster', cluster('ArnEquals', `${CLUSTER}2`), {}, false],
    ['in a cluster by wildcard', cluster('ArnEquals', CLUSTER.replace('prod', 'pr*')), {}, true],
    [
      'with a * that would reach over a colon',
      cluster('ArnLike', 'arn:aws:ecs:*:cluster/prod'),
      {},
      false,
    ],
    ['with the key in another case', cluster('ArnLike', CLUSTER, 'ECS:Cluster'), {}, true],
    ['with one of several values', cluster('StringEquals', ['x', CLUSTER]), {}, true],
    ['with the text as a pattern, compared as a text', cluster('StringEquals', '*'), {}, false],
    ['with a pattern', cluster('StringLike', '*/prod'), {}, true],
    ['with none of several values', cluster('StringNotEquals', ['x', CLUSTER]), {}, false],
    ['with a key that is not there', cluster('StringLike', '*'), { context: {} }, false],
    [
      'with a key that is not there, if it exists',
      cluster('StringLikeIfExists', 'x'),
      { context: {} },
      true,
    ],
    ['not like a key that is not there', cluster('ArnNotLike', '*'), { context: {} }, true],
    ['without the key', cluster('Null', 'true'), { context: {} }, true],
    ['without the key that is there', cluster('Null', 'true'), {}, false],
  ]
  test.each(rows)('%s', (_what, statement, more, allowed) => {
    expect(answer([policy(statement)], question(more))).toBe(allowed ? 'allowed' : 'silent')
  })
})

test('a Deny wins, in whatever policy and order', () => {
  const allow = policy({ Action: '*' })
  const deny = policy({ Effect: 'Deny', Action: 'ecs:Update*' })
  expect(answer([allow, deny], question())).toBe('denied')
  expect(answer([deny, allow], question())).toBe('denied')
  expect(answer([deny], question({ action: 'ecs:DescribeServices' }))).toBe('silent')
  expect(answer([], question())).toBe('silent')
})

test.each([
  [
    'an operator',
    { Action: '*', Condition: { DateLessThan: { 'aws:CurrentTime': 'x' } } },
    'DateLessThan',
  ],
  ['a key', { Action: '*', Condition: { StringLike: { 'aws:SourceIp': 'x' } } }, 'aws:SourceIp'],
  ['a variable', { Action: '*', Resource: 'arn:aws:s3:::b/${aws:username}' }, 'aws:username'],
  ['an element', { NotAction: 's3:*', Action: '*' }, 'NotAction'],
])('%s that the sandbox cannot evaluate is refused at once', (_what, statement, named) => {
  expect(() => policy(statement)).toThrow(named)
})

describe('what a call asks', () => {
  const DEPLOYMENT = 'arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/web/1'
  const home = { account: '123456789012', region: 'us-east-1' }
  const facts = {
    secretArn: async (id: string) =>
      id === 'db' ? 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf' : undefined,
    taskRoles: async () => ['arn:aws:iam::123456789012:role/task'],
  }
  const monitoring = 'arn:aws:iam::123456789012:role/monitoring'
  const rows: [string, string, object, readonly string[]][] = [
    [
      'ecs',
      'DescribeServices',
      { cluster: 'prod', services: ['web', WEB] },
      ['ecs:DescribeServices service/prod/web', 'ecs:DescribeServices service/prod/web'],
    ],
    [
      'ecs',
      'UpdateService',
      { cluster: CLUSTER, service: 'web' },
      ['ecs:UpdateService service/prod/web'],
    ],
    [
      'ecs',
      'DescribeTasks',
      { cluster: 'prod', tasks: ['1a'] },
      ['ecs:DescribeTasks task/prod/1a'],
    ],
    [
      'ecs',
      'UpdateTaskProtection',
      { cluster: 'prod', tasks: ['1a'], protectionEnabled: true },
      ['ecs:UpdateTaskProtection task/prod/1a'],
    ],
    [
      'ecs',
      'ContinueServiceDeployment',
      { serviceDeploymentArn: DEPLOYMENT, hookId: 'h' },
      ['ecs:ContinueServiceDeployment service-deployment/prod/web/1'],
    ],
    ['ecs', 'ListTasks', { cluster: 'prod' }, ['ecs:ListTasks *']],
    [
      'ecs',
      'RunTask',
      { taskDefinition: 'migrate' },
      ['ecs:RunTask task-definition/migrate:*', 'iam:PassRole role/task'],
    ],
    [
      'ecs',
      'RunTask',
      { taskDefinition: 'migrate:7', overrides: { taskRoleArn: monitoring } },
      [
        'ecs:RunTask task-definition/migrate:7',
        'iam:PassRole role/monitoring',
        'iam:PassRole role/task',
      ],
    ],
    ['rds', 'DescribeDBInstances', {}, ['rds:DescribeDBInstances db:*']],
    [
      'rds',
      'CreateDBSnapshot',
      { DBInstanceIdentifier: 'shop', DBSnapshotIdentifier: 's1', Tags: [{ Key: 'a' }] },
      [
        'rds:CreateDBSnapshot db:shop',
        'rds:CreateDBSnapshot snapshot:s1',
        'rds:AddTagsToResource snapshot:s1',
      ],
    ],
    [
      'rds',
      'RestoreDBInstanceFromDBSnapshot',
      { DBInstanceIdentifier: 'new', DBSnapshotIdentifier: 's1', DBSubnetGroupName: 'g' },
      [
        'rds:RestoreDBInstanceFromDBSnapshot db:new',
        'rds:RestoreDBInstanceFromDBSnapshot snapshot:s1',
        'rds:RestoreDBInstanceFromDBSnapshot subgrp:g',
      ],
    ],
    [
      'rds',
      'ModifyDBInstance',
      { DBInstanceIdentifier: 'new', MonitoringRoleArn: monitoring },
      ['rds:ModifyDBInstance db:new', 'iam:PassRole role/monitoring'],
    ],
    [
      'rds',
      'AddRoleToDBInstance',
      { DBInstanceIdentifier: 'new', RoleArn: monitoring },
      ['rds:AddRoleToDBInstance db:new', 'iam:PassRole role/monitoring'],
    ],
    [
      'secretsmanager',
      'GetSecretValue',
      { SecretId: 'db' },
      ['secretsmanager:GetSecretValue secret:db-AbCdEf'],
    ],
    [
      'secretsmanager',
      'GetSecretValue',
      { SecretId: 'gone' },
      ['secretsmanager:GetSecretValue secret:gone'],
    ],
    ['ssm', 'PutParameter', { Name: '/a/b' }, ['ssm:PutParameter parameter/a/b']],
    [
      'ssm',
      'GetParameters',
      { Names: ['a', '/b'] },
      ['ssm:GetParameters parameter/a', 'ssm:GetParameters parameter/b'],
    ],
    ['ssm', 'DescribeParameters', {}, ['ssm:DescribeParameters *']],
    ['monitoring', 'DescribeAlarms', {}, ['cloudwatch:DescribeAlarms *']],
    [
      'logs',
      'FilterLogEvents',
      { logGroupName: '/ecs/web' },
      ['logs:FilterLogEvents log-group:/ecs/web:log-stream:'],
    ],
    [
      'ecr',
      'DescribeImages',
      { repositoryName: 'acme/web', registryId: '999999999999' },
      ['ecr:DescribeImages repository/acme/web'],
    ],
    [
      'elasticloadbalancing',
      'DescribeTargetHealth',
      { TargetGroupArn: 'arn:aws:x' },
      ['elasticloadbalancing:DescribeTargetHealth *'],
    ],
    [
      'application-autoscaling',
      'DescribeScalableTargets',
      {},
      ['application-autoscaling:DescribeScalableTargets *'],
    ],
    [
      'application-autoscaling',
      'RegisterScalableTarget',
      {},
      ['application-autoscaling:RegisterScalableTarget scalable-target/*'],
    ],
    [
      'cloudfront',
      'GetInvalidation',
      { DistributionId: 'E1', Id: 'I1' },
      ['cloudfront:GetInvalidation distribution/E1'],
    ],
    ['sts', 'GetCallerIdentity', {}, []],
  ]
  const short = ({ action, resource }: Question) =>
    `${action} ${resource.replace(/^arn:aws:[a-z-]+:[a-z0-9-]*:\d{12}:/, '')}`
  test.each(rows)('%s %s %j', async (service, operation, input, expected) => {
    const asked: Asked = { service, operation, input, ...home }
    expect((await questionsOf(asked, facts)).map(short)).toEqual(expected)
  })

  const site: [string, string, Readonly<Record<string, string>>, readonly string[]][] = [
    ['GetObject', '/site/a%20b.js', {}, ['s3:GetObject site/a b.js']],
    ['HeadObject', '/site/a.js?versionId=v1', {}, ['s3:GetObjectVersion site/a.js']],
    ['DeleteObject', '/site/a.js', {}, ['s3:DeleteObject site/a.js']],
    ['DeleteObject', '/site/a.js?versionId=v1', {}, ['s3:DeleteObjectVersion site/a.js']],
    ['ListObjectsV2', '/site?list-type=2', {}, ['s3:ListBucket site']],
    ['ListObjectVersions', '/site/?versions', {}, ['s3:ListBucketVersions site']],
    [
      'PutObject',
      '/site/a.js',
      { 'x-amz-tagging': 'a=b', 'x-amz-acl': 'private' },
      ['s3:PutObject site/a.js', 's3:PutObjectTagging site/a.js', 's3:PutObjectAcl site/a.js'],
    ],
    [
      'CopyObject',
      '/site/a.js',
      { 'x-amz-copy-source': 'site/a.js?versionId=v1' },
      ['s3:PutObject site/a.js', 's3:GetObjectVersion site/a.js'],
    ],
    [
      'CopyObject',
      '/site/a.js',
      { 'x-amz-copy-source': '/old/b%2Fc.js' },
      ['s3:PutObject site/a.js', 's3:GetObject old/b/c.js'],
    ],
    ['DeleteObjects', '/site?delete', {}, ['s3:DeleteObject site/*']],
    ['ListBuckets', '/', {}, ['s3:ListAllMyBuckets *']],
  ]
  test.each(site)('s3 %s %s', (operation, path, headers, expected) => {
    const url = new URL(path, 'http://sandbox.invalid')
    const asked = s3Questions({ operation, url, headers }, {})
    expect(
      asked.map(({ action, resource }) => `${action} ${resource.replace('arn:aws:s3:::', '')}`),
    ).toEqual(expected)
  })
})
