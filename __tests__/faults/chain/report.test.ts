import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Result, Section } from '#core'
import { close } from '#rollback'
import { connect, openStore, type Record, readRecord, type Store } from '#store'
import { summaryOf } from '../../../packages/action/summary.ts'
import { deploy, rollBack } from '../../support/chain/chain.ts'
import { MINUTE, place } from '../../support/chain/company.ts'
import {
  again,
  type Broken,
  broken,
  dies,
  first,
  press,
  story,
  waitingStory,
} from '../../support/chain/story.ts'
import { testRun } from '../../support/run.ts'

const id = 'production/1001/rollback-1'
const storeOf = (at: Broken) =>
  openStore(connect(at.machine().aws, 's3://acme-rollback'), {
    ...place,
    environment: 'production',
  })
const recordOf = async (store: Store) => (await readRecord(store, id)) as Record

/** The summary of a rollback as its last step shows it. */
async function closing(at: Broken): Promise<{ record: Record; result: Result }> {
  const store = await storeOf(at)
  const run = testRun({ clock: at.machine().clock, identity: { runId: '1001' } })
  return { record: await recordOf(store), result: await close(run, store, id) }
}

const section = ({ sections = [] }: Result, title: string) =>
  sections.find((one) => one.title === title) as Extract<Section, { rows: unknown }>
const cell = (result: Result, title: string, what: string) =>
  section(result, title).rows.find(([name]) => name === what)?.[1] ?? ''
const ms = (at: string | undefined) => Date.parse(at ?? '')

describe('a release that is bad in everything', () => {
  let record: Record
  let result: Result
  beforeAll(async () => {
    const at = await broken(story.everything)
    await first(at).end
    ;({ record, result } = await closing(at))
  }, 60_000)

  test('has its moments in their order', () => {
    const { firstBad, detected, badTrafficEnded, capacityRestored, confirmed } =
      record.moments ?? {}
    const order = [firstBad, detected, capacityRestored, badTrafficEnded, confirmed].map(ms)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(ms(confirmed)).toBe(ms(record.verdict?.at))
  })

  test('was rid of bad code when its services had stopped, long before the front end', () => {
    const { reached = {} } = record
    const stopped = ms(record.parts['ecs-rollback stop']?.at)
    for (const name of ['api-gateway', 'event-processor', 'action-workers'])
      expect(ms(reached[`ecs ${name}`]?.badTrafficEnded)).toBe(stopped)
    expect(record.moments?.badTrafficEnded).toBe(
      reached['site s3://acme-frontend/']?.badTrafficEnded,
    )
  })

  test('is told on one screen: what, why, who, what it cost, how it ended, what is left', () => {
    expect(cell(result, 'Record', 'From')).toMatch(/^commit 0b\w+, deployment production\/1001$/)
    expect(cell(result, 'Record', 'Performed by')).toMatch(/^ada, by the verdict.*run 1001$/)
    expect(cell(result, 'Record', 'Impact')).toMatch(
      /\d+ of \d+ looks.*users could meet it for .*requests that failed: not known; rows lost: none/,
    )
    expect(cell(result, 'Record', 'Resolution')).toMatch(/^done: .*the record is closed/)
    const left = section(result, 'Follow-up').rows.map(([what]) => what)
    expect(left).toEqual(expect.arrayContaining(['stays', 'pin']))
  })

  test('has a table for each component, and a chart with a group for each', () => {
    const titles = (result.sections ?? []).map(({ title }) => title)
    const components = ['Services', 'Migrations', 'Secrets and parameters', 'Front end']
    expect(titles).toEqual(expect.arrayContaining(components))
    const services = section(result, 'Services').rows
    expect(services.map(([name, change]) => [name, change])).toContainEqual([
      'api-gateway',
      'acme-api-gateway:2 → acme-api-gateway:1',
    ])
    expect(summaryOf('rollback-report', result)).toMatch(
      /```mermaid\ngantt\n(.*\n)*? {2}section Front end\n/,
    )
  })
})

test('data that went back: the old database is named, and that nothing here deletes it', async () => {
  const at = await broken(story.data)
  await first(at).end
  const { result } = await closing(at)
  const left = section(result, 'Follow-up').rows.map((row) => row.join(' '))
  expect(left.join('\n')).toMatch(
    /acme-production, as it was \(nothing here ever deletes it\).*delete-db-instance/,
  )
  expect(left.join('\n')).toMatch(/snapshot pre-rollback-/)
  expect(cell(result, 'Record', 'Impact')).toMatch(
    /rows lost: how many is not known: what was written from/,
  )
  expect(section(result, 'Database').rows.map(([, operation]) => operation)).toEqual(
    expect.arrayContaining(['create-snapshot', 'restore-instance', 'cutover']),
  )
}, 60_000)

test('a rollback that waits for consent is told as it stands, and invents no end', async () => {
  const at = await broken(waitingStory)
  await first(at).end
  const { record, result } = await closing(at)
  expect(record.moments).toEqual({
    firstBad: expect.any(String),
    detected: expect.any(String),
  })
  expect(result.outcome).toBe('partial')
  expect(cell(result, 'Record', 'Date')).toMatch(/, still open$/)
  expect(cell(result, 'Duration', 'bad traffic ended')).toBe('not known')
  expect(cell(result, 'Record', 'Impact')).toMatch(/was rid of it at/)
}, 60_000)

describe('a repeat falsifies nothing', () => {
  test('the button after consent keeps when bad code was gone', async () => {
    const at = await broken(waitingStory)
    await first(at).end
    const store = await storeOf(at)
    const before = await recordOf(store)
    await at.clock.advance(121 * MINUTE)
    await press(at, undefined, { consent: before.planId }).end
    const after = await recordOf(store)
    expect(after).toMatchObject({ state: 'closed', outcome: 'done' })
    for (const name of ['api-gateway', 'event-processor', 'action-workers'])
      expect(after.reached?.[`ecs ${name}`]?.badTrafficEnded).toBe(
        before.reached?.[`ecs ${name}`]?.badTrafficEnded,
      )
    expect(after.moments?.detected).toBe(before.moments?.detected)
    expect(ms(after.moments?.capacityRestored)).toBeGreaterThan(ms(before.openedAt) + 120 * MINUTE)
  }, 60_000)

  test.each([8, 14, 20])(
    'a rollback that dies at its change %i and is done again has its moments in their order',
    async (k) => {
      const at = await broken(story.code)
      const { firstBad } = (await dead(at, k)) ?? {}
      await again(at, 'the job again')
      const { record } = await closing(at)
      const { moments = {} } = record
      expect(record.outcome).toBe('done')
      if (firstBad !== undefined) expect(moments.firstBad).toBe(firstBad)
      const order = [moments.firstBad, moments.detected, moments.badTrafficEnded, moments.confirmed]
      expect(order.map(ms)).toEqual(order.map(ms).toSorted((a, b) => a - b))
      expect(order).not.toContain(undefined)
    },
    60_000,
  )
})

/** Lets the rollback die before its k-th change; what its record knew of moments then. */
async function dead(at: Broken, k: number) {
  await first(at, dies(k, 'before')).end
  return (await readRecord(await storeOf(at), id))?.moments
}

test('the script of docs/recovery-time.md reads failures and recoveries off a store that real runs wrote', async () => {
  const at = await broken(story.code)
  await first(at).end
  const fix = { run: { runId: '1003', attempt: 1, sha: at.checkout(2) }, machine: at.machine() }
  const { outputs } = await deploy(at, fix)
  expect(outputs.verdict).toBe('healthy')
  await rollBack(at, { ...fix, machine: at.machine() }, 'healthy')
  const record = await recordOf(await storeOf(at))
  const { firstBad, detected, badTrafficEnded, confirmed } = record.moments ?? {}
  const span = (from?: string, to?: string) => (ms(to) - ms(from)) / 1000
  expect(recovery(at)).toEqual({
    deployments: 2,
    changeFailRate: 0.5,
    reworkRate: 0.5,
    recoveries: [
      {
        record: id,
        detectedAfter: span(firstBad, detected),
        usersMetIt: span(firstBad, badTrafficEnded),
        failedDeploymentRecovery: span(detected, confirmed),
        detectedToConfirmed: span(detected, confirmed),
      },
    ],
    medianUsersMetIt: span(firstBad, badTrafficEnded),
  })
}, 60_000)

/** What the documented script prints of the documents in the bucket. */
function recovery(at: Broken): unknown {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/recovery-time.md'), 'utf8')
  const script = /<!-- recovery.mjs -->\n```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'recovery-'))
  for (const [key, text] of at.bucket.content) {
    if (!key.startsWith('acme-rollback/') || !key.endsWith('.json')) continue
    const file = join(folder, 'store', key.replace('acme-rollback/production/', ''))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  writeFileSync(join(folder, 'recovery.mjs'), script)
  const args = [join(folder, 'recovery.mjs'), join(folder, 'store')]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}
