import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../../packages/sandbox/index.ts'
import { aws, awsJson, boto } from '../gateway/clients.ts'
import { admin, createLoadBalancer, eventually, pushProgram, startStreet } from './street.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startStreet()
  await pushProgram(sandbox, 'web:1', { VERSION: '1' })
  await pushProgram(sandbox, 'web:2', { VERSION: '2' })
}, 60_000)
afterAll(() => sandbox.close())

const definition = (image: string) => ({
  family: 'web',
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  requiresCompatibilities: ['FARGATE'],
  containerDefinitions: [{ name: 'web', image, portMappings: [{ containerPort: 8080 }] }],
})

/** A service `web` behind a pair of target groups, as CreateService takes it. */
async function paired(account: string, deploymentConfiguration: object) {
  const blue = await createLoadBalancer(sandbox, { name: `blue-${account.slice(-2)}`, account })
  const green = await createLoadBalancer(sandbox, { name: `green-${account.slice(-2)}`, account })
  const service = {
    cluster: 'prod',
    serviceName: 'web',
    taskDefinition: 'web',
    desiredCount: 2,
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    deploymentConfiguration,
    loadBalancers: [
      {
        targetGroupArn: blue.targetGroupArn,
        containerName: 'web',
        containerPort: 8080,
        advancedConfiguration: {
          alternateTargetGroupArn: green.targetGroupArn,
          productionListenerRule: blue.ruleArn,
          roleArn: `arn:aws:iam::${account}:role/ecs`,
        },
      },
    ],
  }
  /** Which versions answer ten requests. */
  const versions = async () => {
    const answers = Array.from({ length: 10 }, async () => {
      const answer = await fetch(blue.url)
      return answer.ok ? ((await answer.json()) as { version: string }).version : 'none'
    })
    return (await Promise.all(answers)).sort().join('')
  }
  return { service, versions, url: blue.url }
}

test('the AWS CLI deploys blue/green, waits for the pause, goes back, and stops another one', async () => {
  const account = '300000000011'
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account }
  const ecs = (...args: string[]) => awsJson(env, 'ecs', ...args)
  const send = (operation: string, input: object) => {
    const file = join(sandbox.folder, `${operation}.json`)
    writeFileSync(file, JSON.stringify(input))
    return ecs(operation, '--cli-input-json', `file://${file}`)
  }
  const { service, versions } = await paired(account, {
    strategy: 'BLUE_GREEN',
    bakeTimeInMinutes: 1,
    lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'] }],
  })
  const web = ['--cluster', 'prod', '--service', 'web']
  const current = async () => {
    const { serviceDeployments: listed } = await ecs('list-service-deployments', ...web)
    const { serviceDeployments: found } = await ecs(
      'describe-service-deployments',
      '--service-deployment-arns',
      listed[0].serviceDeploymentArn,
    )
    return found[0]
  }
  const paused = async () => {
    const one = await current()
    return one.lifecycleHookDetails?.some(
      (hook: { status: string }) => hook.status === 'AWAITING_ACTION',
    )
  }
  await ecs('create-cluster', '--cluster-name', 'prod')
  await send('register-task-definition', definition('web:1'))
  await send('create-service', service)
  await eventually('version 1 serves', async () => (await versions()) === '1'.repeat(10))
  await eventually('the first is done', async () => (await current()).status === 'SUCCESSFUL')

  await send('register-task-definition', definition('web:2'))
  await ecs('update-service', ...web, '--task-definition', 'web')
  await eventually('the deployment is paused', paused)
  const waiting = await current()
  expect(waiting).toMatchObject({
    status: 'IN_PROGRESS',
    lifecycleStage: 'POST_PRODUCTION_TRAFFIC_SHIFT',
    targetServiceRevision: { requestedProductionTrafficWeight: 100, runningTaskCount: 2 },
    sourceServiceRevisions: [{ requestedProductionTrafficWeight: 0, runningTaskCount: 2 }],
  })
  expect(await versions()).toBe('2'.repeat(10))
  const hook = ['--hook-id', waiting.lifecycleHookDetails[0].hookId]
  const arn = ['--service-deployment-arn', waiting.serviceDeploymentArn]
  await ecs('continue-service-deployment', ...arn, ...hook, '--action', 'ROLLBACK')
  await eventually('version 1 serves again', async () => (await versions()) === '1'.repeat(10))
  const isBack = async () => (await current()).status === 'ROLLBACK_SUCCESSFUL'
  await eventually('it is back', isBack)
  const again = await aws(env, 'ecs', 'continue-service-deployment', ...arn, ...hook)
  expect(again.err).toContain('(ConflictException)')

  await ecs('update-service', ...web, '--task-definition', 'web')
  await eventually('the next one is paused', paused)
  const { serviceDeploymentArn } = await current()
  await ecs('stop-service-deployment', '--service-deployment-arn', serviceDeploymentArn)
  await eventually('it is back too', isBack)
  expect(await versions()).toBe('1'.repeat(10))
}, 240_000)

test('boto3 takes a canary through its pauses, protects tasks, and reads scripted failures', async () => {
  const account = '300000000012'
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: account }
  const { service, url } = await paired(account, {
    strategy: 'CANARY',
    bakeTimeInMinutes: 0,
    canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 1 },
    lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'] }],
  })
  await admin(sandbox, 'troubles', { is: 'out-of-memory', taskDefinition: 'leak:1' })
  const json = (value: unknown) => `json.loads('''${JSON.stringify(value)}''')`
  const answer = await boto(
    env,
    `
import boto3, json, time, urllib.request
ecs = boto3.client("ecs")
web = {"cluster": "prod", "service": "web"}
def current():
    arn = ecs.list_service_deployments(**web)["serviceDeployments"][0]["serviceDeploymentArn"]
    return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
def wait(is_so):
    for _ in range(600):
        found = is_so()
        if found:
            return found
        time.sleep(0.1)
    raise Exception("never so: " + str(current()))
def waiting():
    one = current()
    hooks = [h for h in one.get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"]
    return (one, hooks[0]) if hooks else None
def resume(pause, **more):
    one, hook = pause
    ecs.continue_service_deployment(serviceDeploymentArn=one["serviceDeploymentArn"], hookId=hook["hookId"], **more)
def versions():
    got = [json.loads(urllib.request.urlopen("${url}").read())["version"] for _ in range(10)]
    return "".join(sorted(got))
def done(status):
    return lambda: current()["status"] == status
ecs.create_cluster(clusterName="prod")
ecs.register_task_definition(**${json(definition('web:1'))})
ecs.create_service(**${json(service)})
wait(done("SUCCESSFUL"))
first = versions()
ecs.register_task_definition(**${json(definition('web:2'))})
ecs.update_service(**web, taskDefinition="web")
before = wait(waiting)
resume(before)
canary = wait(lambda: (lambda p: p if p and p[1]["hookId"] != before[1]["hookId"] else None)(waiting()))
share = versions()
weights = [canary[0]["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"],
           canary[0]["targetServiceRevision"]["requestedProductionTrafficWeight"]]
resume(canary, action="CONTINUE")
wait(done("SUCCESSFUL"))
last = versions()
tasks = ecs.list_tasks(cluster="prod", serviceName="web")["taskArns"]
ecs.update_task_protection(cluster="prod", tasks=tasks, protectionEnabled=True, expiresInMinutes=60)
protected = ecs.get_task_protection(cluster="prod", tasks=tasks)["protectedTasks"]
ecs.register_task_definition(**${json({ ...definition('web:1'), family: 'leak' })})
ran = ecs.run_task(cluster="prod", taskDefinition="leak", launchType="FARGATE",
                   networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
arn = ran["tasks"][0]["taskArn"]
ecs.get_waiter("tasks_stopped").wait(cluster="prod", tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
container = ecs.describe_tasks(cluster="prod", tasks=[arn])["tasks"][0]["containers"][0]
print(json.dumps({"first": first, "share": share, "weights": weights, "last": last,
  "stage": canary[0]["lifecycleStage"], "protected": [one["protectionEnabled"] for one in protected],
  "exit": container["exitCode"], "reason": container["reason"]}))
`,
  )
  expect(answer).toEqual({
    first: '1111111111',
    share: '1111111122',
    weights: [80, 20],
    last: '2222222222',
    stage: 'PRE_PRODUCTION_TRAFFIC_SHIFT',
    protected: [true, true],
    exit: 137,
    reason: 'OutOfMemoryError: Container killed due to memory usage',
  })
}, 180_000)

test('what goes wrong is scripted over HTTP: troubles, interruptions, events', async () => {
  expect((await admin(sandbox, 'troubles')).troubles).toMatchObject([{ is: 'out-of-memory' }])
  await fetch(`${sandbox.url}/_sandbox/troubles`, { method: 'DELETE' })
  expect((await admin(sandbox, 'troubles')).troubles).toEqual([])
  await expect(admin(sandbox, 'troubles', { is: 'rain' })).rejects.toThrow(
    /rain.*use one of registry-timeout/,
  )
  const said = { action: 'say', service: 'web', text: 'is throttled.' }
  expect(await admin(sandbox, 'script', said)).toEqual({ done: 'say' })
  await expect(admin(sandbox, 'script', { action: 'dance' })).rejects.toThrow(/unknown action/)
})
