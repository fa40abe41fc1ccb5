import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { suiteName, suiteRoot } from '../support/act.ts'
import { type Chat, startChat } from '../support/chat.ts'
import { documentsOf } from './documents.ts'
import { type Company, everythingSaid, foundTown, outcomeOf, type Told, type Town } from './town.ts'

/**
 * The job `notify` of the example, after a rollback. act runs no job of a caller behind a called workflow that failed, so the job is run by
 * itself; its `if:` is in __tests__/contract/conditions.test.ts.
 */
const folder = mkdtempSync(join(tmpdir(), 'chat-'))
let town: Town
let chat: Chat
let company: Company
let rolledBack: Told

beforeAll(async () => {
  town = await foundTown()
  chat = await startChat(folder)
  company = await town.settle('565656565656')
  await company.ship(2)
  rolledBack = await company.ship(3, [2])
}, 300_000)

afterAll(async () => {
  await chat?.close()
  await town?.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

/** The job alone, for the record of a rollback, as a workflow of its own. */
async function commitNotify(record: string): Promise<void> {
  const text = readFileSync(join(suiteRoot(), 'workflows-examples/notify.yml'), 'utf8')
  const { jobs } = parse(text.replaceAll(/@0{40}\b/g, `@${suiteName.commit}`))
  const { needs: _needs, if: _if, ...job } = jobs.notify
  const alone = {
    ...{ name: 'Notify', on: { push: {} }, permissions: {} },
    jobs: { notify: { ...job, with: { ...job.with, record } } },
  }
  await company.repository.commit('Notify', {
    '.github/workflows/notify.yml': stringify(alone, { lineWidth: 0 }),
  })
}

const notify = () =>
  company.deploy({
    workflow: 'notify.yml',
    secrets: { ROLLBACK_SLACK_WEBHOOK: chat.slack, ROLLBACK_TEAMS_WEBHOOK: chat.teams },
    env: { NODE_EXTRA_CA_CERTS: chat.certificate },
  })

test('the rollback of a bad release is told to GitHub, Slack and Teams, once as a ticket', async () => {
  expect(outcomeOf(rolledBack, 'close')).toBe('done')
  const record = `production/${rolledBack.runId}/rollback-1`
  await commitNotify(record)
  const told = await notify()
  expect([told.ok, outcomeOf(told, 'notify')]).toEqual([true, 'done'])
  const again = await notify()
  expect([again.ok, outcomeOf(again, 'notify')]).toEqual([true, 'done'])

  const { GITHUB_API_URL, GITHUB_TOKEN } = town.sandbox.env
  const answer = await fetch(`${GITHUB_API_URL}/repos/acme/shop/issues`, {
    headers: { authorization: `Bearer ${GITHUB_TOKEN}` },
  })
  // biome-ignore lint/suspicious/noExplicitAny: GitHub's own form.
  const issues = (await answer.json()) as any[]
  expect(issues).toHaveLength(1)
  expect(issues[0].labels.map(({ name }: { name: string }) => name)).toEqual([
    'rollback',
    'incident',
  ])
  expect(issues[0].body).toContain('production is back at')
  const documents = await documentsOf(company)
  expect(documents[`${rolledBack.runId}/rollback-1`].told.ticket).toBe(issues[0].number)
  expect([chat.taken.slack.length, chat.taken.teams.length]).toEqual([2, 2])
  for (const secret of chat.secrets) expect(everythingSaid(told)).not.toContain(secret)
}, 120_000)
