// Every operation that ECS and what its tasks stand on offer here is one of AWS's, and is called once: the gateway checks each
// input and each answer, at every call, against the model that AWS publishes in its SDK, and answers 500 to what does not fit.
import * as autoscaling from '@aws-sdk/client-application-auto-scaling'
import * as codedeploy from '@aws-sdk/client-codedeploy'
import * as ecr from '@aws-sdk/client-ecr'
import * as ecs from '@aws-sdk/client-ecs'
import * as balancing from '@aws-sdk/client-elastic-load-balancing-v2'
import { autoscalingService } from '../../../packages/sandbox/autoscaling/index.ts'
import { codeDeployService } from '../../../packages/sandbox/codedeploy/index.ts'
import { ecrService } from '../../../packages/sandbox/ecr/index.ts'
import { balancingService } from '../../../packages/sandbox/elb/index.ts'
import {
  type MemoryGateway,
  memoryGateway,
  modelOf,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { clientConfig, failure } from './clients.ts'

const ACCOUNT = '111111111111'
const place = { account: ACCOUNT, region: 'us-east-1' }
const registry = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`
const minutes = (count: number) => count * 60_000

let cloud: MemoryGateway
let clock: VirtualClock
/** What was called with success, by service. */
const called = new Map<string, Set<string>>()

// biome-ignore lint/suspicious/noExplicitAny: the walk reads single members of many different answers.
type Answer = any

/** Calls an operation by its name, and notes that it answered. */
function caller(service: string, sdk: object, Client: new (config: object) => Answer) {
  const client = new Client(clientConfig(cloud))
  return async (operation: string, input: object = {}): Promise<Answer> => {
    const Command = (sdk as Record<string, new (input: object) => object>)[`${operation}Command`]
    if (!Command) throw new Error(`The SDK has no ${operation}`)
    const answer = await client.send(new Command(input))
    called.set(service, (called.get(service) ?? new Set()).add(operation))
    return answer
  }
}

/** Some are here to be refused, so that nobody else answers them. */
async function expectRefused(
  service: string,
  call: ReturnType<typeof caller>,
  inputs: Readonly<Record<string, object>>,
): Promise<void> {
  for (const [operation, input] of Object.entries(inputs)) {
    expect(await failure(call(operation, input))).toMatchObject({ name: 'NotImplemented' })
    called.get(service)?.add(operation)
  }
}

beforeAll(() => {
  clock = virtualClock()
  cloud = memoryGateway({ clock })
})
afterAll(() => cloud.close())

/** The services whose operations are walked. */
const offered = () => [
  cloud.ecs,
  ecrService(cloud.ecs),
  balancingService(cloud.ecs),
  autoscalingService({ clock, ecs: cloud.ecs }),
  codeDeployService({ clock }, { ecs: cloud.ecs, alarms: () => [] as never }),
]

const network = { awsvpcConfiguration: { subnets: ['subnet-1'] } }
const cluster = 'prod'
const web = { cluster, service: 'web' }

test('ECS', async () => {
  const call = caller('ecs', ecs, ecs.ECSClient)
  const register = async (tag: string) => {
    cloud.ecs.images.push(`${registry}/web:${tag}`, { command: ['run', tag] })
    const { taskDefinition } = await call('RegisterTaskDefinition', {
      ...{ family: 'web', networkMode: 'awsvpc', cpu: '256', memory: '512' },
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [
        {
          name: 'web',
          image: `${registry}/web:${tag}`,
          portMappings: [{ containerPort: 8080 }],
        },
      ],
    })
    return taskDefinition.taskDefinitionArn as string
  }
  await call('CreateCluster', { clusterName: cluster })
  await call('DescribeClusters', { clusters: [cluster] })
  await call('ListClusters')
  const [first, second] = [await register('1'), await register('2')]
  await call('DescribeTaskDefinition', { taskDefinition: first, include: ['TAGS'] })
  await call('ListTaskDefinitions', { familyPrefix: 'web' })
  await call('ListTaskDefinitionFamilies')
  const { service } = await call('CreateService', {
    ...{ cluster, serviceName: 'web', taskDefinition: first, desiredCount: 2 },
    ...{ launchType: 'FARGATE', networkConfiguration: network },
    tags: [{ key: 'team', value: 'shop' }],
  })
  const resourceArn = service.serviceArn
  await call('TagResource', { resourceArn, tags: [{ key: 'tier', value: '1' }] })
  await call('UntagResource', { resourceArn, tagKeys: ['tier'] })
  await call('ListTagsForResource', { resourceArn })
  await clock.advance(minutes(5))
  await call('UpdateService', { ...web, taskDefinition: second })
  await clock.advance(30_000)
  await call('DescribeServices', { cluster, services: ['web', 'none'], include: ['TAGS'] })
  await call('ListServices', { cluster })
  const { serviceDeployments } = await call('ListServiceDeployments', web)
  const [{ serviceDeploymentArn, targetServiceRevisionArn }] = serviceDeployments
  await call('DescribeServiceDeployments', { serviceDeploymentArns: [serviceDeploymentArn] })
  await call('DescribeServiceRevisions', { serviceRevisionArns: [targetServiceRevisionArn] })
  await call('StopServiceDeployment', { serviceDeploymentArn, stopType: 'ROLLBACK' })
  await clock.advance(minutes(5))
  const { taskArns: tasks } = await call('ListTasks', { cluster, serviceName: 'web' })
  await call('DescribeTasks', { cluster, tasks })
  await call('UpdateTaskProtection', { cluster, tasks, protectionEnabled: true })
  await call('GetTaskProtection', { cluster, tasks })
  const hook = { targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }
  const deploymentConfiguration = { strategy: 'BLUE_GREEN', lifecycleHooks: [hook] }
  await call('UpdateService', { ...web, deploymentConfiguration })
  await call('UpdateService', { ...web, taskDefinition: second })
  await clock.advance(minutes(5))
  const paused = (await call('ListServiceDeployments', web)).serviceDeployments[0]
  const asked = { serviceDeploymentArns: [paused.serviceDeploymentArn] }
  const [waiting] = (await call('DescribeServiceDeployments', asked)).serviceDeployments
  await call('ContinueServiceDeployment', {
    serviceDeploymentArn: paused.serviceDeploymentArn,
    hookId: waiting.lifecycleHookDetails[0].hookId,
    action: 'ROLLBACK',
  })
  const ran = await call('RunTask', {
    ...{ cluster, taskDefinition: first, launchType: 'FARGATE', networkConfiguration: network },
  })
  await call('StopTask', { cluster, task: ran.tasks[0].taskArn })
  await call('DeregisterTaskDefinition', { taskDefinition: second })
  await call('DeleteService', { ...web, force: true })
  await clock.advance(minutes(30))
  await call('CreateCluster', { clusterName: 'empty' })
  await call('DeleteCluster', { cluster: 'empty' })
})

test('Elastic Container Registry', async () => {
  const call = caller('ecr', ecr, ecr.ECRClient)
  const repositoryName = 'web'
  await call('DescribeRepositories', { repositoryNames: [repositoryName] })
  await call('DescribeImages', { repositoryName })
  const imageId = { imageTag: '1' }
  await call('UpdateImageStorageClass', {
    ...{ repositoryName, imageId, targetStorageClass: 'ARCHIVE' },
  })
  await call('DescribeImages', { repositoryName, imageIds: [imageId] })
  await call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: '2' }] })
  const imageIds = [imageId]
  const refused = {
    BatchGetImage: { repositoryName, imageIds },
    CreateRepository: { repositoryName },
    DeleteRepository: { repositoryName },
    DescribeImageScanFindings: { repositoryName, imageId },
    ListImages: { repositoryName },
    PutImage: { repositoryName, imageManifest: '{}' },
  }
  await expectRefused('ecr', call, refused)
})

test('Elastic Load Balancing', async () => {
  const call = caller('elasticloadbalancing', balancing, balancing.ElasticLoadBalancingV2Client)
  const group = cloud.ecs.balancers.createGroup({ name: 'web', ...place })
  group.register({ id: 'one', port: 1, probe: async () => ({ kind: 'answer', status: 502 }) })
  await clock.advance(minutes(5))
  const TargetGroupArn = group.arn
  await call('DescribeTargetGroups', { TargetGroupArns: [TargetGroupArn] })
  await call('DescribeTargetGroupAttributes', { TargetGroupArn })
  await call('DescribeTargetHealth', { TargetGroupArn })
  await call('ModifyTargetGroup', { TargetGroupArn, HealthCheckPath: '/healthy' })
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }]
  await call('ModifyTargetGroupAttributes', { TargetGroupArn, Attributes })
  const Targets = [{ Id: '10.0.0.1' }]
  await expectRefused('elasticloadbalancing', call, {
    CreateTargetGroup: { Name: 'more' },
    DeleteTargetGroup: { TargetGroupArn },
    RegisterTargets: { TargetGroupArn, Targets },
    DeregisterTargets: { TargetGroupArn, Targets },
  })
})

/** Another service, for what deploys and scales it. */
async function openApi(more: object = {}): Promise<void> {
  const { ECSClient, CreateServiceCommand, RegisterTaskDefinitionCommand } = ecs
  const client = new ECSClient(clientConfig(cloud))
  cloud.ecs.images.push('api:1', { command: ['run'] })
  await client.send(
    new RegisterTaskDefinitionCommand({
      ...{ family: 'api', networkMode: 'awsvpc', cpu: '256', memory: '512' },
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [
        { name: 'api', image: 'api:1', portMappings: [{ containerPort: 8080 }] },
      ],
    }),
  )
  await client.send(
    new CreateServiceCommand({
      ...{ cluster, serviceName: 'api', taskDefinition: 'api', desiredCount: 1 },
      ...{ launchType: 'FARGATE', networkConfiguration: network },
      ...more,
    }),
  )
  await clock.advance(minutes(5))
}

test('Application Auto Scaling', async () => {
  await openApi()
  const client = autoscaling.ApplicationAutoScalingClient
  const call = caller('application-autoscaling', autoscaling, client)
  const target = {
    ...{ ServiceNamespace: 'ecs', ResourceId: 'service/prod/api' },
    ScalableDimension: 'ecs:service:DesiredCount',
  }
  await call('RegisterScalableTarget', { ...target, MinCapacity: 1, MaxCapacity: 4 })
  await call('PutScalingPolicy', {
    ...{ ...target, PolicyName: 'cpu', PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: { TargetValue: 50 },
  })
  await call('DescribeScalableTargets', { ServiceNamespace: 'ecs' })
  await call('DescribeScalingPolicies', { ServiceNamespace: 'ecs' })
  await call('DeleteScalingPolicy', { ...target, PolicyName: 'cpu' })
  await call('DeregisterScalableTarget', target)
})

test('CodeDeploy', async () => {
  const blue = cloud.ecs.balancers.createGroup({ name: 'blue', ...place })
  cloud.ecs.balancers.createGroup({ name: 'green', ...place })
  const call = caller('codedeploy', codedeploy, codedeploy.CodeDeployClient)
  const { ECSClient, DeleteServiceCommand } = ecs
  const client = new ECSClient(clientConfig(cloud))
  await client.send(new DeleteServiceCommand({ cluster, service: 'api', force: true }))
  await clock.advance(minutes(30))
  await openApi({
    deploymentController: { type: 'CODE_DEPLOY' },
    loadBalancers: [{ targetGroupArn: blue.arn, containerName: 'api', containerPort: 8080 }],
  })
  const listener = blue.arn.replace(/:targetgroup\/([^/]+)\/(.+)$/, ':listener/app/$1/$2/$2')
  const group = { applicationName: 'shop', deploymentGroupName: 'api' }
  await call('CreateApplication', { applicationName: 'shop', computePlatform: 'ECS' })
  await call('CreateDeploymentGroup', {
    ...group,
    serviceRoleArn: `arn:aws:iam::${ACCOUNT}:role/deploy`,
    deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
    ecsServices: [{ serviceName: 'api', clusterName: cluster }],
    blueGreenDeploymentConfiguration: {
      terminateBlueInstancesOnDeploymentSuccess: {
        ...{ action: 'TERMINATE', terminationWaitTimeInMinutes: 5 },
      },
      deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 60 },
    },
    loadBalancerInfo: {
      targetGroupPairInfoList: [
        {
          targetGroups: [{ name: 'blue' }, { name: 'green' }],
          prodTrafficRoute: { listenerArns: [listener] },
        },
      ],
    },
  })
  await call('ListApplications')
  await call('ListDeploymentGroups', { applicationName: 'shop' })
  await call('GetDeploymentGroup', group)
  await call('BatchGetDeploymentGroups', {
    ...{ applicationName: 'shop', deploymentGroupNames: ['api'] },
  })
  const LoadBalancerInfo = { ContainerName: 'api', ContainerPort: 8080 }
  const Properties = { TaskDefinition: 'api:1', LoadBalancerInfo }
  const TargetService = { Type: 'AWS::ECS::Service', Properties }
  const content = JSON.stringify({ version: 0, Resources: [{ TargetService }] })
  const revision = { revisionType: 'AppSpecContent', appSpecContent: { content } }
  const { deploymentId } = await call('CreateDeployment', { ...group, revision })
  await clock.advance(minutes(5))
  await call('ListDeployments', group)
  await call('GetDeployment', { deploymentId })
  await call('BatchGetDeployments', { deploymentIds: [deploymentId] })
  const { targetIds } = await call('ListDeploymentTargets', { deploymentId })
  await call('GetDeploymentTarget', { deploymentId, targetId: targetIds[0] })
  await call('BatchGetDeploymentTargets', { deploymentId, targetIds })
  await call('ContinueDeployment', { deploymentId, deploymentWaitType: 'READY_WAIT' })
  await clock.advance(5000)
  await call('StopDeployment', { deploymentId, autoRollbackEnabled: true })
})

test('these were all that there are, and all are AWS’s', () => {
  for (const { name, operations } of offered()) {
    const names = Object.keys(operations).sort()
    const model = modelOf(name)
    expect({ name, unknown: names.filter((one) => !model?.operations.has(one)) }).toEqual({
      name,
      unknown: [],
    })
    expect({ name, called: [...(called.get(name) ?? [])].sort() }).toEqual({ name, called: names })
  }
})
