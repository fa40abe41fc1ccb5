import { describe, expect, test } from '@jest/globals'
import type { RunEvent } from '../../../packages/sandbox/act/index.ts'
import { clockTime, factOfCall, workflowNarrator } from '../../../packages/sandbox/demo/facts.ts'
import { actionNames } from '../../../scripts/actions.ts'

const call = (operation: string, subject: Record<string, string>, more = {}) => ({
  n: 1,
  at: '2026-11-22T03:15:00.000Z',
  requestId: 'r',
  account: '123456789012',
  accessKeyId: '123456789012',
  region: 'us-east-1',
  service: operation.split(':')[0] ?? '',
  operation: operation.split(':')[1] ?? '',
  mutating: true,
  status: 200,
  userAgent: '',
  durationMs: 1,
  subject,
  ...more,
})

describe('a call to AWS', () => {
  test.each([
    [
      call('ecs:UpdateService', { cluster: 'c', service: 'api', taskDefinition: 'arn:x/api:3' }),
      'ECS: api of c to api:3',
    ],
    [
      call('ecs:UpdateService', { cluster: 'c', service: 'api', desiredCount: '0' }),
      'ECS: api of c to 0 tasks',
    ],
    [
      call('rds:CreateDBSnapshot', { DBSnapshotIdentifier: 's', DBInstanceIdentifier: 'i' }),
      'RDS: snapshot s of i begins',
    ],
    [
      call('ssm:PutParameter', { Name: '/acme/production/feature-flags' }),
      'Parameter Store: /acme/production/feature-flags has a new value',
    ],
    [
      call('secretsmanager:UpdateSecretVersionStage', { SecretId: 's', VersionStage: 'kept' }),
      'Secrets Manager: a version of s gets a label, so that it is kept',
    ],
    [
      call('secretsmanager:UpdateSecretVersionStage', {
        SecretId: 's',
        VersionStage: 'AWSCURRENT',
      }),
      'Secrets Manager: another version of s is in force',
    ],
    [
      call('s3:CopyObject', { Bucket: 'acme-frontend-123456789012', Key: 'index.html' }),
      'S3: index.html of the front end goes back',
    ],
    [
      call('cloudfront:CreateInvalidation', { DistributionId: 'E1' }),
      'CloudFront: the edges of E1 are to forget what changed',
    ],
  ])('is told in words', (made, text) => {
    expect(factOfCall(made)?.text).toBe(text)
  })

  test.each([
    ['that only looks', call('ecs:DescribeServices', {}, { mutating: false })],
    ['that was refused', call('ecs:UpdateService', {}, { status: 400 })],
    [
      'of an asset',
      call('s3:PutObject', { Bucket: 'acme-frontend-123456789012', Key: 'assets/app-1.js' }),
    ],
    ['of the store', call('s3:PutObject', { Key: 'production/lease.json' })],
  ])('%s is not told', (_, made) => {
    expect(factOfCall(made)).toBeUndefined()
  })
})

describe('a run', () => {
  const told = (...events: RunEvent[]) => {
    const narrate = workflowNarrator()
    return events.flatMap((event) => narrate(event)?.text ?? [])
  }
  const name = 'acme/rollback-actions/actions/rollback-plan@5afe'

  test('tells an action by its own headline, once, and other steps by how they ended', () => {
    const lines = told(
      { at: 1, job: 'j', is: 'line', step: 'plan', text: 'rollback-plan: done: it goes back' },
      { at: 2, job: 'j', is: 'step-ends', step: 'plan', name, outcome: 'success' },
      { at: 3, job: 'j', is: 'step-ends', step: '3', name: './scripts/deploy', outcome: 'failure' },
      { at: 4, job: 'j', is: 'job-ends', result: 'failure' },
    )
    expect(lines).toEqual([
      'rollback-plan: done: it goes back',
      './scripts/deploy: failure',
      'job j: failure',
    ])
  })

  test('knows the headline of every action by its name', () => {
    for (const action of actionNames()) {
      const text = `${action}: done: it went well`
      expect(told({ at: 1, job: 'j', is: 'line', step: 'x', text })).toEqual([text])
    }
  })

  test('tells of an action that died without a headline', () => {
    const end: RunEvent = {
      at: 2,
      job: 'j',
      is: 'step-ends',
      step: 'plan',
      name,
      outcome: 'failure',
    }
    expect(told(end)).toEqual(['rollback-plan: failure'])
  })
})

test.each([
  [0, '00:00'],
  [61_999, '01:01'],
  [3_600_000, '60:00'],
])('%d ms after the beginning is %s', (at, expected) => {
  expect(clockTime(at + 5000, 5000)).toBe(expected)
})
