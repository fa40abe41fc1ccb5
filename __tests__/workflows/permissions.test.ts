import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { cluster, tokenSecret } from '../../packages/sandbox/sample/index.ts'
import { byStep } from '../../scripts/bench/calls.ts'
import {
  differences,
  grantedIn,
  iamActions,
  readTable,
  storeActions,
} from '../../scripts/permissions.ts'
import { runBundle } from '../support/bundle.ts'
import { type Company, foundTown, type Told, type Town } from './town.ts'

/** docs/permissions.md against what the bundles really call: releases 2, 11 and 4 through the workflows, other modes alone. */
const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/permissions.md'), 'utf8')
const account = '555500000001'
const seen = new Map<string, Set<string>>()
let town: Town
let company: Company

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

async function alone(
  name: string,
  inputs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const before = last()
  const who = `${name} ${inputs.mode ?? ''}`.trim()
  const env = { ...town.sandbox.env, AWS_ACCESS_KEY_ID: account, GITHUB_RUN_ID: '77' }
  const given = { 'poll-interval': '100ms', ...inputs }
  const { code, log, outputs } = await runBundle(name, {
    inputs: given,
    env,
    cwd: company.repository.folder,
  })
  if (code !== 0) throw new Error(`${who} failed:\n${log}`)
  note(who, ours({ account, after: before }))
  return outputs
}

const services = 'api-gateway,event-processor,action-workers'

beforeAll(async () => {
  town = await foundTown(120)
  company = await town.settle(account, {
    everything: true,
    environment: {
      database: { connection: 'secret:acme/production/database-url', 'data-restore': 'automatic' },
    },
  })
  const [good, all, broken] = [await ship(2), await ship(11, [2]), await ship(4, [2])]
  const ends = [all, broken].map((run) => run.steps.at(-1)?.outputs.outcome)
  expect([good.ok, ...ends]).toEqual([true, 'done', 'done'])
  const environment = 'production'
  await alone('restore-point', { mode: 'gate', environment })
  const { points = '[]' } = await alone('restore-point', { mode: 'list', environment })
  await alone('restore-point', { mode: 'show', environment, id: JSON.parse(points)[0] })
  await alone('preflight', { environment })
  await alone('verify-health', { mode: 'baseline', environment })
  const [pin, reason] = [company.repository.commitOf(11), 'to see what it needs']
  await alone('rollback-report', { mode: 'release', environment, pin, reason })
  await alone('rollback-report', { mode: 'take-over', environment })
  await alone('run-script', { environment, script: 'scripts/deploy', 'dry-run': 'true' })
  const connection = 'secret:acme/production/database-url'
  const path = 'database/migrations'
  await alone('migration-revert', { mode: 'capture', connection, path, tool: 'dbmate' })
  await alone('s3-frontend-restore', { mode: 'capture', environment })
  const { bucket = '', distribution = '' } = company.front ?? {}
  const build = 'site'
  await alone('s3-frontend-restore', { mode: 'redeploy', bucket, distribution, build })
  await alone('config-rollback', { mode: 'capture', secrets: tokenSecret })
  await alone('ecs-rollback', { mode: 'rollback', cluster, services, to: 'tag:release-1' })
  await alone('rollback-report', { mode: 'notify', environment, ticket: 'true' })
  await alone('ecs-rollback', { mode: 'redeploy', cluster, services: 'action-workers' })
}, 240_000)

afterAll(() => town?.close(), 60_000)

test('every action needs what the table says, and nothing else', () => {
  expect(differences(readTable(page), seen)).toEqual([])
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

test('the policy to copy grants what the table lists, what RDS asks for beside it, and nothing else', () => {
  const rows = [...readTable(page).values()]
  const listed = rows.flatMap(({ always, sometimes }) => [...always, ...sometimes])
  const beside = ['iam:PassRole', 'rds:AddTagsToResource']
  expect([...grantedIn(page)].sort()).toEqual(
    [...new Set([...listed, ...beside, ...storeActions])].sort(),
  )
})
