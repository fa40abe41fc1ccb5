import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { captureConfig, changeConfig, connect, settings } from '#config'
import { connect as connectEcs, observeReferences } from '#ecs'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { awsJson } from '../../sandbox/gateway/clients.ts'
import { testRun } from '../../support/run.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
}, 60_000)
afterAll(() => sandbox.close())

/** The AWS CLI against the sandbox. */
const aws = (...args: string[]) => awsJson(sandbox.env, ...args)

const put = (name: string, value: string, type: string) =>
  aws('ssm', 'put-parameter', '--name', name, '--value', value, '--type', type, '--overwrite')

const config = () => ({
  region: 'us-east-1',
  credentials: async () => ({ accessKeyId: '123456789012', secretAccessKey: 'x' }),
  maxAttempts: 3,
  retryMode: 'standard' as const,
  customUserAgent: 'test',
  ...{ endpoint: sandbox.url },
})

describe('over HTTP, with the AWS CLI as the other side', () => {
  test('secrets and parameters go back, and the service that reads them is named', async () => {
    const secret = ['--secret-id', 'shop/key']
    await aws('secretsmanager', 'create-secret', '--name', 'shop/key', '--secret-string', 'good')
    await put('/shop/url', 'good', 'String')
    await put('/shop/password', 'good', 'SecureString')
    await serviceReading('/shop/url')
    const clients = connect(config())
    const choice = { secrets: ['shop/key'], parameters: ['/shop/'] }
    const { state } = await captureConfig(clients, choice)(testRun())
    await aws('secretsmanager', 'put-secret-value', ...secret, '--secret-string', 'bad')
    await put('/shop/url', 'bad', 'String')
    await put('/shop/password', 'bad', 'SecureString')

    const ecs = connectEcs(config())
    const services = { cluster: 'prod', names: ['web'] }
    const chosen = settings(
      { mode: 'rollback', to: 'auto', reason: 'wrong-value', versions: JSON.stringify(state) },
      { ...choice, services },
    )
    const readers = () => observeReferences(ecs, services)
    const result = await changeConfig(testRun(), { clients, store: undefined, readers }, chosen)
    expect([result.outcome, result.outputs?.readers]).toEqual(['done', 'web'])
    const value = await aws('secretsmanager', 'get-secret-value', ...secret)
    const found = await aws(
      'ssm',
      'get-parameter-history',
      '--name',
      '/shop/password',
      '--with-decryption',
    )
    expect(value.SecretString).toBe('good')
    expect(found.Parameters.map((one: { Value: string }) => one.Value)).toEqual([
      'good',
      'bad',
      'good',
    ])
  }, 60_000)

  test('what is not about parameters is still answered by who is behind', async () => {
    expect(await aws('ssm', 'list-commands')).toEqual({ Commands: [] })
  }, 30_000)
})

/** An ECS service whose container gets a parameter. */
async function serviceReading(valueFrom: string): Promise<void> {
  const secrets = [{ name: 'URL', valueFrom }]
  const containers = [{ name: 'web', image: 'web:v1', secrets }]
  await aws('ecs', 'create-cluster', '--cluster-name', 'prod')
  await aws(
    ...['ecs', 'register-task-definition', '--family', 'web', '--network-mode', 'awsvpc'],
    ...['--cpu', '256', '--memory', '512', '--requires-compatibilities', 'FARGATE'],
    ...['--container-definitions', JSON.stringify(containers)],
    ...['--execution-role-arn', 'arn:aws:iam::123456789012:role/execution'],
  )
  await aws(
    ...['ecs', 'create-service', '--cluster', 'prod', '--service-name', 'web'],
    ...['--task-definition', 'web', '--desired-count', '0', '--launch-type', 'FARGATE'],
    ...['--network-configuration', 'awsvpcConfiguration={subnets=[subnet-1]}'],
  )
}
