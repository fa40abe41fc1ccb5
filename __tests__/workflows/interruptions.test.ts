import { readFileSync } from 'node:fs'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { descendants } from '../../packages/sandbox/act/tree.ts'
import { databaseSecret, type Outside } from '../../packages/sandbox/sample/index.ts'
import { type Document, documentsOf } from './documents.ts'
import {
  begins,
  type Company,
  changesOf,
  findStep,
  foundTown,
  meanwhile,
  outcomeOf,
  printedCommand,
  stepOf,
  type Told,
  type Town,
} from './town.ts'

/** Deployments that end in the middle, and rollbacks that do not help. */
let town: Town
let company: Company
let newcomer: () => Promise<Newcomer>

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('333333333333', { environment: { 'automatic-rollbacks-per-day': 9 } })
  newcomer = meanwhile(tellNewcomer)
}, 60_000)

afterAll(() => town?.close(), 60_000)

const doorsOf = (release: string, commit: string) =>
  Array.from({ length: 6 }, () => ({ status: 200, release, commit }))

/** The deploy script updates the first service and is not allowed to update the second. */
function failHalfway(account: string): void {
  town.sandbox.faults.add({
    effect: 'denied',
    account,
    service: 'ecs',
    operation: 'UpdateService',
    nth: 2,
  })
}

/** Runs SQL on a company's database, as somebody from outside. */
async function query({ clients }: Company, sql: string): Promise<void> {
  const { SecretString } = await clients.secrets.send(
    new GetSecretValueCommand({ SecretId: databaseSecret }),
  )
  const client = new pg.Client({ connectionString: SecretString })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

const breakDatabase = 'alter table triggers rename column name to moved'
const mendDatabase = 'alter table triggers rename column moved to name'

/** Kills the process of an action of one run, as if it had crashed. */
function killAction(action: string, runId: string): number {
  const read = (pid: number, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  const found = descendants(process.pid).filter(
    (pid) =>
      read(pid, 'cmdline').includes(`/${action}/index.js`) &&
      read(pid, 'environ').includes(`GITHUB_RUN_ID=${runId}`),
  )
  for (const pid of found) process.kill(pid, 'SIGKILL')
  return found.length
}

describe('a company that is guarded for the first time, and healthy', () => {
  let one: Outside

  test('a deployment that fails half-way goes back to what ran before it', async () => {
    one = await company.look()
    failHalfway(company.account)
    const told = await company.ship(2)
    expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
    expect(findStep(told, 'health')).toBeUndefined()
    expect(changesOf(told, 'deploy').filter((change) => change.includes('UpdateService'))).toEqual([
      'ecs:UpdateService api-gateway',
    ])
    expect(changesOf(told, 'rollback')).toEqual(['ecs:UpdateService api-gateway'])
    const { doors, services } = await company.look()
    expect({ doors, services }).toEqual({ doors: one.doors, services: one.services })
    const documents = await documentsOf(company)
    expect(documents[`${told.runId}/before`].verified).toMatchObject({ is: true, held: false })
    expect(documents[`${told.runId}/rollback-1`]).toMatchObject({
      trigger: 'no-verdict',
      state: 'closed',
      outcome: 'done',
    })
  }, 90_000)

  test('a deployment whose verification is killed goes back', async () => {
    let killed = 0
    const told = await company.ship(2, [], {
      onEvent: (event, run) => {
        const watches =
          event.is === 'line' && event.step === 'health' && /watched for/.test(event.text)
        if (watches) killed += killAction('verify-health', run.runId)
      },
    })
    expect(killed).toBe(1)
    expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
    expect(stepOf(told, 'health')).toMatchObject({ outcome: 'failure', outputs: {} })
    const documents = await documentsOf(company)
    expect(documents[`${told.runId}/before`].deployment.verdict).toBeUndefined()
    expect(documents[`${told.runId}/rollback-1`]).toMatchObject({
      trigger: 'no-verdict',
      state: 'closed',
      outcome: 'done',
    })
    const { doors, services } = await company.look()
    expect(doors).toEqual(one.doors)
    expect(services).toEqual(one.services)
  }, 90_000)

  test('while a deployment runs a dry run of the button changes nothing; when `after` cannot be written nothing is rolled back, and a re-run verifies', async () => {
    const { account } = company
    town.sandbox.faults.add({
      effect: 'denied',
      account,
      operation: 'PutObject',
      match: '/after.json',
      nth: 1,
    })
    let pressed: Promise<[Document, Told, Document]> | undefined
    const press = async (): Promise<[Document, Told, Document]> => {
      const before = await documentsOf(company)
      return [
        before,
        await company.press({ environment: 'production' }),
        await documentsOf(company),
      ]
    }
    const told = await company.ship(2, [], {
      onEvent: (event) => {
        if (begins(event, 'health')) pressed = press()
      },
    })
    const [before, button, after] = (await pressed) ?? []
    expect(button?.ok).toBe(true)
    // The run may have ended by then.
    expect(['planned', 'unchanged']).toContain(button && outcomeOf(button, 'take-over'))
    expect(after?.environment).toEqual(before?.environment)
    expect(after?.[`${told.runId}/before`].deployment.state).not.toBe('held')
    expect(after?.lease.owner).toBe('deployment')

    expect(told).toMatchObject({ ok: false, jobs: { deploy: 'success', rollback: 'failure' } })
    expect(changesOf(told, 'rollback')).toEqual([])
    expect((await documentsOf(company)).environment.verified).not.toBe(
      `production/${told.runId}/after`,
    )

    const again = await company.rerun(told, ['rollback'])
    expect(again.ok).toBe(true)
    expect(changesOf(again, 'rollback')).toEqual([])
    const documents = await documentsOf(company)
    expect(documents.environment.verified).toBe(`production/${told.runId}/after`)
    expect(documents[`${told.runId}/before`].deployment.state).toBe('verified')
    expect(documents.lease.owner).toBe('nobody')
    expect((await company.look()).doors).toEqual(doorsOf('2', company.repository.commitOf(2)))
  }, 90_000)
})

describe('a rollback that does not help', () => {
  let three: Told
  let good: Outside

  test('it stays open as unhealthy and prints three commands', async () => {
    good = await company.look()
    let broken: Promise<void> | undefined
    three = await company.ship(3, [2], {
      onEvent: (event) => {
        if (begins(event, 'code')) broken = query(company, breakDatabase)
      },
    })
    await broken
    expect(three).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
    expect(outcomeOf(three, 'close')).toBe('unhealthy')
    const record = `production/${three.runId}/rollback-1`
    expect(printedCommand(three, 'try again')).toEqual({
      environment: 'production',
      to: 'auto',
      'dry-run': 'false',
    })
    expect(printedCommand(three, 'another destination')).toMatchObject({ to: '<restore point id>' })
    expect(printedCommand(three, 'fix forward')).toEqual({
      environment: 'production',
      close: record,
      reason: 'fix forward',
      'dry-run': 'false',
    })
    const documents = await documentsOf(company)
    expect(documents.environment.open).toBe(record)
    expect(documents[`${three.runId}/rollback-1`]).toMatchObject({
      state: 'open',
      verdict: { verdict: 'unhealthy' },
    })
    const { services } = await company.look().catch(() => good)
    expect(services.map(({ taskDefinition }) => taskDefinition)).toEqual(
      good.services.map(({ taskDefinition }) => taskDefinition),
    )
  }, 90_000)

  test('of two that try again at the same time one acts, and one ends superseded', async () => {
    const inputs = printedCommand(three, 'try again')
    const both = await Promise.all([company.press(inputs), company.press(inputs)])
    const ended = both.map((told) => [told.ok, outcomeOf(told, 'close')])
    expect(ended.toSorted()).toEqual([
      [false, 'superseded'],
      [false, 'unhealthy'],
    ])
    const record = (await documentsOf(company))[`${three.runId}/rollback-1`]
    const acted = both.find((told) => outcomeOf(told, 'close') === 'unhealthy')
    expect(record.runs.map(({ run }: Document) => run)).toEqual([three.runId, acted?.runId])
    expect(record.verdict.run).toBe(acted?.runId)
  }, 90_000)

  test('closed by hand with the printed command, it lets the fix be deployed, which releases the pin', async () => {
    await query(company, mendDatabase)
    const closed = await company.press(printedCommand(three, 'fix forward'))
    expect(closed.ok).toBe(true)
    const fix = await company.ship(2, [])
    expect(fix.ok).toBe(true)
    const documents = await documentsOf(company)
    expect(documents[`${three.runId}/rollback-1`]).toMatchObject({
      state: 'closed',
      closedWhy: 'fix forward',
      closedBy: 'pat',
    })
    expect(documents.environment).toMatchObject({ verified: `production/${fix.runId}/after` })
    expect(documents[`pins/${company.repository.commitOf(3)}`].released.why).toBe(
      `contained in ${company.repository.commitOf(2)}, verified as production/${fix.runId}/after`,
    )
    expect(documents.environment.open).toBeUndefined()
  }, 90_000)
})

interface Newcomer {
  readonly company: Company
  readonly one: Outside
  readonly first: Told
  readonly afterFirst: Outside
  readonly second: Told
  readonly documents: Document
}

/** First a configuration without checks; then one with checks, and a system that is broken already. */
async function tellNewcomer(): Promise<Newcomer> {
  const newcomer = await town.settle('555555555555')
  const one = await newcomer.look()
  await newcomer.configure({ environment: { checks: [] } })
  failHalfway(newcomer.account)
  const first = await newcomer.ship(2)
  const afterFirst = await newcomer.look()
  await newcomer.configure({})
  await query(newcomer, breakDatabase)
  const second = await newcomer.ship(2)
  return {
    company: newcomer,
    one,
    first,
    afterFirst,
    second,
    documents: await documentsOf(newcomer),
  }
}

describe('a company without a verified restore point', () => {
  test('without checks a failed deployment has no destination: nothing is changed, and a person is told what to do', async () => {
    const { one, first, afterFirst, documents } = await newcomer()
    expect(first).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
    expect(stepOf(first, 'restore-point').summary).toContain('cannot be rolled back automatically')
    expect(outcomeOf(first, 'plan')).toBe('refused')
    expect(changesOf(first, 'rollback')).toEqual([])
    expect(first.log).toContain('fix forward: deploy a commit with the fix')
    for (const { name } of one.services)
      expect(first.log).toMatch(
        new RegExp(`aws ecs update-service .*--service ${name} --desired-count 0`),
      )
    expect(afterFirst.services.slice(1)).toEqual(one.services.slice(1))
    expect(documents[`${first.runId}/before`]).toMatchObject({
      verified: { is: false, held: false },
      deployment: { state: 'held' },
    })
    expect(Object.keys(documents).filter((key) => /pins|rollback-/.test(key))).toEqual([])
  }, 90_000)

  test('a system that was unhealthy before the deployment is not rolled back to', async () => {
    const { second, documents } = await newcomer()
    expect(second).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'failure' } })
    expect(stepOf(second, 'health').outputs.verdict).toBe('unhealthy')
    expect(outcomeOf(second, 'plan')).toBe('refused')
    expect(stepOf(second, 'plan').summary).toContain('judged unhealthy before the deployment')
    expect(changesOf(second, 'rollback')).toEqual([])
    expect(documents[`${second.runId}/before`]).toMatchObject({
      verified: { is: false, held: true },
      deployment: { state: 'held' },
    })
    expect(documents.lease.owner).toBe('nobody')
  }, 90_000)
})
