import { GetObjectCommand } from '@aws-sdk/client-s3'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals'
import type { GitHubRepository } from '../../../packages/sandbox/index.ts'
import { storeBucket } from '../../../packages/sandbox/sample/index.ts'
import {
  differences,
  iamActions,
  type PolicyDocument,
  readTable,
  withoutAction,
} from '../../../scripts/permissions.ts'
import type { Ended } from '../../support/bundle.ts'
import { page, place, repository, type Stage, stage } from './stage.ts'

/** The built bundle, in the account of the sample company and beside GitHub's stand-in. */
jest.setTimeout(60_000)
let at: Stage
let shop: GitHubRepository

beforeAll(async () => {
  at = await stage()
  if (!at.sandbox.github) throw new Error('This sandbox has no GitHub')
  shop = at.sandbox.github.repository(repository)
}, 120_000)
afterAll(() => at?.close(), 60_000)

beforeEach(async () => {
  await at.attach(at.policy)
  at.sandbox.calls.clear()
  shop.environment('production-rollback', {
    reviewers: [],
    waitMinutes: 0,
    customRules: [],
    branches: 'all',
  })
})
afterEach(() => at.sandbox.github?.faults.clear())

interface Row {
  readonly check: string
  readonly found: string
  readonly is: string
}
const rows = (ended: Ended): readonly Row[] => JSON.parse(ended.report).data.findings
const problems = (ended: Ended) => rows(ended).filter(({ is }) => is === 'problem')

/** What was changed in the account, by anybody but the token desk. */
const changes = () =>
  at.sandbox.calls
    .list({ account: place.account, mutating: true })
    .filter(({ status }) => status < 300)
    .map(({ operation, subject }) => `${operation} ${subject.Key ?? ''}`.trim())

test('what could be rolled back passes under the documented policy, and only the proof of writing is written', async () => {
  const ended = await at.run()
  expect({ code: ended.code, outcome: ended.outputs.outcome, problems: problems(ended) }).toEqual({
    code: 0,
    outcome: 'done',
    problems: [],
  })
  expect(rows(ended).every(({ is }) => is === 'fine')).toBe(true)
  expect(changes()).toEqual(['PutObject production/preflight.json'])
  expect(ended.summary).toContain('| check | found | fine? |')
  const ours = at.sandbox.calls
    .list({ account: place.account })
    .filter(({ userAgent }) => userAgent.includes('rollback-actions/preflight'))
  const seen = new Map([['preflight', iamActions(ours)]])
  expect(differences(readTable(page), seen)).toEqual([])
  expect(ours.filter(({ error }) => error?.startsWith('AccessDenied'))).toEqual([])
})

test('again and again it changes its one document, and in a dry run nothing', async () => {
  await at.run({}, { GITHUB_RUN_ATTEMPT: '2' })
  const Bucket = storeBucket(place)
  const Key = 'production/preflight.json'
  const stored = await at.company.clients.s3.send(new GetObjectCommand({ Bucket, Key }))
  const said = JSON.parse((await stored.Body?.transformToString()) ?? '')
  expect(said).toMatchObject({ kind: 'preflight', run: '77', attempt: 2 })
  at.sandbox.calls.clear()
  expect((await at.run({ 'dry-run': 'true' })).outputs.outcome).toBe('done')
  expect(changes()).toEqual([])
})

describe('a permission of the rollback that the role lacks is found before anything is changed', () => {
  test.each([
    [
      'rds:RestoreDBInstanceFromDBSnapshot',
      'db:acme-production-rollback',
      'rds-snapshot-guard restore',
    ],
    ['rds:AddTagsToResource', 'snapshot:pre-rollback-', ''],
    ['ecs:UpdateService', 'service/acme-production/api-gateway', 'ecs-rollback rollback'],
    ['ssm:PutParameter', 'parameter/acme/production/', 'config-rollback rollback'],
  ])('%s', async (action, resource, mode) => {
    await at.attach(withoutAction(at.policy, action))
    const ended = await at.run()
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
    const found = problems(ended)
    expect(found).toHaveLength(1)
    expect(found[0]?.found).toContain(`rollback may not ${action} on `)
    expect(found[0]?.found).toContain(resource)
    expect(found[0]?.found).toContain(mode)
    expect(ended.log).toMatch(new RegExp(`grant ${action} on arn:aws:\\S+ to the role rollback`))
    expect(changes()).toEqual(['PutObject production/preflight.json'])
  })

  test('the right action on the wrong thing', async () => {
    const elsewhere = JSON.parse(
      JSON.stringify(at.policy).replaceAll(':db:acme-production*', ':db:acme-production'),
    ) as PolicyDocument
    await at.attach(elsewhere)
    const found = problems(await at.run()).map((one) => one.found)
    expect(found.map((one) => /may not (\S+) on/.exec(one)?.[1]).sort()).toEqual([
      'rds:AddTagsToResource',
      'rds:ModifyDBInstance',
      'rds:RestoreDBInstanceFromDBSnapshot',
    ])
    expect(found.every((one) => one.includes('db:acme-production-rollback'))).toBe(true)
  })

  test('reads too, by the look itself, beside everything else that is wrong', async () => {
    const without = ['ecs:DescribeServices', 'secretsmanager:GetSecretValue', 'ecs:UpdateService']
    await at.attach(without.reduce(withoutAction, at.policy))
    const ended = await at.run()
    expect(ended.outputs.outcome).toBe('refused')
    for (const action of without) expect(ended.log).toContain(`grant ${action}`)
  })
})

describe('a permission without which a rollback goes on is told, and refuses nothing', () => {
  test.each([
    ['ecs:StopServiceDeployment', 'is replaced, not taken back by ECS'],
    ['ecs:DescribeServiceDeployments', 'is replaced, not taken back by ECS'],
    ['ecs:RegisterTaskDefinition', 'that was deregistered meanwhile, or whose image tag has moved'],
    ['ecs:TagResource', 'that was deregistered meanwhile, or whose image tag has moved'],
    ['ecr:DescribeImages', 'nobody looked whether this is there: image '],
    ['iam:GetRole', 'nobody looked whether this is there: role ecs-execution'],
    ['elasticloadbalancing:DescribeTargetGroups', 'nobody looked whether this is there: target'],
  ])('%s', async (action, cost) => {
    await at.attach(withoutAction(at.policy, action))
    const ended = await at.run()
    expect({ outcome: ended.outputs.outcome, problems: problems(ended) }).toEqual({
      outcome: 'done',
      problems: [],
    })
    const told = rows(ended).filter(({ is }) => is !== 'fine')
    expect(told).toEqual([
      expect.objectContaining({ is: 'warning', found: expect.stringContaining(cost) }),
    ])
    expect(told[0]?.found).toContain(action)
    expect(ended.log).toContain(`grant ${action} `)
  })
})

test('a role that may not ask about itself passes, and is told what is not proven', async () => {
  await at.attach(withoutAction(at.policy, 'iam:SimulatePrincipalPolicy'))
  const ended = await at.run()
  expect(ended.outputs.outcome).toBe('done')
  expect(ended.log).toContain('permissions of changes are not proven')
  expect(ended.log).toContain('grant iam:SimulatePrincipalPolicy on')
})

test('a store that cannot be written is refused before anything else is', async () => {
  await at.attach({
    ...at.policy,
    Statement: at.policy.Statement.map((one) =>
      one.Sid === 'Store' ? { ...one, Action: 's3:GetObject' } : one,
    ),
  })
  const ended = await at.run()
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
  expect(problems(ended).map(({ check }) => check)).toEqual(['store'])
  expect(ended.log).toContain('grant s3:PutObject')
  expect(changes()).toEqual([])
})

test('a document of another version in the store is refused', async () => {
  const Key = 'production/environment.json'
  const Bucket = storeBucket(place)
  const { s3 } = at.company.clients
  const { PutObjectCommand, DeleteObjectCommand } = await import('@aws-sdk/client-s3')
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: '{"kind":"environment","version":2}' }))
  const ended = await at.run()
  await s3.send(new DeleteObjectCommand({ Bucket, Key }))
  expect(ended.outputs.outcome).toBe('refused')
  expect(ended.log).toContain('MalformedDocument')
})

test('another account ends before any other call', async () => {
  const ended = await at.run({ 'allowed-account-ids': '999999999999' })
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
  expect(ended.log).toContain('belong to account 666600000001, allowed: 999999999999')
  expect(at.sandbox.calls.list().filter(({ service }) => service !== 'sts')).toEqual([])
})

describe('the GitHub environment of the rollback', () => {
  const pat = { type: 'User', name: 'pat' } as const

  test.each([
    [{ reviewers: [pat] }, /has required reviewers: an automatic rollback would wait for a person/],
    [{ waitMinutes: 30 }, /has a wait timer: an automatic rollback would wait 30 minutes/],
    [{ customRules: ['change-board'] }, /has the custom rule change-board/],
    [{ branches: ['release/*'] }, /lets in only release\/\*, not main/],
  ])('is refused with %j', async (protection, why) => {
    shop.environment('production-rollback', protection)
    const ended = await at.run()
    expect(ended.outputs.outcome).toBe('refused')
    expect(problems(ended).map((one) => one.found)).toEqual([expect.stringMatching(why)])
  })

  test('must be there', async () => {
    const ended = await at.run({ 'rollback-environment': 'nowhere' })
    expect(ended.outputs.outcome).toBe('refused')
    expect(ended.log).toContain('gh api -X PUT repos/acme/shop/environments/nowhere')
  })
})

describe('the GitHub environment in which consent is given', () => {
  const asked = { 'consent-environment': 'production-consent' }

  test('without reviewers protects nothing', async () => {
    shop.environment('production-consent', { reviewers: [] })
    const ended = await at.run(asked)
    expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'refused' } })
    expect(problems(ended).map((one) => one.found)).toEqual([
      'production-consent has no required reviewers: a consent gate that protects nothing',
    ])
  })

  test('that is not there protects nothing', async () => {
    const ended = await at.run({ 'consent-environment': 'typo' })
    expect(ended.outputs.outcome).toBe('refused')
    expect(ended.log).toContain('a consent gate that protects nothing')
  })

  test('with reviewers passes; that they may approve their own press is told', async () => {
    shop.environment('production-consent', { reviewers: [{ type: 'User', name: 'pat' }] })
    const warned = await at.run(asked)
    expect(warned.outputs.outcome).toBe('done')
    expect(warned.log).toContain('whoever presses the button may approve it')
    shop.environment('production-consent', { preventSelfReview: true })
    const fine = await at.run(asked)
    expect(rows(fine).at(-1)).toMatchObject({ found: 'one reviewer must approve', is: 'fine' })
  })
})

describe('when GitHub cannot be asked', () => {
  const down = { effect: 'error500', service: 'github', status: 503 } as const

  test('a consent gate that is named is refused: doubt is no gate', async () => {
    at.sandbox.github?.faults.add(down)
    const ended = await at.run({ 'consent-environment': 'production-consent' })
    expect(ended.outputs.outcome).toBe('refused')
    expect(problems(ended).map((one) => one.found)).toEqual([
      expect.stringContaining('not proven that anybody is asked for consent'),
    ])
    expect(ended.log).toContain('not proven that the rollback starts without a person')
  })

  test.each([
    ['without a token', '', "give preflight the job's token"],
    ['without actions: read', 'contents', 'grant the job permissions: actions: read'],
  ])('%s it says what to grant', async (_why, permission, advice) => {
    const token = permission
      ? (at.sandbox.github?.token(repository, { [permission]: 'read' }) ?? '')
      : ''
    const ended = await at.run({ token })
    expect(ended.outputs.outcome).toBe('done')
    expect(ended.log).toContain(advice)
  })
})

test('what people wrote cannot become Markdown or a command', async () => {
  const name = '::error::x <img src=x> | `a`'
  const ended = await at.run({ 'rollback-environment': name })
  expect(ended.summary).not.toContain('<img')
  expect(ended.log.split('\n').filter((line) => line.startsWith('::error::'))).toEqual([])
})

test('all problems are told at once', async () => {
  await at.attach(withoutAction(at.policy, 'ecs:UpdateService'))
  shop.environment('production-rollback', { waitMinutes: 5 })
  shop.environment('production-consent', { reviewers: [] })
  const ended = await at.run({ 'consent-environment': 'production-consent' })
  expect(problems(ended)).toHaveLength(3)
})
