import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  cluster,
  siteBucket,
  storeBucket,
  tokenSecret,
} from '../../packages/sandbox/sample/index.ts'
import { type PolicyDocument, rolePolicy, withoutAction } from '../../scripts/permissions.ts'
import { type Ended, runBundle } from '../support/bundle.ts'
import { type Company, foundTown, stepOf, type Told, type Town } from './town.ts'

/** Releases 2, 11 and 4 by the workflow files, under exactly the policy of docs/permissions.md, with the role by OIDC. */
const page = readFileSync(join(import.meta.dirname, '../../docs/permissions.md'), 'utf8')
const place = { account: '555500000002', region: 'us-east-1' }
const role = `arn:aws:iam::${place.account}:role/rollback`
const connection = 'secret:acme/production/database-url'
let town: Town
let company: Company
let policy: PolicyDocument
let runs: { readonly good: Told; readonly all: Told; readonly broken: Told }

async function attach(document: PolicyDocument): Promise<void> {
  const body = JSON.stringify({ role, policies: [document] })
  const answer = await fetch(`${town.sandbox.url}/_sandbox/policies`, { method: 'PUT', body })
  if (!answer.ok) throw new Error(await answer.text())
}

/** What our bundles called: not the company's scripts, which have keys of their own. */
const ours = () =>
  town.sandbox.calls
    .list({ account: place.account })
    .filter(({ userAgent }) => userAgent.includes('rollback-actions/'))

beforeAll(async () => {
  const subjects = ['repo:acme/shop:environment:production']
  town = await foundTown(120, { roles: [{ arn: role, subjects }] })
  company = await town.settle(place.account, {
    everything: true,
    environment: {
      ...{ role, database: { connection, 'data-restore': 'automatic' } },
      'automatic-rollbacks-per-day': 9,
    },
  })
  policy = rolePolicy(page, {
    '123456789012': place.account,
    'acme-rollback': storeBucket(place),
    'acme-frontend': siteBucket(place),
    E1A2B3C4D5E6F7: company.front?.distribution ?? '',
  })
  await attach(policy)
  town.sandbox.calls.clear()
  const good = await company.ship(2)
  const all = await company.ship(11, [2])
  runs = { good, all, broken: await company.ship(4, [2]) }
}, 240_000)

afterAll(() => town?.close(), 60_000)

describe('under the policy of the page', () => {
  test('a good release is green', () => {
    expect(runs.good.ok).toBe(true)
  })

  test('releases that are bad in everything, or in their data, are taken back', () => {
    const ends = [runs.all, runs.broken].map((run) => stepOf(run, 'close').outputs.outcome)
    expect(ends).toEqual(['done', 'done'])
  })

  test('no call of ours is refused, and each is one of the role', () => {
    const calls = ours().filter(({ service }) => service !== 'sts')
    expect(calls.length).toBeGreaterThan(200)
    expect(calls.filter(({ error }) => /AccessDenied/.test(error ?? ''))).toEqual([])
    expect(calls.filter(({ accessKeyId }) => !accessKeyId.startsWith('ASIA'))).toEqual([])
  })
})

/** A bundle by itself, with the role and no key. */
function alone(name: string, inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = town.sandbox.env
  return runBundle(name, {
    inputs: { 'poll-interval': '100ms', 'role-to-assume': role, ...inputs },
    env: { ...env, GITHUB_RUN_ID: '77' },
    cwd: company.repository.folder,
  })
}

const environment = 'production'
const snapshot = { mode: 'snapshot', connection }
const rollback = { mode: 'rollback', cluster, services: 'action-workers', to: 'tag:release-1' }

describe('without one action of the policy', () => {
  test.each([
    ['s3:GetObject', 'restore-point', { mode: 'gate', environment }],
    ['s3:ListBucket', 'restore-point', { mode: 'gate', environment }],
    ['s3:GetBucketVersioning', 'restore-point', { mode: 'list', environment }],
    ['ecs:ListTasks', 'restore-point', { mode: 'gate', environment }],
    ['ecs:DescribeServices', 'ecs-rollback', rollback],
    ['ecs:UpdateService', 'ecs-rollback', rollback],
    ['secretsmanager:GetSecretValue', 'rds-snapshot-guard', snapshot],
    ['rds:CreateDBSnapshot', 'rds-snapshot-guard', snapshot],
    ['rds:AddTagsToResource', 'rds-snapshot-guard', snapshot],
    ['secretsmanager:DescribeSecret', 'config-rollback', { mode: 'capture', secrets: tokenSecret }],
    ['s3:ListBucketVersions', 's3-frontend-restore', { mode: 'capture', environment }],
  ])('%s is named by %s', async (action, name, inputs) => {
    await attach(withoutAction(policy, action))
    const ended = await alone(name, inputs)
    expect({ code: ended.code, outcome: ended.outputs.outcome, log: ended.log }).toMatchObject({
      code: 1,
      outcome: expect.stringMatching(/^(failed|refused)$/),
      log: expect.stringContaining(`grant ${action} to the role of this job`),
    })
  })

  test('iam:PassRole, a restore stops at the role that it may not hand over; a re-run with it, in sessions of four seconds, goes on there', async () => {
    await attach(withoutAction(policy, 'iam:PassRole'))
    const stopped = await company.ship(4, [2])
    expect(stopped.log).toContain('grant iam:PassRole to the role of this job')
    await attach(policy)
    await fetch(`${town.sandbox.url}/_sandbox/sessions`, {
      method: 'PUT',
      body: JSON.stringify({ lifetimeSeconds: 4 }),
    })
    town.sandbox.calls.clear()
    const again = await company.rerun(stopped, ['rollback'])
    expect(stepOf(again, 'close').outputs.outcome).toBe('done')
    const counts = town.sandbox.calls.count()
    expect(counts['rds:RestoreDBInstanceFromDBSnapshot']).toBeUndefined()
    expect(counts['rds:ModifyDBInstance']).toBeGreaterThanOrEqual(1)
    // A dozen actions, of which the one that waits for the database needs a few.
    expect(counts['sts:AssumeRoleWithWebIdentity']).toBeLessThan(40)
  }, 120_000)
})
