import { expect, test } from '@jest/globals'
import { type EnvironmentConfig, parseConfig } from '#inputs'
import { type Facts, liveFindings, questionsOf } from '#preflight'
import { service } from '../ecs/state.ts'

const config = (more: string): EnvironmentConfig => {
  const parsed = parseConfig(`
version: 1
store: s3://acme-rollback
environments:
  production:
    region: us-east-1
    account: "123456789012"
${more.replace(/^/gm, '    ')}
`)
  if (!('config' in parsed)) throw new Error(parsed.problems.join())
  return parsed.config.environments.production as EnvironmentConfig
}
const facts = (more: string, given: Partial<Facts> = {}): Facts => ({
  partition: 'aws',
  account: '123456789012',
  region: 'us-east-1',
  now: Date.UTC(2026, 10, 22, 3, 15),
  config: config(more),
  live: { services: [], roles: [], deployedBy: new Map() },
  database: undefined,
  connection: undefined,
  secrets: [],
  parameters: [],
  migrationTask: undefined,
  ...given,
})
const asked = (given: Facts) =>
  questionsOf(given).map(({ action, resource }) => `${action} ${resource}`)

const ecs = 'services: { cluster: prod, names: [web, worker] }'

test('only what the configuration names is asked about', () => {
  expect(asked(facts(''))).toEqual([])
  expect(asked(facts(ecs))).toEqual(
    [
      'ecs:DescribeServiceDeployments service-deployment/prod/web/0',
      'ecs:DescribeServiceDeployments service-deployment/prod/worker/0',
      'ecs:ListServiceDeployments service/prod/web',
      'ecs:ListServiceDeployments service/prod/worker',
      'ecs:UpdateService service/prod/web',
      'ecs:UpdateService service/prod/worker',
    ].map((one) => one.replace(' ', ' arn:aws:ecs:us-east-1:123456789012:')),
  )
})

test('a cluster and services named by their ARNs are the same', () => {
  const arn = 'arn:aws:ecs:us-east-1:123456789012'
  const byArn = `services: { cluster: "${arn}:cluster/prod", names: ["${arn}:service/prod/web", worker] }`
  expect(asked(facts(byArn))).toEqual(asked(facts(ecs)))
})

test('a site, its folder and its distribution', () => {
  const found = asked(facts('site: { bucket: acme-www, prefix: app/, distribution: E123 }'))
  expect(found).toContain('s3:GetBucketOwnershipControls arn:aws:s3:::acme-www')
  expect(found).toContain('s3:DeleteObject arn:aws:s3:::acme-www/app/index.html')
  expect(found).toContain(
    'cloudfront:CreateInvalidation arn:aws:cloudfront::123456789012:distribution/E123',
  )
})

test('secrets and parameters by what was found of them', () => {
  const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:acme/jwt-aB3dE6'
  const found = asked(
    facts('secrets: [acme/jwt]\nparameters: [/acme/]', {
      secrets: [secret],
      parameters: ['/acme/flags'],
    }),
  )
  expect(found).toContain(`secretsmanager:UpdateSecretVersionStage ${secret}`)
  expect(found).toContain(
    'ssm:PutParameter arn:aws:ssm:us-east-1:123456789012:parameter/acme/flags',
  )
})

test('the task that takes migrations back, and the roles that it is handed', () => {
  const migrationTask = { definition: 'api:7', roles: ['arn:aws:iam::123456789012:role/task'] }
  const found = questionsOf(facts('', { migrationTask }))
  expect(found.map(({ action, resource }) => [action, resource])).toEqual([
    ['ecs:RunTask', 'arn:aws:ecs:us-east-1:123456789012:task-definition/api:7'],
    ['iam:PassRole', 'arn:aws:iam::123456789012:role/task'],
  ])
  expect(found[1]?.context['iam:PassedToService']).toBe('ecs-tasks.amazonaws.com')
})

test('checks of alarms and logs', () => {
  expect(
    asked(facts('checks: [{ alarms: acme- }, { logs: { group: /acme, pattern: E } }]')),
  ).toEqual([
    'cloudwatch:DescribeAlarms *',
    'logs:FilterLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/acme:log-stream:',
  ])
})

const ofEcs = (rest: string) => `arn:aws:ecs:us-east-1:123456789012:${rest}`
const mayCopy = [
  ['ecs:ListTaskDefinitions', '*'],
  ['ecs:RegisterTaskDefinition', '*'],
  ['ecs:TagResource', ofEcs('task-definition/web:0')],
  ['iam:PassRole', 'arn:aws:iam::123456789012:role/task'],
]

test('what only some rollbacks need is asked about what runs, and refuses no deployment', () => {
  const live = { services: [service()], roles: ['task'], deployedBy: new Map() }
  const found = questionsOf(facts('', { live }))
  expect(found.map(({ action, resource }) => [action, resource])).toEqual([
    ['ecs:StopServiceDeployment', ofEcs('service-deployment//web/0')],
    ['ecs:ContinueServiceDeployment', ofEcs('service-deployment//web/0')],
    ...mayCopy,
  ])
  expect(found.filter(({ without }) => without === undefined)).toEqual([])
  expect(found.at(-1)?.context).toMatchObject({
    'ecs:CreateAction': 'RegisterTaskDefinition',
    'iam:PassedToService': 'ecs-tasks.amazonaws.com',
  })
})

test('where ECS shifts traffic only ECS takes a deployment back: that is needed', () => {
  const live = { services: [service({ strategy: 'CANARY' })], roles: [], deployedBy: new Map() }
  const needed = questionsOf(facts('', { live })).filter(({ without }) => without === undefined)
  expect(needed.map(({ action, resource }) => [action, resource])).toEqual([
    ['ecs:StopServiceDeployment', ofEcs('service-deployment//web/0')],
    ['ecs:ContinueServiceDeployment', ofEcs('service-deployment//web/0')],
  ])
})

test('a service that CodeDeploy deploys needs CodeDeploy, by the deployment group that was found', () => {
  const group = { application: 'shop', name: 'web', service: 'web', last: [] }
  const live = {
    services: [service({ controller: 'CODE_DEPLOY' })],
    roles: [],
    deployedBy: new Map([['web', { group, deployments: [] }]]),
  }
  const needed = questionsOf(facts('', { live })).filter(({ without }) => without === undefined)
  const arn = (rest: string) => `arn:aws:codedeploy:us-east-1:123456789012:${rest}`
  expect(needed.map(({ action, resource }) => [action, resource])).toEqual([
    ['codedeploy:GetDeploymentTarget', '*'],
    ['codedeploy:StopDeployment', '*'],
    ['codedeploy:CreateDeployment', arn('deploymentgroup:shop/web')],
    ['codedeploy:GetDeploymentConfig', arn('deploymentconfig:CodeDeployDefault.ECSAllAtOnce')],
    ['codedeploy:RegisterApplicationRevision', arn('application:shop')],
  ])
  expect(liveFindings(live)).toEqual([])
})

test('one of which nobody knows the deployment group could not be rolled back', () => {
  const deployedBy = new Map([['web', { why: 'no deployment group names it' }]])
  const live = { services: [service({ controller: 'CODE_DEPLOY' })], roles: [], deployedBy }
  expect(liveFindings(live)).toEqual([
    { check: 'what runs', found: 'service web: no deployment group names it', is: 'problem' },
  ])
})
