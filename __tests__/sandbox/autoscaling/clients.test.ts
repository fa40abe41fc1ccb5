import { jest } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { boto } from '../gateway/clients.ts'

// Each test starts Python programs, which takes seconds on a busy machine.
jest.setTimeout(60_000)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false, scale: 600 })
})
afterAll(() => sandbox.close())

test('boto3 registers, suspends and resumes a target, and load moves the service as AWS documents it', async () => {
  const { images } = sandbox.ecs
  images.push('web:1', { command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] })
  const found = await boto(
    { ...sandbox.env, SANDBOX: sandbox.url },
    `
import boto3, json, os, time, urllib.request
ecs, scaling = boto3.client('ecs'), boto3.client('application-autoscaling')
one = {'ServiceNamespace': 'ecs', 'ResourceId': 'service/prod/web', 'ScalableDimension': 'ecs:service:DesiredCount'}
def fails(call):
    try:
        call()
    except scaling.exceptions.ClientError as error:
        return [error.response['Error']['Code'], error.response['Error']['Message']]
def load(tasks):
    body = json.dumps({'cluster': 'prod', 'service': 'web', 'tasks': tasks}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ['SANDBOX'] + '/_sandbox/load', data=body, method='POST')).read()
    return desired()
def desired():
    return ecs.describe_services(cluster='prod', services=['web'])['services'][0]['desiredCount']
def register(**more):
    scaling.register_scalable_target(**one, **more)
    return target()
def target():
    found = scaling.describe_scalable_targets(ServiceNamespace='ecs', ResourceIds=['service/prod/web', 'service/prod/none'])['ScalableTargets']
    return [[t['MinCapacity'], t['MaxCapacity'], sorted(k for k, v in t['SuspendedState'].items() if v)] for t in found]
ecs.create_cluster(clusterName='prod')
ecs.register_task_definition(family='web', networkMode='awsvpc', cpu='256', memory='512', requiresCompatibilities=['FARGATE'],
    containerDefinitions=[{'name': 'web', 'image': 'web:1'}])
missing = fails(lambda: register(MinCapacity=1, MaxCapacity=2))
ecs.create_service(cluster='prod', serviceName='web', taskDefinition='web', desiredCount=1, launchType='FARGATE',
    networkConfiguration={'awsvpcConfiguration': {'subnets': ['subnet-1']}})
noTarget = fails(lambda: scaling.put_scaling_policy(**one, PolicyName='cpu', PolicyType='TargetTrackingScaling'))
partial = fails(lambda: register(MinCapacity=1))[0]
steps = [register(MinCapacity=2, MaxCapacity=5), desired()]
steps += [load(4)]
steps += [register(SuspendedState={'DynamicScalingOutSuspended': True}), load(5)]
steps += [register(SuspendedState={'DynamicScalingOutSuspended': False}), load(9)]
for n in range(200):
    if ecs.describe_services(cluster='prod', services=['web'])['services'][0]['deployments'][0]['rolloutState'] == 'COMPLETED': break
    time.sleep(0.1)
steps += [load(0)]
ecs.update_service(cluster='prod', service='web', desiredCount=0)
steps += [load(0), register(MaxCapacity=6), desired()]
scaling.put_scaling_policy(**one, PolicyName='cpu', PolicyType='TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration={'TargetValue': 50.0})
policies = scaling.describe_scaling_policies(ServiceNamespace='ecs')['ScalingPolicies']
scaling.deregister_scalable_target(**one)
print(json.dumps({
    'missing': missing, 'noTarget': noTarget, 'partial': partial, 'steps': steps,
    'policies': [[p['PolicyName'], p['TargetTrackingScalingPolicyConfiguration']['TargetValue']] for p in policies],
    'left': target(),
}))
`,
  )
  expect(found).toEqual({
    missing: ['ValidationException', "ECS service doesn't exist: service/prod/web"],
    noTarget: [
      'ObjectNotFoundException',
      'No scalable target registered for service namespace: ecs, resource ID: service/prod/web, scalable dimension: ecs:service:DesiredCount',
    ],
    partial: 'ValidationException',
    steps: [
      ...[[[2, 5, []]], 2],
      4,
      ...[[[2, 5, ['DynamicScalingOutSuspended']]], 4],
      ...[[[2, 5, []]], 5],
      2,
      ...[0, [[2, 6, []]], 2],
    ],
    policies: [['cpu', 50]],
    left: [],
  })
})
