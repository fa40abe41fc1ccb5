import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts'
import { describe, expect, test } from '@jest/globals'
import {
  type JobIdentity,
  jobClaims,
  memoryGateway,
  memoryGitHub,
  type Role,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { failure, stsClient } from '../gateway/clients.ts'

const SHA = 'a'.repeat(40)
const SUITE = `acme/rollback-actions/.github/workflows/rollback.yml@${SHA}`
const ROLE = 'arn:aws:iam::333333333333:role/rollback'
const SHOP = { repository: 'acme/shop', repositoryId: 22, ownerId: 11 } as const

/** Exchanges a token of a job for a session of a role that trusts what it says. */
function exchange(job: JobIdentity, role: Omit<Role, 'arn'>, seconds?: number) {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock, roles: [{ arn: ROLE, ...role }] })
  const token = gateway.issuer.token(gateway.issuer.register(jobClaims(job)), 'sts.amazonaws.com')
  return stsClient(gateway).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: ROLE,
      RoleSessionName: 'rollback-1',
      WebIdentityToken: token,
      ...(seconds !== undefined && { DurationSeconds: seconds }),
    }),
  )
}

describe('sub', () => {
  const rows: [string, Partial<JobIdentity>, string][] = [
    ['a branch', {}, 'repo:acme/shop:ref:refs/heads/main'],
    ['a tag', { ref: 'refs/tags/v1' }, 'repo:acme/shop:ref:refs/tags/v1'],
    ['a pull request', { event: 'pull_request' }, 'repo:acme/shop:pull_request'],
    ['an environment', { environment: 'production' }, 'repo:acme/shop:environment:production'],
    [
      'an environment in a pull request',
      { environment: 'production', event: 'pull_request' },
      'repo:acme/shop:environment:production',
    ],
    ['an empty environment', { environment: '' }, 'repo:acme/shop:ref:refs/heads/main'],
    ['an environment with a colon', { environment: 'eu:1' }, 'repo:acme/shop:environment:eu%3A1'],
    [
      'a new repository',
      { subject: 'immutable', environment: 'production' },
      'repo:acme@11/shop@22:environment:production',
    ],
    [
      'a new repository without an environment',
      { subject: 'immutable' },
      'repo:acme@11/shop@22:ref:refs/heads/main',
    ],
    [
      'a template with the number',
      { subject: ['repository_id', 'context'], environment: 'production' },
      'repository_id:22:environment:production',
    ],
    [
      'a template with the called workflow',
      { subject: ['repo', 'context', 'job_workflow_ref'], calledWorkflow: SUITE },
      `repo:acme/shop:ref:refs/heads/main:job_workflow_ref:${SUITE}`,
    ],
    [
      'a template with an environment that the job has not',
      { subject: ['repository_owner', 'environment'] },
      'repository_owner:acme:environment:',
    ],
  ]
  test.each(rows)('of %s', (_what, job, sub) => {
    expect(jobClaims({ ...SHOP, ...job }).sub).toBe(sub)
  })
})

describe('the other claims', () => {
  test('tell the called workflow apart from the one that was started', () => {
    expect(jobClaims({ ...SHOP, calledWorkflow: SUITE, environment: 'production' })).toMatchObject({
      workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_ref: SUITE,
      job_workflow_sha: SHA,
      environment: 'production',
      repository_id: '22',
      repository_owner_id: '11',
    })
  })

  test('have no environment for a job without one', () => {
    expect(Object.keys(jobClaims(SHOP))).not.toContain('environment')
  })

  test('are those of a repository of the stand-in, in its form of sub', async () => {
    const github = memoryGitHub({ clock: virtualClock() })
    const shop = github.repository('acme/shop', { subject: 'immutable' })
    const { sub, repository_id } = shop.claims({ environment: 'production' })
    const answer = await github.fetch(
      `${github.url}/repos/acme/shop/actions/oidc/customization/sub`,
      {
        headers: { authorization: `token ${github.token('acme/shop', { actions: 'read' })}` },
      },
    )
    const told = (await answer.json()) as { sub_claim_prefix: string }
    expect(told).toMatchObject({ use_default: true, use_immutable_subject: true })
    expect(sub).toBe(`${told.sub_claim_prefix}:environment:production`)
    expect(repository_id).toBe(String(shop.id))
  })
})

describe('trust', () => {
  const production = { ...SHOP, environment: 'production' }
  const immutable = { ...production, subject: 'immutable' } as const
  const names = 'repo:acme/shop:environment:production'
  const numbers = 'repo:acme@11/shop@22:environment:production'
  const rows: [string, JobIdentity, Omit<Role, 'arn'>, boolean][] = [
    ['in names takes names', production, { subjects: [names] }, true],
    ['in names refuses numbers', immutable, { subjects: [names] }, false],
    ['in numbers takes numbers', immutable, { subjects: [numbers] }, true],
    ['in numbers refuses names', production, { subjects: [numbers] }, false],
    ['in both forms takes both', immutable, { subjects: [names, numbers] }, true],
    ['in an environment refuses a branch', SHOP, { subjects: [names] }, false],
    [
      'in the called workflow takes it',
      { ...production, calledWorkflow: SUITE },
      { subjects: ['repo:acme/*'], claims: { job_workflow_ref: [SUITE] } },
      true,
    ],
    [
      'in the called workflow refuses the same job elsewhere',
      production,
      { subjects: ['repo:acme/*'], claims: { job_workflow_ref: [SUITE] } },
      false,
    ],
    [
      'in a claim that the job has not refuses it',
      SHOP,
      { subjects: ['repo:acme/*'], claims: { environment: ['*'] } },
      false,
    ],
  ]
  test.each(rows)('%s', async (_what, job, role, trusted) => {
    const call = exchange(job, role)
    if (trusted) expect((await call).SubjectFromWebIdentityToken).toBe(jobClaims(job).sub)
    else expect((await failure(call)).name).toBe('AccessDenied')
  })
})

describe('the length of a session', () => {
  const trusting = { subjects: ['*'] }
  test.each([
    ['an hour unless the role says more', trusting, 3601],
    ['what the role says', { ...trusting, maxSeconds: 7200 }, 7201],
  ])('is at most %s', async (_what, role, seconds) => {
    const { name, message } = await failure(exchange(SHOP, role, seconds))
    expect([name, message]).toEqual([
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ])
    const answer = await exchange(SHOP, role, seconds - 1)
    expect(answer.Credentials?.Expiration?.getTime()).toBe(
      virtualClock().now() + (seconds - 1) * 1000,
    )
  })
})
