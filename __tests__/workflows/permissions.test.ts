import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeregisterTaskDefinitionCommand, DescribeServicesCommand } from '@aws-sdk/client-ecs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import {
  cluster,
  siteBucket,
  storeBucket,
  tokenSecret,
} from '../../packages/sandbox/sample/index.ts'
import { byStep } from '../../scripts/bench/calls.ts'
import {
  differences,
  grantedIn,
  iamActions,
  type PolicyDocument,
  readTable,
  rolePolicy,
  storeActions,
  withoutAction,
} from '../../scripts/permissions.ts'
import { type Ended, runBundle } from '../support/bundle.ts'
import { type Company, foundTown, stepOf, type Told, type Town } from './town.ts'

/**
 * docs/permissions.md against what the bundles really call: releases 2, 11 and 4 by the workflow files, under exactly the policy of the
 * page, with the role by OIDC; then every other mode alone, and what is told where one action of the policy is missing.
 */
const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/permissions.md'), 'utf8')
const place = { account: '555500000002', region: 'us-east-1' }
const { account } = place
const role = `arn:aws:iam::${account}:role/rollback`
const environment = 'production'
const connection = 'secret:acme/production/database-url'
const seen = new Map<string, Set<string>>()
let town: Town
let company: Company
let policy: PolicyDocument
let runs: { readonly good: Told; readonly all: Told; readonly broken: Told }

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly with?: { readonly mode?: string; readonly point?: string }
}

/** Which of our actions a step of our workflow files is, and its mode: `ecs-rollback stop`. */
function subjects(): ReadonlyMap<string, string> {
  const modes: Readonly<Record<string, string>> = {
    'restore-point': 'capture',
    'rds-snapshot-guard': 'snapshot',
    'verify-health': 'verify',
    'config-rollback': 'rollback',
    's3-frontend-restore': 'restore',
  }
  const file = readFileSync(join(root, '.github/workflows/rollback.yml'), 'utf8')
  const steps: Step[] = parse(file).jobs.rollback.steps
  const called = ['restore-point', 'rds-snapshot-guard', 'verify-health']
  const direct = called.map((name) => [name, `${name} ${modes[name]}`] as const)
  return new Map([
    ...direct,
    ...steps.flatMap(({ name = '', uses = '', with: given }) => {
      const action = /^\$\/actions\/([\w-]+)$/.exec(uses)?.[1]
      return action
        ? [[name, `${action} ${given?.mode ?? modes[action] ?? ''}`.trim()] as const]
        : []
    }),
  ])
}

/** What our bundles called; not what tasks at their start, the edge, or the company's scripts did meanwhile. */
const ours = (filter: Parameters<Town['sandbox']['calls']['list']>[0]) =>
  town.sandbox.calls.list(filter).filter(({ userAgent }) => userAgent.includes('rollback-actions/'))

function note(who: string, calls: Parameters<typeof iamActions>[0]): void {
  seen.set(who, new Set([...(seen.get(who) ?? []), ...iamActions(calls)]))
}

/** Notes what each step of ours called; a step of the deploy job is named by what it uses. */
function noteRun(run: Told, after: number): void {
  const known = subjects()
  const begins = run.events.filter((event) => event.is === 'step-begins')
  for (const [{ name }, calls] of byStep(ours({ account, after }), begins)) {
    const who = known.get(/\/actions\/([\w-]+)@/.exec(name)?.[1] ?? name)
    if (who) note(who, calls)
  }
}

const last = () => town.sandbox.calls.list().at(-1)?.n ?? 0

async function ship(...release: Parameters<Company['ship']>): Promise<Told> {
  const before = last()
  const run = await company.ship(...release)
  noteRun(run, before)
  return run
}

async function attach(document: PolicyDocument): Promise<void> {
  const body = JSON.stringify({ role, policies: [document] })
  const answer = await fetch(`${town.sandbox.url}/_sandbox/policies`, { method: 'PUT', body })
  if (!answer.ok) throw new Error(await answer.text())
}

/** A bundle by itself, with the role and no key. */
function runAlone(name: string, inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = town.sandbox.env
  return runBundle(name, {
    inputs: { 'poll-interval': '100ms', 'role-to-assume': role, ...inputs },
    env: { ...env, GITHUB_RUN_ID: '77' },
    cwd: company.repository.folder,
  })
}

async function alone(
  name: string,
  inputs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const before = last()
  const who = `${name} ${inputs.mode ?? ''}`.trim()
  const { code, log, outputs } = await runAlone(name, inputs)
  if (code !== 0) throw new Error(`${who} failed:\n${log}`)
  note(who, ours({ account, after: before }))
  return outputs
}

beforeAll(async () => {
  const subjects = ['repo:acme/shop:environment:production']
  town = await foundTown(120, { roles: [{ arn: role, subjects }] })
  company = await town.settle(account, {
    everything: true,
    environment: {
      ...{ role, database: { connection, 'data-restore': 'automatic' } },
      'automatic-rollbacks-per-day': 9,
    },
  })
  policy = rolePolicy(page, {
    '123456789012': account,
    'acme-rollback': storeBucket(place),
    'acme-frontend': siteBucket(place),
    E1A2B3C4D5E6F7: company.front?.distribution ?? '',
    'acme-task*': 'ecs-execution',
  })
  await attach(policy)
  town.sandbox.calls.clear()
  const good = await ship(2)
  const all = await ship(11, [2])
  runs = { good, all, broken: await ship(4, [2]) }
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
    const calls = ours({ account }).filter(({ service }) => service !== 'sts')
    expect(calls.length).toBeGreaterThan(200)
    expect(calls.filter(({ error }) => /AccessDenied/.test(error ?? ''))).toEqual([])
    expect(calls.filter(({ accessKeyId }) => !accessKeyId.startsWith('ASIA'))).toEqual([])
  })
})

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
    const ended = await runAlone(name, inputs)
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
    await fetch(`${town.sandbox.url}/_sandbox/sessions`, {
      method: 'PUT',
      body: JSON.stringify({ lifetimeSeconds: 3600 }),
    })
    // A dozen actions, of which the one that waits for the database needs a few.
    expect(counts['sts:AssumeRoleWithWebIdentity']).toBeLessThan(40)
  }, 120_000)
})

/** `family:revision` that a service is on. */
async function runsOf(service: string): Promise<string> {
  const command = new DescribeServicesCommand({ cluster, services: [service] })
  const { services } = await company.clients.ecs.send(command)
  return services?.[0]?.taskDefinition?.split('/').at(-1) ?? ''
}

describe('the table', () => {
  beforeAll(async () => {
    await attach(policy)
    await alone('restore-point', { mode: 'gate', environment })
    const { points = '[]' } = await alone('restore-point', { mode: 'list', environment })
    await alone('restore-point', { mode: 'show', environment, id: JSON.parse(points)[0] })
    await alone('preflight', { environment })
    await alone('verify-health', { mode: 'baseline', environment })
    const [pin, reason] = [company.repository.commitOf(11), 'to see what it needs']
    await alone('rollback-report', { mode: 'release', environment, pin, reason })
    await alone('rollback-report', { mode: 'take-over', environment })
    await alone('run-script', { environment, script: 'scripts/deploy', 'dry-run': 'true' })
    const path = 'database/migrations'
    await alone('migration-revert', { mode: 'capture', connection, path, tool: 'dbmate' })
    await alone('s3-frontend-restore', { mode: 'capture', environment })
    const services = 'api-gateway,event-processor,action-workers'
    const { bucket = '', distribution = '' } = company.front ?? {}
    const build = 'site'
    await alone('s3-frontend-restore', { mode: 'redeploy', bucket, distribution, build })
    await alone('config-rollback', { mode: 'capture', secrets: tokenSecret })
    const before = await runsOf('action-workers')
    await alone('ecs-rollback', { mode: 'rollback', cluster, services, to: 'tag:release-1' })
    const { ecs } = company.clients
    await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: before }))
    await alone('ecs-rollback', { ...rollback, to: before })
    await alone('ecs-rollback', { mode: 'list', cluster, services: 'action-workers' })
    await alone('rollback-report', { mode: 'notify', environment, ticket: 'true' })
    await alone('ecs-rollback', { mode: 'redeploy', cluster, services: 'action-workers' })
  }, 120_000)

  test('every action needs what the table says, and nothing else', () => {
    expect(differences(readTable(page), seen)).toEqual([])
  })

  test('a task definition that was deregistered was copied under the policy', () => {
    const seenBy = seen.get('ecs-rollback rollback')
    expect(seenBy?.has('ecs:RegisterTaskDefinition')).toBe(true)
  })

  test('every row of the table was seen', () => {
    expect([...readTable(page).keys()].filter((who) => !seen.has(who))).toEqual([])
  })

  test('the store needs its four permissions, and only what looks at the site needs others of S3', () => {
    const others = [...seen].filter(([, actions]) =>
      [...actions].some((one) => one.startsWith('s3:') && !storeActions.includes(one)),
    )
    const names = ['restore-point gate', 'restore-point capture', 'preflight', 'rollback-plan']
    expect(others.map(([who]) => who).sort()).toEqual(
      [
        ...names,
        ...['capture', 'redeploy', 'restore'].map((one) => `s3-frontend-restore ${one}`),
      ].sort(),
    )
    for (const action of storeActions)
      expect([...seen.values()].some((actions) => actions.has(action))).toBe(true)
  })

  test('the policy to copy grants what the table lists, what RDS and CodeDeploy ask for beside it, and nothing else', () => {
    const rows = [...readTable(page).values()]
    const listed = rows.flatMap(({ always, sometimes }) => [...always, ...sometimes])
    const created = ['GetDeploymentConfig', 'GetApplicationRevision', 'RegisterApplicationRevision']
    const ofCodeDeploy = created.map((one) => `codedeploy:${one}`)
    const beside = ['iam:PassRole', 'rds:AddTagsToResource', ...ofCodeDeploy]
    expect([...grantedIn(page)].sort()).toEqual(
      [...new Set([...listed, ...beside, ...storeActions])].sort(),
    )
  })
})
