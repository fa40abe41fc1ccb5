import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../../packages/sandbox/index.ts'
import { aws, awsJson, boto } from '../gateway/clients.ts'
import { createLoadBalancer, eventually, pushProgram, startStreet } from './street.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startStreet()
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
}, 30_000)
afterAll(() => sandbox.close())

const definition = (image: string) => ({
  family: 'web',
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  requiresCompatibilities: ['FARGATE'],
  containerDefinitions: [{ name: 'web', image, portMappings: [{ containerPort: 8080 }] }],
})

test('the manual runbook works with the AWS CLI: list, describe, update, wait, look', async () => {
  const account = '300000000001'
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account }
  const ecs = (...args: string[]) => awsJson(env, 'ecs', ...args)
  const register = async (image: string) => {
    const file = join(sandbox.folder, 'definition.json')
    writeFileSync(file, JSON.stringify(definition(image)))
    return ecs('register-task-definition', '--cli-input-json', `file://${file}`)
  }
  const balancer = await createLoadBalancer(sandbox, { name: 'cli', account })
  await ecs('create-cluster', '--cluster-name', 'prod')
  const first = await register('web:1')
  const web = ['--cluster', 'prod', '--service', 'web']
  const created = await ecs(
    ...['create-service', '--cluster', 'prod', '--service-name', 'web'],
    ...['--task-definition', 'web', '--desired-count', '2', '--launch-type', 'FARGATE'],
    ...['--network-configuration', 'awsvpcConfiguration={subnets=[subnet-1]}'],
    '--load-balancers',
    `targetGroupArn=${balancer.targetGroupArn},containerName=web,containerPort=8080`,
  )
  expect(created.service.deployments[0].rolloutState).toBe('IN_PROGRESS')
  const wait = ['wait', 'services-stable', '--cluster', 'prod', '--services', 'web']
  await eventually('version 1 serves', async () => (await fetch(balancer.url)).ok)
  await register('web:2')
  await ecs('update-service', ...web, '--task-definition', 'web')
  expect((await aws(env, 'ecs', ...wait)).code).toBe(0)
  expect((await (await fetch(balancer.url)).json()) as object).toMatchObject({ version: '2' })

  const family = ['--family-prefix', 'web', '--sort', 'DESC']
  const { taskDefinitionArns } = await ecs('list-task-definitions', ...family)
  expect(taskDefinitionArns[1]).toBe(first.taskDefinition.taskDefinitionArn)
  await ecs('update-service', ...web, '--task-definition', taskDefinitionArns[1])
  expect((await aws(env, 'ecs', ...wait)).code).toBe(0)
  const { services } = await ecs('describe-services', '--cluster', 'prod', '--services', 'web')
  expect(services[0]).toMatchObject({
    taskDefinition: taskDefinitionArns[1],
    runningCount: 2,
    deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }],
  })
  expect((await (await fetch(balancer.url)).json()) as object).toMatchObject({ version: '1' })
  const { taskArns } = await ecs('list-tasks', '--cluster', 'prod', '--service-name', 'web')
  const { tasks } = await ecs('describe-tasks', '--cluster', 'prod', '--tasks', ...taskArns)
  expect(tasks).toHaveLength(2)
  expect(tasks[0].startedBy).toBe(services[0].deployments[0].id)
  const history = await ecs('list-service-deployments', ...web)
  expect(history.serviceDeployments.map((one: { status: string }) => one.status)).toEqual([
    'SUCCESSFUL',
    'SUCCESSFUL',
    'SUCCESSFUL',
  ])
  const refused = await aws(env, 'ecs', 'update-service', ...web, '--task-definition', 'web:9')
  expect(refused.err).toContain('(ClientException)')
  expect(refused.err).toContain('TaskDefinition not found.')
}, 150_000)

test('boto3 deploys, waits, runs a task and reads why it stopped', async () => {
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: '300000000002' }
  const answer = await boto(
    env,
    `
import boto3, json
ecs = boto3.client("ecs")
ecs.create_cluster(clusterName="prod")
ecs.register_task_definition(**json.loads('''${JSON.stringify(definition('web:1'))}'''))
ecs.register_task_definition(**json.loads('''${JSON.stringify({ ...definition('web:none'), family: 'none' })}'''))
network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
ecs.create_service(cluster="prod", serviceName="web", taskDefinition="web", desiredCount=1,
                   launchType="FARGATE", networkConfiguration=network)
quick = {"Delay": 1, "MaxAttempts": 30}
ecs.get_waiter("services_stable").wait(cluster="prod", services=["web"], WaiterConfig=quick)
service = ecs.describe_services(cluster="prod", services=["web"])["services"][0]
revision = ecs.describe_service_revisions(serviceRevisionArns=[service["currentServiceRevisions"][0]["arn"]])
ran = ecs.run_task(cluster="prod", taskDefinition="none", launchType="FARGATE", networkConfiguration=network)
arn = ran["tasks"][0]["taskArn"]
ecs.get_waiter("tasks_stopped").wait(cluster="prod", tasks=[arn], WaiterConfig=quick)
task = ecs.describe_tasks(cluster="prod", tasks=[arn])["tasks"][0]
try:
    ecs.update_service(cluster="prod", service="other", desiredCount=1)
    error = None
except ecs.exceptions.ServiceNotFoundException as refused:
    error = refused.response["Error"]["Message"]
print(json.dumps({"running": service["runningCount"], "created": service["createdAt"].year,
  "digest": revision["serviceRevisions"][0]["containerImages"][0]["imageDigest"],
  "code": task["stopCode"], "reason": task["stoppedReason"], "error": error}))
`,
  )
  expect(answer).toMatchObject({
    running: 1,
    created: new Date().getUTCFullYear(),
    code: 'TaskFailedToStart',
    error: 'Service not found.',
  })
  expect(answer.digest).toMatch(/^sha256:/)
  expect(answer.reason).toMatch(/^CannotPullContainerError: .* web:none: not found$/)
}, 60_000)
