import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { describe, expect, test } from '@jest/globals'
import {
  memoryGateway,
  type Sandbox,
  startSandbox,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { boto, clientConfig, failure } from '../gateway/clients.ts'

const account = '111111111111'
const role = `arn:aws:iam::${account}:role/teams/rollback`
const cluster = `arn:aws:ecs:us-east-1:${account}:cluster/prod`
const service = (name: string) => `arn:aws:ecs:us-east-1:${account}:service/prod/${name}`
const Statement = [
  { Effect: 'Allow', Action: 'ecs:UpdateService', Resource: service('*') },
  { Effect: 'Deny', Action: 'ecs:*', Resource: service('frozen') },
  {
    Effect: 'Allow',
    Action: 'ecs:ListTasks',
    Resource: '*',
    Condition: { ArnEquals: { 'ecs:cluster': cluster } },
  },
]
const roles = [{ arn: role, subjects: ['*'], policies: [{ Version: '2012-10-17', Statement }] }]

function iam(given = roles) {
  const gateway = memoryGateway({ clock: virtualClock(), roles: given })
  return new IAMClient(clientConfig(gateway, { account }))
}

type Input = ConstructorParameters<typeof SimulatePrincipalPolicyCommand>[0]
const command = (given: Partial<Input> = {}) =>
  new SimulatePrincipalPolicyCommand({
    PolicySourceArn: role,
    ActionNames: ['ecs:UpdateService'],
    ResourceArns: [service('web')],
    ...given,
  })
const decisions = async (given: Partial<Input>) => {
  const { EvaluationResults = [] } = await iam().send(command(given))
  return EvaluationResults.map(({ EvalActionName, EvalResourceName, EvalDecision }) =>
    [EvalActionName, EvalResourceName?.split('/').at(-1), EvalDecision].join(' '),
  )
}

describe('a simulation', () => {
  test('answers for every action on every resource', async () => {
    const found = await decisions({
      ActionNames: ['ecs:UpdateService', 'ecs:DeleteService'],
      ResourceArns: [service('web'), service('frozen')],
    })
    expect(found).toEqual([
      'ecs:UpdateService web allowed',
      'ecs:UpdateService frozen explicitDeny',
      'ecs:DeleteService web implicitDeny',
      'ecs:DeleteService frozen explicitDeny',
    ])
  })

  test('takes every resource when none is named', async () => {
    const { EvaluationResults = [] } = await iam().send(command({ ResourceArns: undefined }))
    expect(EvaluationResults[0]).toMatchObject({
      EvalResourceName: '*',
      EvalDecision: 'implicitDeny',
      MissingContextValues: ['ecs:cluster'],
    })
  })

  test.each([
    [cluster, 'allowed', []],
    [`${cluster}2`, 'implicitDeny', []],
    [undefined, 'implicitDeny', ['ecs:cluster']],
  ])('by the context %s is %s', async (value, decision, missing) => {
    const ContextEntries = value
      ? [
          {
            ContextKeyName: 'ecs:cluster',
            ContextKeyValues: [value],
            ContextKeyType: 'string' as const,
          },
        ]
      : []
    const given = { ActionNames: ['ecs:ListTasks'], ResourceArns: ['*'], ContextEntries }
    const { EvaluationResults = [] } = await iam().send(command(given))
    expect(EvaluationResults[0]?.EvalDecision).toBe(decision)
    expect(EvaluationResults[0]?.MissingContextValues ?? []).toEqual(missing)
  })

  test('comes in pages', async () => {
    const client = iam()
    const ResourceArns = ['a', 'b', 'c'].map(service)
    const first = await client.send(command({ ResourceArns, MaxItems: 2 }))
    expect([first.IsTruncated, first.EvaluationResults?.length]).toEqual([true, 2])
    const { Marker } = first
    const second = await client.send(command({ ResourceArns, MaxItems: 2, Marker }))
    expect([second.IsTruncated, second.EvaluationResults?.length]).toEqual([false, 1])
  })

  test.each<[string, Partial<Input>, string]>([
    [
      'another role',
      { PolicySourceArn: `arn:aws:iam::${account}:role/rollback` },
      'NoSuchEntityException',
    ],
    [
      'another account',
      { PolicySourceArn: role.replace('111111111111', '222222222222') },
      'NoSuchEntityException',
    ],
    [
      'a session',
      { PolicySourceArn: `arn:aws:sts::${account}:assumed-role/rollback/x` },
      'InvalidInputException',
    ],
    ['an action without a service', { ActionNames: ['UpdateService'] }, 'InvalidInputException'],
    ['what the sandbox does not do', { ResourcePolicy: '{}' }, 'InvalidInputException'],
  ])('of %s is refused', async (_what, given, name) => {
    expect((await failure(iam().send(command(given)))).name).toBe(name)
  })

  test('of a role without policies, and of a user, allows what they may do here: everything', async () => {
    const client = iam([{ arn: role, subjects: ['*'] } as never])
    for (const PolicySourceArn of [role, `arn:aws:iam::${account}:user/ada`]) {
      const { EvaluationResults } = await client.send(command({ PolicySourceArn }))
      expect(EvaluationResults?.[0]?.EvalDecision).toBe('allowed')
    }
  })
})

describe('boto3', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox({ ministack: false, account, roles })
  })
  afterAll(() => sandbox.close())

  test('simulates a role, and reads its answers and its error', async () => {
    const told = await boto(
      sandbox.env,
      `
import boto3, json
iam = boto3.client('iam')
ask = dict(ActionNames=['ecs:UpdateService'], ResourceArns=['${service('web')}', '${service('frozen')}'],
           ContextEntries=[dict(ContextKeyName='ecs:cluster', ContextKeyValues=['${cluster}'], ContextKeyType='string')])
pages = iam.get_paginator('simulate_principal_policy').paginate(PolicySourceArn='${role}', **ask, PaginationConfig=dict(PageSize=1))
found = [one for page in pages for one in page['EvaluationResults']]
try:
    iam.simulate_principal_policy(PolicySourceArn='${role}2', **ask)
    error = None
except iam.exceptions.NoSuchEntityException as thrown:
    error = thrown.response['Error']['Code']
print(json.dumps(dict(
    decisions=[one['EvalDecision'] for one in found],
    specific=[one['ResourceSpecificResults'][0]['EvalResourceDecision'] for one in found],
    error=error)))
`,
    )
    expect(told).toEqual({
      decisions: ['allowed', 'explicitDeny'],
      specific: ['allowed', 'explicitDeny'],
      error: 'NoSuchEntity',
    })
  }, 60_000)
})

test('GetRole finds every role until somebody deletes it', async () => {
  const gateway = memoryGateway({ clock: virtualClock() })
  const client = new IAMClient(clientConfig(gateway, { account }))
  const look = (RoleName: string) => client.send(new GetRoleCommand({ RoleName }))
  const body = new TextEncoder().encode(JSON.stringify({ gone: [role] }))
  expect((await look('rollback')).Role?.Arn).toBe(`arn:aws:iam::${account}:role/rollback`)
  await gateway.handle({ method: 'PUT', url: '/_sandbox/roles', headers: {}, body })
  expect(await failure(look('rollback'))).toMatchObject({ name: 'NoSuchEntityException' })
  expect((await look('other')).Role?.RoleName).toBe('other')
})
