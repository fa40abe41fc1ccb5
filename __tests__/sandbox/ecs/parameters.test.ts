import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { inProcessHandler, memoryGateway, virtualClock } from '../../../packages/sandbox/index.ts'

const flags = 'arn:aws:ssm:us-east-1:123456789012:parameter/acme/flags'

async function taskWith(valueFrom: string) {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock })
  const config = {
    region: 'us-east-1',
    credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
    endpoint: 'http://sandbox.invalid',
    requestHandler: inProcessHandler(gateway),
  }
  const [ecs, ssm] = [new ECSClient(config), new SSMClient(config)]
  await ssm.send(new PutParameterCommand({ Name: '/acme/flags', Value: 'on', Type: 'String' }))
  gateway.ecs.images.push('web:1', { command: ['web'] })
  await ecs.send(new CreateClusterCommand({ clusterName: 'acme' }))
  const secrets = [{ name: 'FLAGS', valueFrom }]
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'web',
      executionRoleArn: 'arn:aws:iam::123456789012:role/ecs-execution',
      containerDefinitions: [{ name: 'web', image: 'web:1', memory: 128, secrets }],
    }),
  )
  gateway.faults.set([{ effect: 'denied', service: 'ssm' }])
  const service = { cluster: 'acme', serviceName: 'web', taskDefinition: 'web', desiredCount: 1 }
  await ecs.send(new CreateServiceCommand(service))
  await clock.advance(120_000)
  const found = gateway.runtime.processes.map(({ request }) => request.environment.FLAGS)
  await gateway.close()
  return found
}

test.each([flags, '/acme/flags'])(
  'a task gets the parameter %s, whatever happens to the calls of clients',
  async (valueFrom) => {
    expect(await taskWith(valueFrom)).toEqual(['on'])
  },
)

test('a task whose parameter is not there is never started', async () => {
  expect(await taskWith(`${flags}-of-nobody`)).toEqual([])
})
