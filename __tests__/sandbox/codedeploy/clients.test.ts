import type { Sandbox } from '../../../packages/sandbox/index.ts'
import { createLoadBalancer, eventually, pushProgram, startStreet } from '../ecs/street.ts'
import { aws, awsJson, boto } from '../gateway/clients.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startStreet()
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
}, 30_000)
afterAll(() => sandbox.close())

/** A service behind `blue` with a deployment group over `blue` and `green`, made by boto3. */
const setUp = (blue: string, listener: string) => `
import boto3, json, time
ecs, cd = boto3.client("ecs"), boto3.client("codedeploy")
ecs.create_cluster(clusterName="prod")
def register(image):
    made = ecs.register_task_definition(family="web", networkMode="awsvpc", cpu="256", memory="512",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}])
    return made["taskDefinition"]["taskDefinitionArn"]
one, two = register("web:1"), register("web:2")
ecs.create_service(cluster="prod", serviceName="web", taskDefinition=one, desiredCount=1, launchType="FARGATE",
    networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    deploymentController={"type": "CODE_DEPLOY"},
    loadBalancers=[{"targetGroupArn": "${blue}", "containerName": "web", "containerPort": 8080}])
cd.create_application(applicationName="shop", computePlatform="ECS")
cd.create_deployment_group(applicationName="shop", deploymentGroupName="web",
    serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
    deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    ecsServices=[{"serviceName": "web", "clusterName": "prod"}],
    blueGreenDeploymentConfiguration={
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 20},
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"}},
    loadBalancerInfo={"targetGroupPairInfoList": [{"targetGroups": [{"name": "blue"}, {"name": "green"}],
        "prodTrafficRoute": {"listenerArns": ["${listener}"]}}]})
def revision(arn):
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
        "TaskDefinition": arn, "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8080}}}}]})
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
def service():
    return ecs.describe_services(cluster="prod", services=["web"])["services"][0]
`

test('boto3 and the AWS CLI deploy a service blue/green, see the traffic move, and take it back by stopping', async () => {
  const { env } = sandbox
  const account = '123456789012'
  const blue = await createLoadBalancer(sandbox, { name: 'blue', account })
  await createLoadBalancer(sandbox, { name: 'green', account })
  const listener = blue.targetGroupArn.replace(
    /:targetgroup\/([^/]+)\/(.+)$/,
    ':listener/app/$1/$2/$2',
  )
  const version = async () =>
    ((await (await fetch(blue.url)).json()) as { version: string }).version
  const started = await boto(
    env,
    `${setUp(blue.targetGroupArn, listener)}
refused = []
for change in ({"taskDefinition": two}, {"forceNewDeployment": True}):
    try:
        ecs.update_service(cluster="prod", service="web", **change)
    except ecs.exceptions.InvalidParameterException as no:
        refused.append(no.response["Error"]["Message"])
for _ in range(200):
    if service()["runningCount"] == 1: break
    time.sleep(0.1)
ecs.update_service(cluster="prod", service="web", desiredCount=2)
time.sleep(2)
made = cd.create_deployment(applicationName="shop", deploymentGroupName="web", revision=revision(two))["deploymentId"]
try:
    cd.create_deployment(applicationName="shop", deploymentGroupName="web", revision=revision(two))
    second = None
except cd.exceptions.DeploymentLimitExceededException as no:
    second = no.response["Error"]["Message"]
print(json.dumps({"refused": refused, "second": second, "made": made,
  "deployments": service()["deployments"], "sets": len(service()["taskSets"])}))
`,
  )
  expect(started).toMatchObject({
    refused: [
      'Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
      'Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.',
    ],
    second: `The Deployment Group 'web' already has an active Deployment '${started.made}'`,
    deployments: [],
  })
  await eventually('version 2 serves', async () => (await version()) === '2')
  const id = ['--deployment-id', started.made]
  const target = await awsJson(
    env,
    'deploy',
    'get-deployment-target',
    ...id,
    '--target-id',
    'prod:web',
  )
  const sets = target.deploymentTarget.ecsTarget.taskSetsInfo
  expect(
    sets.map((set: { taskSetLabel: string; trafficWeight: number }) => [
      set.taskSetLabel,
      set.trafficWeight,
    ]),
  ).toEqual([
    ['Blue', 0],
    ['Green', 100],
  ])
  const { services } = await awsJson(
    env,
    'ecs',
    'describe-services',
    '--cluster',
    'prod',
    '--services',
    'web',
  )
  const primary = services[0].taskSets.find((set: { status: string }) => set.status === 'PRIMARY')
  expect(primary).toMatchObject({
    externalId: started.made,
    startedBy: 'CODE_DEPLOY',
    runningCount: 2,
  })
  expect(services[0].taskDefinition).toMatch(/:task-definition\/web:2$/)

  await awsJson(env, 'deploy', 'stop-deployment', ...id, '--auto-rollback-enabled')
  await eventually('version 1 serves again', async () => (await version()) === '1')
  const { deploymentInfo } = await awsJson(env, 'deploy', 'get-deployment', ...id)
  const { rollbackDeploymentId } = deploymentInfo.rollbackInfo
  expect(deploymentInfo.status).toBe('Stopped')
  const waited = await aws(
    env,
    'deploy',
    'wait',
    'deployment-successful',
    '--deployment-id',
    rollbackDeploymentId,
  )
  expect(waited).toMatchObject({ code: 0 })
  const back = await awsJson(
    env,
    'deploy',
    'get-deployment',
    '--deployment-id',
    rollbackDeploymentId,
  )
  expect(back.deploymentInfo).toMatchObject({
    status: 'Succeeded',
    creator: 'codeDeployRollback',
    rollbackInfo: { rollbackTriggeringDeploymentId: started.made },
  })
  const group = ['--application-name', 'shop', '--deployment-group-name', 'web']
  const listed = await awsJson(env, 'deploy', 'list-deployments', ...group)
  expect(listed.deployments).toEqual([rollbackDeploymentId, started.made])
}, 120_000)
