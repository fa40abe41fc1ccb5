import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../../packages/sandbox/index.ts'
import { awsJson, boto } from '../gateway/clients.ts'
import { admin, startStreet } from './street.ts'

let sandbox: Sandbox

/** An image whose working folder holds programs that a command override can name. */
beforeAll(async () => {
  sandbox = await startStreet()
  const directory = join(sandbox.folder, 'image')
  mkdirSync(join(directory, 'bin'), { recursive: true })
  const program = '#!/bin/sh\necho "$0 $* of $STAGE in $REGION_OF_IMAGE"\nexit "${2:-0}"\n'
  writeFileSync(join(directory, 'bin', 'migrate'), program, { mode: 0o755 })
  const image = { image: 'tool:1', directory, environment: { REGION_OF_IMAGE: 'image' } }
  await admin(sandbox, 'images', { action: 'push', command: ['./bin/none'], ...image })
}, 30_000)
afterAll(() => sandbox.close())

const definition = {
  family: 'tool',
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  requiresCompatibilities: ['FARGATE'],
  containerDefinitions: [
    { name: 'tool', image: 'tool:1', environment: [{ name: 'STAGE', value: 'test' }] },
  ],
}

const overrides = (...command: string[]) => ({
  containerOverrides: [{ name: 'tool', command, environment: [{ name: 'STAGE', value: 'prod' }] }],
})

test('the AWS CLI runs a program of the image with arguments, waits and reads its exit code', async () => {
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: '310000000001' }
  const ecs = (...args: string[]) => awsJson(env, 'ecs', ...args)
  await ecs('create-cluster', '--cluster-name', 'prod')
  await ecs('register-task-definition', '--cli-input-json', JSON.stringify(definition))
  const run = (...command: string[]) =>
    ecs(
      ...['run-task', '--cluster', 'prod', '--task-definition', 'tool:1', '--launch-type'],
      ...['FARGATE', '--network-configuration', 'awsvpcConfiguration={subnets=[subnet-1]}'],
      ...['--started-by', 'production/1/migrations', '--client-token', 'one'],
      ...['--overrides', JSON.stringify(overrides(...command))],
    )
  const { tasks, failures } = await run('./bin/migrate', 'down', '3')
  expect([tasks.length, failures]).toEqual([1, []])
  const [{ taskArn }] = tasks
  expect((await run('./bin/migrate', 'down', '3')).tasks[0].taskArn).toBe(taskArn)
  await expect(run('./bin/migrate', 'down')).rejects.toThrow('ConflictException')
  await ecs('wait', 'tasks-stopped', '--cluster', 'prod', '--tasks', taskArn)
  const described = await ecs('describe-tasks', '--cluster', 'prod', '--tasks', taskArn)
  expect(described.tasks[0]).toMatchObject({
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    startedBy: 'production/1/migrations',
    overrides: overrides('./bin/migrate', 'down', '3'),
    containers: [{ name: 'tool', lastStatus: 'STOPPED', exitCode: 3 }],
  })
  const found = await ecs(
    ...['list-tasks', '--cluster', 'prod', '--desired-status', 'STOPPED'],
    ...['--started-by', 'production/1/migrations'],
  )
  expect(found.taskArns).toEqual([taskArn])
  const logs = await admin(sandbox, 'logs?container=tool')
  expect(JSON.stringify(logs)).toContain('./bin/migrate down 3 of prod in image')
}, 90_000)

test('boto3 stops a task, and learns of a program that the image does not have', async () => {
  const env = { ...sandbox.env, AWS_ACCESS_KEY_ID: '310000000002' }
  const answer = await boto(
    env,
    `
import boto3, json
ecs = boto3.client("ecs")
ecs.create_cluster(clusterName="prod")
ecs.register_task_definition(**json.loads('''${JSON.stringify(definition)}'''))
def run(*command):
    ran = ecs.run_task(cluster="prod", taskDefinition="tool:1", launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        overrides={"containerOverrides": [{"name": "tool", "command": list(command)}]})
    return ran["tasks"][0]["taskArn"]
def ended(arn):
    ecs.get_waiter("tasks_stopped").wait(cluster="prod", tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return ecs.describe_tasks(cluster="prod", tasks=[arn])["tasks"][0]
missing = ended(run("./bin/other"))
long = run("sleep", "600")
ecs.get_waiter("tasks_running").wait(cluster="prod", tasks=[long], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
ecs.stop_task(cluster="prod", task=long, reason="enough")
stopped = ended(long)
print(json.dumps({"missing": [missing["stopCode"], missing["containers"][0].get("exitCode"), missing["stoppedReason"]],
  "stopped": [stopped["stopCode"], stopped["containers"][0].get("exitCode"), stopped["stoppedReason"]]}))
`,
  )
  expect(answer.missing.slice(0, 2)).toEqual(['TaskFailedToStart', null])
  expect(answer.missing[2]).toMatch(/^CannotStartContainerError: /)
  expect(answer.stopped).toEqual(['UserInitiated', 143, 'enough'])
}, 90_000)
