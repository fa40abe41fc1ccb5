import { jest } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { aws, boto } from '../gateway/clients.ts'

// Each test starts Python programs, which takes seconds on a busy machine.
jest.setTimeout(60_000)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false, scale: 10 })
})
afterAll(() => sandbox.close())

test('boto3 speaks CBOR to CloudWatch and JSON to Logs', async () => {
  const found = await boto(
    { ...sandbox.env },
    `
import boto3, json, time
cw, logs = boto3.client('cloudwatch'), boto3.client('logs')
for n in range(3):
    cw.put_metric_alarm(AlarmName=f'prod-{n}', MetricName='m', Namespace='n', Period=60, EvaluationPeriods=1,
        Threshold=1.5, ComparisonOperator='GreaterThanThreshold', Statistic='Sum')
cw.put_composite_alarm(AlarmName='prod-all', AlarmRule='ALARM("prod-0") OR ALARM("prod-1")')
cw.set_alarm_state(AlarmName='prod-1', StateValue='ALARM', StateReason='drill')
pages = cw.get_paginator('describe_alarms').paginate(AlarmNamePrefix='prod-', AlarmTypes=['MetricAlarm', 'CompositeAlarm'],
    PaginationConfig={'PageSize': 2})
alarms = [a for p in pages for a in p['MetricAlarms'] + p['CompositeAlarms']]
try:
    cw.set_alarm_state(AlarmName='nope', StateValue='OK', StateReason='x')
except cw.exceptions.ResourceNotFound as error:
    missing = error.response['Error']['Code']
logs.create_log_group(logGroupName='/ecs/api')
logs.create_log_stream(logGroupName='/ecs/api', logStreamName='one')
now = int(time.time() * 1000)
logs.put_log_events(logGroupName='/ecs/api', logStreamName='one', logEvents=[
    {'timestamp': now, 'message': 'ERROR one'}, {'timestamp': now, 'message': 'fine'}])
time.sleep(0.5)
events = logs.filter_log_events(logGroupName='/ecs/api', filterPattern='ERROR', startTime=now - 1000)['events']
print(json.dumps({
    'states': {a['AlarmName']: a['StateValue'] for a in alarms},
    'threshold': [a.get('Threshold') for a in alarms][1],
    'year': alarms[0]['StateUpdatedTimestamp'].year > 2000,
    'missing': missing,
    'events': [e['message'] for e in events],
}))
`,
  )
  expect(found).toEqual({
    states: {
      'prod-0': 'INSUFFICIENT_DATA',
      'prod-1': 'ALARM',
      'prod-2': 'INSUFFICIENT_DATA',
      'prod-all': 'ALARM',
    },
    threshold: 1.5,
    year: true,
    missing: 'ResourceNotFound',
    events: ['ERROR one'],
  })
})

test('the AWS CLI is told which permission it lacks, by its IAM name', async () => {
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: '100000000009' }
  sandbox.faults.add({ effect: 'denied', service: 'monitoring', account: '100000000009' })
  sandbox.faults.add({ effect: 'throttle', service: 'logs', account: '100000000009' })
  const denied = await aws(env, 'cloudwatch', 'describe-alarms')
  expect(denied.err).toContain('cloudwatch:DescribeAlarms')
  const throttled = await aws(
    { ...env, AWS_MAX_ATTEMPTS: '1' },
    ...['logs', 'filter-log-events', '--log-group-name', '/ecs/api'],
  )
  expect(throttled.err).toContain('ThrottlingException')
})
