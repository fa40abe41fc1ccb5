import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { keys, type Record, recordSchema, serialize } from '#store'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { type Ended, runBundle } from '../../support/bundle.ts'
import { type Chat, startChat } from '../../support/chat.ts'
import { recordOf, waiting } from '../../support/record.ts'
import { hostileTexts } from '../../support/told.ts'

/** The built action against the sandbox, GitHub's stand-in, and chats behind https that refuse what the real ones refuse. */
const Bucket = 'acme-rollback'
let sandbox: Sandbox
let chat: Chat
let s3: S3Client
let runs = 100

beforeAll(async () => {
  sandbox = await startSandbox({ github: true })
  chat = await startChat(sandbox.folder)
  s3 = new S3Client({
    ...{ region: 'us-east-1', endpoint: sandbox.url, forcePathStyle: true },
    credentials: { accessKeyId: '123456789012', secretAccessKey: 'sandbox' },
  })
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
}, 120_000)

afterAll(async () => {
  s3?.destroy()
  await chat?.close()
  await sandbox?.close()
}, 90_000)

beforeEach(() => {
  chat.trouble = undefined
  sandbox.github?.faults.clear()
  for (const some of [chat.taken.slack, chat.taken.teams, chat.answers]) some.length = 0
})

/** A record of its own for each test. */
async function keep(record: (id: string) => Record): Promise<string> {
  const id = `production/${++runs}/rollback-1`
  await write(record(id))
  return id
}
const write = (record: Record) =>
  s3.send(new PutObjectCommand({ Bucket, Key: keys.document(record.id), Body: serialize(record) }))
async function kept(id: string): Promise<Record> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: keys.document(id) }))
  return recordSchema.parse(JSON.parse(String(await Body?.transformToString())))
}

const notify = (record: string, inputs: Readonly<{ [name: string]: string }> = {}) =>
  runBundle('rollback-report', {
    inputs: {
      ...{ mode: 'notify', environment: 'production', store: `s3://${Bucket}`, record },
      ...{ ticket: 'true', 'slack-webhook': chat.slack, 'teams-webhook': chat.teams },
      ...inputs,
    },
    env: {
      ...sandbox.env,
      ...{ NODE_EXTRA_CA_CERTS: chat.certificate, GITHUB_RUN_ID: '17' },
      GITHUB_SERVER_URL: 'https://github.com',
    },
  })

/** Everything that the action let anybody see; a command that tells the runner what to mask is not printed by it. */
const said = ({ log, outputs, summary, report }: Ended) =>
  [log, JSON.stringify(outputs), summary, report].join('\n')

const expectNoSecret = (text: string) => {
  for (const secret of chat.secrets) expect(text).not.toContain(secret)
}

const issuesWith = async (id: string) => {
  const { GITHUB_API_URL, GITHUB_TOKEN } = sandbox.env
  const answer = await fetch(`${GITHUB_API_URL}/repos/acme/shop/issues?state=all&per_page=100`, {
    headers: { authorization: `Bearer ${GITHUB_TOKEN}` },
  })
  // biome-ignore lint/suspicious/noExplicitAny: GitHub's own form.
  return ((await answer.json()) as any[]).filter(({ body }) => body.includes(`record ${id} -->`))
}

test('all three are told, and the record keeps the number of the ticket', async () => {
  const id = await keep((own) => recordOf({ id: own }))
  const ended = await notify(id)
  expect([ended.code, ended.outputs.outcome]).toEqual([0, 'done'])
  const [issue] = await issuesWith(id)
  expect(ended.outputs.ticket).toBe(String(issue.number))
  expect((await kept(id)).told).toEqual({ ticket: issue.number })
  expect(JSON.stringify(chat.taken.slack[0])).toContain(issue.html_url)
  expect(JSON.stringify(chat.taken.teams[0])).toContain(issue.html_url)
  expect(ended.summary).toContain('Slack \\(127.0.0.1')
  expectNoSecret(said(ended))
}, 90_000)

test('the ticket is made once over three runs and told of the end, the chats each time', async () => {
  const id = await keep((own) => waiting({ id: own }))
  await notify(id)
  await notify(id)
  const { told } = await kept(id)
  await write(recordOf({ id, ...(told && { told }) }))
  const third = await notify(id)
  const issues = await issuesWith(id)
  expect(issues).toHaveLength(1)
  expect([issues[0].comments, third.outputs.ticket]).toEqual([1, String(issues[0].number)])
  expect(issues[0].body).toContain('is back at production/12/after and healthy')
  expect(chat.taken.slack).toHaveLength(3)
}, 120_000)

describe('who cannot be told changes nothing', () => {
  test.each([
    ['answers 400', { is: 'answer', status: 400 }, 2, /answered 400: trouble/],
    ['answers 500', { is: 'answer', status: 500 }, 6, /answered 500: trouble \(3 attempts\)/],
    ['wants to wait', { is: 'answer', status: 429, retryAfter: 1 }, 6, /answered 429/],
    ['repeats its address', { is: 'echo' }, 2, /answered 404: no_service: \*\*\*/],
    ['breaks off', { is: 'reset' }, 0, /no answer \(.+\) \(3 attempts\)/],
  ] as const)(
    'a chat that %s',
    async (_name, trouble, asked, why) => {
      const id = await keep((own) => recordOf({ id: own }))
      const before = serialize(await kept(id))
      chat.trouble = trouble
      const ended = await notify(id, { ticket: 'false' })
      expect([ended.code, ended.outputs.outcome]).toEqual([0, 'done'])
      expect(ended.log).toMatch(/Warning: Slack \(127\.0\.0\.1:\d+\) was not told/)
      expect(ended.log).toMatch(/Warning: Teams \(127\.0\.0\.1:\d+\) was not told/)
      expect(ended.log).toMatch(why)
      expect(ended.summary).toContain('not delivered')
      expect(chat.answers).toHaveLength(asked)
      expect(serialize(await kept(id))).toBe(before)
      expectNoSecret(said(ended))
    },
    60_000,
  )

  test('a chat that says nothing: not longer than the time there is', async () => {
    const id = await keep((own) => recordOf({ id: own }))
    chat.trouble = { is: 'silence' }
    const ended = await notify(id, { ticket: 'false', timeout: '3s' })
    expect([ended.code, ended.outputs.outcome]).toEqual([0, 'done'])
    expect(ended.log).toMatch(/no answer \(none within/)
    expectNoSecret(said(ended))
  }, 90_000)

  test('a chat whose certificate nobody knows', async () => {
    const id = await keep((own) => recordOf({ id: own }))
    const ended = await runBundle('rollback-report', {
      inputs: {
        ...{ mode: 'notify', environment: 'production', store: `s3://${Bucket}`, record: id },
        'slack-webhook': chat.slack,
      },
      env: sandbox.env,
    })
    expect([ended.code, ended.outputs.outcome]).toEqual([0, 'done'])
    expect(ended.log).toContain('no answer (DEPTH_ZERO_SELF_SIGNED_CERT)')
    expect(chat.answers).toEqual([])
  }, 90_000)

  test('GitHub is down: the chats are told all the same', async () => {
    const id = await keep((own) => recordOf({ id: own }))
    sandbox.github?.faults.set([{ effect: 'reset' }])
    const ended = await notify(id)
    expect([ended.code, ended.outputs.outcome, ended.outputs.ticket]).toEqual([0, 'done', ''])
    expect(ended.log).toContain('Warning: GitHub was not told')
    expect([chat.taken.slack.length, chat.taken.teams.length]).toEqual([1, 1])
  }, 120_000)
})

describe('hostile texts', () => {
  const all = hostileTexts.join(' ')
  const hostile = (id: string) =>
    waiting({
      ...{ id, reason: all, actor: all, from: all, planId: all },
      parts: { [all]: { outcome: 'failed', headline: all, at: '2026-11-22T03:07:10Z', run: '1' } },
      journal: [{ at: '2026-11-22T03:05:20Z', run: '1', component: all, operation: all, on: all }],
    })

  test('reach everybody as text', async () => {
    const ended = await notify(await keep(hostile))
    expect([ended.code, ended.outputs.outcome]).toEqual([0, 'done'])
    expect(chat.answers).toEqual(expect.arrayContaining(['slack 200 ok', 'teams 202 ']))
    expect(ended.log).not.toMatch(/^(::|##\[)(?!set-output)/m)
    expect(said(ended)).not.toContain('s3cretOfTheDatabase')
  }, 90_000)

  test('that hold the addresses themselves do not carry them anywhere', async () => {
    const id = await keep((own) =>
      recordOf({
        id: own,
        reason: `see ${chat.slack} and ${chat.teams}`,
        closedWhy: chat.secrets.join(' '),
      }),
    )
    const ended = await notify(id)
    expect(ended.code).toBe(0)
    const issues = await issuesWith(id)
    expectNoSecret([said(ended), JSON.stringify(issues), JSON.stringify(chat.taken)].join('\n'))
  }, 90_000)
})

describe('wrong inputs fail before anything is sent, and show no address', () => {
  test.each([
    [
      'no https',
      () => ({ 'slack-webhook': chat.slack.replace('https:', 'http:') }),
      'slack-webhook: expected an https URL',
    ],
    [
      'no URL',
      () => ({ 'teams-webhook': chat.secrets.join('/') }),
      'teams-webhook: expected an https URL',
    ],
    ['no template', () => ({ template: 'none.md' }), 'template: none.md cannot be read'],
    ['no such record', () => ({ record: 'production/1/rollback-1' }), 'there is no record'],
    [
      'nobody to tell',
      () => ({ ticket: 'false', 'slack-webhook': '', 'teams-webhook': '' }),
      'nobody would be told',
    ],
  ])(
    '%s',
    async (_name, inputs, problem) => {
      const id = await keep((own) => recordOf({ id: own }))
      const ended = await notify(id, inputs())
      expect([ended.code, ended.outputs.outcome]).toEqual([1, 'failed'])
      expect(ended.log).toContain(problem)
      expect([chat.answers, await issuesWith(id)]).toEqual([[], []])
      expectNoSecret(said(ended))
    },
    30_000,
  )
})
