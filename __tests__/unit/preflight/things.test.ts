import { expect, test } from '@jest/globals'
import { type EnvironmentConfig, parseConfig } from '#inputs'
import { type Facts, questionsOf } from '#preflight'

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
