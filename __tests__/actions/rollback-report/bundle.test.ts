import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { PlanDocument } from '#rollback'
import {
  connect,
  createDocument,
  keys,
  openStore,
  readRecord,
  type Store,
  type VerdictState,
} from '#store'
import {
  type Fault,
  type GitHub,
  type GitHubRepository,
  type Sandbox,
  startSandbox,
} from '../../../packages/sandbox/index.ts'
import { clientOf, SHOP } from '../../sandbox/github/hub.ts'
import { type Ended, runBundle } from '../../support/bundle.ts'
import { pointOf } from '../../support/store.ts'

/** The bundle as the runner starts it, with GitHub's stand-in beside AWS. */
let sandbox: Sandbox
let github: GitHub
let shop: GitHubRepository
let store: Store
let good: string

const account = '123456789012'
const region = 'us-east-1'
const at = { owner: 'acme', repo: 'shop' }

beforeAll(async () => {
  sandbox = await startSandbox({ github: true })
  if (!sandbox.github) throw new Error('no stand-in')
  github = sandbox.github
  shop = github.repository(SHOP)
  good = shop.commit()
  const credentials = { accessKeyId: account, secretAccessKey: 'x' }
  const aws = { endpoint: sandbox.url, region, credentials, forcePathStyle: true }
  const client = new S3Client(aws)
  const Bucket = 'acme-rollback'
  await client.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  client.destroy()
  const where = { environment: 'production', account, region }
  store = await openStore(connect(aws as never, `s3://${Bucket}`), where)
}, 60_000)
afterAll(() => sandbox.close(), 60_000)

/** A deployment of a bad commit by a run, and the plan to take it back. */
async function deployment(run: string): Promise<{ plan: PlanDocument; bad: number }> {
  const from = shop.commit()
  const undone = `production/${run}`
  const verdict: VerdictState = {
    ...{ verdict: 'unhealthy', why: '5xx', at: '2026-11-22T03:02:00Z', run },
    ...{ firstBad: '2026-11-22T03:01:00Z', looks: { failed: 4, of: 9 } },
  }
  const state = { state: 'deploying', verdict } as const
  const id = `${undone}/before`
  const given = { sha: from, runs: good, deployment: { ...state, history: [], journal: [] } }
  await createDocument(store, keys.document(id), pointOf(store, id, given))
  const hub = clientOf({ fetch, url: github.url }, github.token(SHOP, { deployments: 'write' }))
  const { data } = await hub.rest.repos.createDeployment({
    ...{ ...at, ref: from, environment: 'live', auto_merge: false, required_contexts: [] },
  })
  const bad = 'id' in data ? Number(data.id) : 0
  const log_url = `https://github.com/${SHOP}/actions/runs/${run}/job/1`
  const status = { ...at, deployment_id: bad, state: 'success', log_url } as const
  await hub.rest.repos.createDeploymentStatus(status)
  const plan: PlanDocument = {
    ...{ version: 1, choice: 'roll-back', why: '5xx', trigger: 'verdict', undone, from, to: id },
    ...{ profile: 'A', planId: 'p', consent: 'not-needed', reason: '5xx', operations: true },
  }
  return { plan, bad }
}

const report = (plan: PlanDocument, inputs: Readonly<Record<string, string>>, token: string) =>
  runBundle('rollback-report', {
    inputs: {
      ...{ environment: 'production', store: 's3://acme-rollback', region },
      ...{ plan: JSON.stringify(plan), 'github-environment': 'live', ...inputs },
    },
    env: {
      ...sandbox.env,
      AWS_ACCESS_KEY_ID: account,
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: SHOP,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: plan.undone.replace('production/', ''),
      GITHUB_ACTOR: 'ada',
      GITHUB_TOKEN: token,
    },
  })

const statesOf = async (deployment_id: number) => {
  const hub = clientOf({ fetch, url: github.url }, github.token(SHOP, { deployments: 'read' }))
  const { data } = await hub.rest.repos.listDeploymentStatuses({ ...at, deployment_id })
  return data.map(({ state }) => state)
}

test('open and close show GitHub what became of the release and of its rollback', async () => {
  const { plan, bad } = await deployment('70')
  const token = github.token(SHOP, { deployments: 'write' })
  const opened = await report(plan, { mode: 'open' }, token)
  expect(opened).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
  expect(await statesOf(bad)).toEqual(['failure', 'success'])
  const record = String(opened.outputs.record)
  const known = await readRecord(store, record)
  expect(known).toMatchObject({
    moments: { firstBad: '2026-11-22T03:01:00Z', detected: '2026-11-22T03:02:00Z' },
    impact: { looks: { failed: 4, of: 9 } },
    told: { failed: bad, deployment: expect.any(Number) },
  })
  // Nothing was put back, so it is not done: no success is claimed.
  const closed = await report(plan, { mode: 'close', record }, token)
  expect(closed).toMatchObject({ code: 1, outputs: { outcome: 'inconclusive' } })
  expect(await statesOf(Number(known?.told?.deployment))).toEqual(['failure', 'in_progress'])
  expect(closed.summary).toContain('4 of 9 looks of our own checks failed')
  expect(closed.summary).toContain('```mermaid\ngantt\n')
  expect(opened.log + closed.log + closed.summary).not.toContain(token)
  const byHand = { mode: 'close', plan: '', record, reason: 'fixed forward' }
  expect((await report(plan, byHand, token)).outputs.outcome).toBe('done')
}, 60_000)

describe('whatever GitHub does, the outcome is the same', () => {
  let run = 80
  test.each<[string, Fault | undefined, string]>([
    ['down', { effect: 'error500' }, 'write'],
    ['gone', { effect: 'reset' }, 'write'],
    ['limits us', { effect: 'throttle' }, 'write'],
    ['has not the permission', undefined, 'read'],
  ])(
    '%s',
    async (_name, fault, deployments) => {
      run += 1
      const { plan } = await deployment(String(run))
      const token = github.token(SHOP, { deployments: deployments as 'read' | 'write' })
      github.faults.set(fault ? [fault] : [])
      let opened: Ended
      try {
        opened = await report(plan, { mode: 'open' }, token)
      } finally {
        github.faults.set([])
      }
      expect(opened).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
      expect(opened.log).toContain('GitHub shows nothing, or not all, of this rollback')
      const { record } = opened.outputs
      expect(await readRecord(store, String(record))).toMatchObject({ state: 'open' })
      const reason = 'fixed forward'
      const closed = await report(
        plan,
        { mode: 'close', plan: '', record: String(record), reason },
        '',
      )
      expect(closed).toMatchObject({ code: 0, outputs: { outcome: 'done' } })
    },
    60_000,
  )
})
