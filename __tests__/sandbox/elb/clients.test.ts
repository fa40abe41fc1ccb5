import { jest } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { boto } from '../gateway/clients.ts'

// Each test starts Python programs, which takes seconds on a busy machine.
jest.setTimeout(60_000)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false, scale: 60 })
})
afterAll(() => sandbox.close())

const place = { account: '123456789012', region: 'us-east-1' }

test('boto3 reads the health of targets with its reason, changes the check, and the balancer obeys', async () => {
  const { balancers } = sandbox.ecs
  const group = balancers.createGroup({ ...place, name: 'web', healthCheck: { path: '/health' } })
  balancers.createGroup({ ...place, name: 'api' })
  balancers.createGroup({ ...place, name: 'theirs', account: '111111111111' })
  group.register({
    id: 'one',
    port: 40_001,
    containerPort: 8080,
    probe: async (path) => ({ kind: 'answer', status: path === '/health' ? 200 : 404 }),
  })
  const found = await boto(
    { ...sandbox.env },
    `
import boto3, json, time
elb = boto3.client('elbv2')
def fails(call):
    try:
        call()
    except elb.exceptions.ClientError as error:
        return error.response['Error']['Code']
arn = elb.describe_target_groups(Names=['web'])['TargetGroups'][0]['TargetGroupArn']
def health(**more):
    return elb.describe_target_health(TargetGroupArn=arn, **more)['TargetHealthDescriptions']
def until(state):
    for n in range(100):
        if health()[0]['TargetHealth']['State'] == state: break
        time.sleep(0.1)
    return health()[0]
names = [g['TargetGroupName'] for p in elb.get_paginator('describe_target_groups').paginate(PaginationConfig={'PageSize': 1}) for g in p['TargetGroups']]
healthy = until('healthy')
changed = elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath='/ready', HealthCheckIntervalSeconds=10)['TargetGroups'][0]
unhealthy = until('unhealthy')
elb.modify_target_group(TargetGroupArn=arn, Matcher={'HttpCode': '200,404'}, HealthCheckPort='8080')
again = until('healthy')
elb.modify_target_group(TargetGroupArn=arn, HealthCheckPort='9090')
refused = until('unhealthy')
elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[{'Key': 'deregistration_delay.timeout_seconds', 'Value': '30'}])
print(json.dumps({
    'names': names,
    'healthy': healthy,
    'changed': [changed['HealthCheckPath'], changed['HealthCheckIntervalSeconds'], changed['HealthCheckTimeoutSeconds'], changed['Matcher']],
    'unhealthy': unhealthy['TargetHealth'],
    'again': again['TargetHealth'],
    'refused': [refused['HealthCheckPort'], refused['TargetHealth']],
    'stranger': health(Targets=[{'Id': 'two', 'Port': 8080}])[0]['TargetHealth'],
    'attributes': elb.describe_target_group_attributes(TargetGroupArn=arn)['Attributes'],
    'theirs': fails(lambda: elb.describe_target_groups(Names=['theirs'])),
    'none': fails(lambda: elb.describe_target_health(TargetGroupArn=arn + '0')),
    'wrong': fails(lambda: elb.modify_target_group(TargetGroupArn=arn, HealthCheckTimeoutSeconds=10)),
    'make': fails(lambda: elb.create_target_group(Name='x')),
}))
`,
  )
  expect(found).toEqual({
    names: ['web', 'api'],
    healthy: {
      Target: { Id: 'one', Port: 8080 },
      HealthCheckPort: '8080',
      TargetHealth: { State: 'healthy' },
    },
    changed: ['/ready', 10, 5, { HttpCode: '200' }],
    unhealthy: {
      State: 'unhealthy',
      Reason: 'Target.ResponseCodeMismatch',
      Description: 'Health checks failed with these codes: [404]',
    },
    again: { State: 'healthy' },
    refused: [
      '9090',
      {
        State: 'unhealthy',
        Reason: 'Target.FailedHealthChecks',
        Description: 'Health checks failed',
      },
    ],
    stranger: {
      State: 'unused',
      Reason: 'Target.NotRegistered',
      Description: 'Target is not registered to the target group',
    },
    attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }],
    theirs: 'TargetGroupNotFound',
    none: 'TargetGroupNotFound',
    wrong: 'InvalidConfigurationRequest',
    make: 'NotImplemented',
  })
  expect(group.deregistrationDelayMs).toBe(30_000)
})
