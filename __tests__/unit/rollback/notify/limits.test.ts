import type { Record } from '#store'
import { slackMessage } from '../../../../packages/rollback/notify/slack.ts'
import { teamsMessage } from '../../../../packages/rollback/notify/teams.ts'
import { usualTemplate } from '../../../../packages/rollback/notify/template.ts'
import {
  changeComment,
  ticketBody,
  ticketTitle,
  updatedBody,
} from '../../../../packages/rollback/notify/ticket.ts'
import { slackAnswer, teamsObjection } from '../../../support/chat.ts'
import { recordOf } from '../../../support/record.ts'
import { anyRecord, factsOfRecord } from '../../../support/told.ts'

/** Any record, whatever stands in it, makes messages that arrive. */
const commands = ['gh workflow run rollback.yml -f environment=production', 'x'.repeat(5000)]
const ticketLink = { text: 'Ticket #5', url: 'https://github.com/acme/shop/issues/5' }
const fiveHundred: Record = recordOf({
  journal: Array.from({ length: 500 }, (_, n) => ({
    ...{ at: '2026-11-22T03:05:20Z', run: '17', component: 'ecs', operation: `update ${n}` },
    on: `service-${n}`,
  })),
})
const records = [
  ['500 services', fiveHundred] as const,
  ...Array.from({ length: 60 }, (_, seed) => [`seed ${seed}`, anyRecord(seed)] as const),
]

describe.each(records)('%s', (_name, record) => {
  const facts = factsOfRecord(record, commands)
  const links = [ticketLink, ...facts.links.slice(-4)]

  test('Slack and Teams take it', () => {
    const slack = slackMessage(facts, links)
    expect(slackAnswer(slack)).toBe('ok')
    expect(teamsObjection(teamsMessage(facts, links))).toBeUndefined()
    expect(slack).not.toMatch(/<[!@#]/)
  })

  test('GitHub takes it, and nobody is called', () => {
    const body = ticketBody(usualTemplate, facts)
    const comment = changeComment(facts, 'open failed')
    for (const text of [body, comment, updatedBody(body, facts)]) {
      expect(text.length).toBeLessThanOrEqual(65_536)
      expect(text).not.toMatch(/\p{Surrogate}/u)
      const outside = text.replace(/```text[\s\S]*?```/g, '')
      expect(outside).not.toMatch(/@[\w-]|(?<!&)#\d|<(?!!-- \/?rollback-actions:)/)
    }
    expect(ticketTitle(facts).length).toBeLessThanOrEqual(200)
    for (const text of [body, comment, slackMessage(facts, links), teamsMessage(facts, links)])
      expect(text).not.toContain('s3cretOfTheDatabase')
  })

  test('a second look at the same record changes nothing in the ticket', () => {
    const body = ticketBody(usualTemplate, facts)
    expect(updatedBody(body, facts)).toBe(body)
  })

  test('only addresses of harmless form are links', () => {
    for (const { url } of facts.links) expect(url).toMatch(/^https:\/\/[\w./%~:=?-]+$/)
  })
})

test('the largest template that is taken leaves room for everything else', () => {
  const words = '{{restore-point}} '.repeat(40)
  const filler = 'x'.repeat(15_000 - usualTemplate.length - words.length)
  const template = `${usualTemplate}${words}${filler}`
  expect(template.length).toBe(15_000)
  const longest = records.map(([, record]) => ticketBody(template, factsOfRecord(record, commands)))
  expect(Math.max(...longest.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
  expect(Math.max(...longest.map(({ length }) => length))).toBeGreaterThan(35_000)
})

describe('the receivers refuse what is too big', () => {
  const facts = factsOfRecord(recordOf())
  const message = () => JSON.parse(slackMessage(facts, [ticketLink]))
  const words = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) })

  test.each([
    ['no_text', { text: '' }],
    ['invalid_blocks', { blocks: [{ type: 'header', text: words(151) }] }],
    ['invalid_blocks', { blocks: [{ type: 'section', text: words(3001) }] }],
    ['invalid_blocks', { blocks: [{ type: 'section', fields: [words(2001)] }] }],
    ['invalid_blocks', { blocks: Array(51).fill({ type: 'section', text: words(1) }) }],
    ['msg_blocks_too_long', { blocks: Array(5).fill({ type: 'section', text: words(2900) }) }],
    ['ok', {}],
  ])('%s', (answer, change) => {
    expect(slackAnswer(JSON.stringify({ ...message(), ...change }))).toBe(answer)
  })

  test('a card of more than 28 KB, or with something that no card has', () => {
    const text = teamsMessage(facts, [ticketLink])
    expect(
      teamsObjection(text.replace('"body":[', `"body":[${'{"type":"x"},'.repeat(3000)}`)),
    ).toBe('RequestEntityTooLarge')
    expect(teamsObjection(text.replace('"RichTextBlock"', '"RichText"'))).toBe('InvalidCard')
  })
})
