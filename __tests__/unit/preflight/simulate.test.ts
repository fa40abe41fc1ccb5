import type { EvaluationResult, IAMClient } from '@aws-sdk/client-iam'
import { describe, expect, test } from '@jest/globals'
import { answerOf, groupsOf, judged, principalOf, type Question, simulate } from '#preflight'

const db = 'arn:aws:rds:us-east-1:123456789012:db:shop-rollback'
const question = (given: Partial<Question> = {}): Question => ({
  action: 'rds:ModifyDBInstance',
  resource: db,
  context: { 'aws:RequestedRegion': 'us-east-1' },
  ...given,
})

describe('who is simulated', () => {
  const session = 'arn:aws:sts::123456789012:assumed-role/rollback/rollback-actions-1'
  test.each([
    [session, undefined, 'arn:aws:iam::123456789012:role/rollback'],
    [
      session,
      'arn:aws:iam::123456789012:role/teams/shop/rollback',
      'arn:aws:iam::123456789012:role/teams/shop/rollback',
    ],
    [session, 'arn:aws:iam::123456789012:role/another', 'arn:aws:iam::123456789012:role/rollback'],
    [
      session.replace('arn:aws:', 'arn:aws-us-gov:'),
      undefined,
      'arn:aws-us-gov:iam::123456789012:role/rollback',
    ],
    ['arn:aws:iam::123456789012:user/ada', undefined, 'arn:aws:iam::123456789012:user/ada'],
    ['arn:aws:iam::123456789012:root', undefined, undefined],
    ['arn:aws:sts::123456789012:federated-user/ada', undefined, undefined],
    ['', undefined, undefined],
  ])('%s, with the role %s', (caller, configured, expected) => {
    expect(principalOf(caller, configured)).toBe(expected)
  })
})

describe('what goes into one call', () => {
  const [one, other] = ['a', 'b'].map((name) => `arn:aws:ecs:r:1:service/c/${name}`)

  test('is asked of each action on each resource, and nothing else', () => {
    const questions = [
      question({ action: 'ecs:UpdateService', resource: `${one}` }),
      question({ action: 'ecs:UpdateService', resource: `${other}` }),
      question({ action: 'rds:ModifyDBInstance' }),
      question({ action: 'rds:AddTagsToResource' }),
      question({ action: 'iam:PassRole', context: { 'iam:PassedToService': 'x' } }),
    ]
    const pairs = groupsOf(questions).flatMap(({ actions, resources, context }) =>
      actions.flatMap((action) =>
        resources.map((resource) => JSON.stringify(question({ action, resource, context }))),
      ),
    )
    expect(pairs.sort()).toEqual(questions.map((each) => JSON.stringify(each)).sort())
    expect(groupsOf(questions)).toHaveLength(3)
  })

  test('stays small', () => {
    const many = Array.from({ length: 60 }, (_, n) => question({ resource: `${db}${n}` }))
    expect(groupsOf(many).map(({ resources }) => resources.length)).toEqual([25, 25, 10])
  })
})

describe('what IAM says', () => {
  const top = (given: Partial<EvaluationResult>): EvaluationResult => ({
    EvalActionName: 'rds:ModifyDBInstance',
    EvalResourceName: db,
    EvalDecision: 'allowed',
    ...given,
  })
  test.each<[string, readonly EvaluationResult[], object]>([
    ['yes', [top({})], { is: 'allowed' }],
    ['yes, in another case', [top({ EvalActionName: 'RDS:modifydbinstance' })], { is: 'allowed' }],
    ['nothing', [], { is: 'unknown', keys: [] }],
    ['about another thing', [top({ EvalResourceName: '*' })], { is: 'unknown', keys: [] }],
    ['no', [top({ EvalDecision: 'implicitDeny' })], { is: 'denied', how: 'by no statement' }],
    ['never', [top({ EvalDecision: 'explicitDeny' })], { is: 'denied', how: 'by a deny' }],
    [
      'no, and that it was not given a key',
      [top({ EvalDecision: 'implicitDeny', MissingContextValues: ['aws:PrincipalTag/team'] })],
      { is: 'unknown', keys: ['aws:PrincipalTag/team'] },
    ],
    [
      'yes, and that it was not given a key',
      [top({ MissingContextValues: ['aws:PrincipalTag/team'] })],
      { is: 'allowed' },
    ],
    [
      'each resource in a list below the action',
      [
        top({
          EvalResourceName: '*',
          EvalDecision: 'implicitDeny',
          ResourceSpecificResults: [
            { EvalResourceName: `${db}2`, EvalResourceDecision: 'allowed' },
            { EvalResourceName: db, EvalResourceDecision: 'implicitDeny' },
          ],
        }),
      ],
      { is: 'denied', how: 'by no statement' },
    ],
    [
      'that the list below disagrees',
      [
        top({
          ResourceSpecificResults: [{ EvalResourceName: db, EvalResourceDecision: 'explicitDeny' }],
        }),
      ],
      { is: 'denied', how: 'by a deny' },
    ],
  ])('%s', (_name, results, expected) => {
    expect(answerOf(results, question())).toEqual(expected)
  })
})

describe('IAM that cannot answer', () => {
  const role = 'arn:aws:iam::123456789012:role/rollback'
  /** Refuses what is about RDS, and allows the rest. */
  const iam = (name: string) =>
    ({
      send: async ({ input }: { input: { ActionNames: string[]; ResourceArns: string[] } }) => {
        const { ActionNames, ResourceArns } = input
        if (ActionNames.some((action) => action.startsWith('rds:')))
          throw Object.assign(new Error('no'), { name })
        return {
          EvaluationResults: ActionNames.flatMap((EvalActionName) =>
            ResourceArns.map((EvalResourceName) => {
              return { EvalActionName, EvalResourceName, EvalDecision: 'allowed' }
            }),
          ),
        }
      },
    }) as unknown as IAMClient
  const update = question({ action: 'ecs:UpdateService', resource: 'arn:aws:ecs:r:1:service/c/a' })

  test('to one question answers the others', async () => {
    const answers = await simulate(iam('InvalidInputException'), role, [question(), update])
    expect([answers(question()), answers(update)]).toEqual([
      { is: 'unknown', keys: [] },
      { is: 'allowed' },
    ])
  })

  test.each(['AccessDenied', 'ServiceFailureException'])('because of %s is told', async (name) => {
    const asked = simulate(iam(name), role, [question(), update])
    await expect(asked).rejects.toThrow(`iam:SimulatePrincipalPolicy on rollback: ${name}`)
  })
})

test('one row tells an action with all its things, the first three by name', () => {
  const services = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    Object.assign(
      question({ action: 'ecs:UpdateService', resource: `arn:aws:ecs:r:1:service/c/${name}` }),
      { modes: ['ecs-rollback stop'] as const },
    ),
  )
  const found = judged('rollback', services, () => ({ is: 'denied', how: 'by no statement' }))
  expect(found.map((one) => one.found)).toEqual([
    'rollback may not ecs:UpdateService on service/c/a, service/c/b, service/c/c and 2 more (ecs-rollback stop)',
  ])
  expect(found[0]?.next).toContain('grant ecs:UpdateService on arn:aws:ecs:r:1:service/c/a to')
})

test('what a rollback goes on without is a warning that says what it costs; where it does not, a problem', () => {
  const stop = question({ action: 'ecs:StopServiceDeployment', resource: 'arn:aws:ecs:r:1:d/a' })
  const asked = [
    { ...stop, modes: [], without: 'it is replaced' },
    { ...stop, resource: 'arn:aws:ecs:r:1:d/b', modes: [] },
  ]
  const found = judged('rollback', asked, () => ({ is: 'denied', how: 'by no statement' }))
  expect(found.map(({ is, found: text }) => [is, text])).toEqual([
    [
      'warning',
      'rollback may not ecs:StopServiceDeployment on d/a; a rollback goes on without it: it is replaced',
    ],
    ['problem', 'rollback may not ecs:StopServiceDeployment on d/b'],
  ])
})
