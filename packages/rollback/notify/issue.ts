import { CallError, iso, messageOf, type Report } from '#core'
import {
  commentOn,
  createIssue,
  dismissIssue,
  type GitHub,
  type Issue,
  listIssues,
  readIssue,
  rewriteIssue,
} from '#github'
import { changeRecord, type Store } from '#store'
import type { Facts } from './facts.ts'
import type { TicketSettings } from './settings.ts'
import { usualTemplate } from './template.ts'
import {
  bodyLimit,
  changeComment,
  markOf,
  ticketBody,
  ticketTitle,
  toldStatus,
  updatedBody,
} from './ticket.ts'

/** Where tickets are kept. */
export interface Desk {
  readonly github: GitHub
  readonly store: Store
  readonly report: Report
}

/** What a ticket is made of. */
export interface Wanted extends TicketSettings {
  /** The text of the team's own template, checked. */
  readonly text: string | undefined
}

/** The ticket of a record, and what became of it now. */
export interface Ticket {
  readonly number: number
  readonly url: string
  readonly is: 'new' | 'updated' | 'unchanged'
}

/**
 * Makes the ticket of a record, or brings the one that is there up to date. There is one only: the record keeps its number by
 * compare-and-swap, the mark in its text finds one that was made by a run that was killed. Throws `CallError`.
 */
export async function tellTicket(desk: Desk, wanted: Wanted, facts: Facts): Promise<Ticket> {
  const known = facts.record.told?.ticket
  const kept = known === undefined ? undefined : await readIssue(desk.github, known)
  if (kept) return update(desk, kept, facts)
  const [found] = await ticketsOf(desk, wanted, facts)
  if (!found) return create(desk, wanted, facts)
  await claim(desk, facts, found.number)
  return update(desk, found, facts)
}

/** Clocks of runners and GitHub differ by less than this, in milliseconds. */
const skew = 3_600_000

/** The issues that carry the mark of the record, the oldest first. */
async function ticketsOf(
  { github }: Desk,
  { labels: [label = ''] }: Wanted,
  { id, record }: Facts,
): Promise<readonly Issue[]> {
  const since = iso(Date.parse(record.openedAt) - skew)
  const issues = await listIssues(github, { label, since })
  return issues.filter(({ body }) => body.includes(markOf(id)))
}

async function create(desk: Desk, wanted: Wanted, facts: Facts): Promise<Ticket> {
  const { report } = desk
  const made = await createWith(desk, wanted, facts)
  const has = new Set(made.labels.map((label) => label.toLowerCase()))
  const missing = wanted.labels.filter((label) => !has.has(label.toLowerCase()))
  if (missing.length > 0)
    report.warning(`issue ${made.number}: GitHub did not set the labels ${missing.join(', ')}`)
  // Another run may have made one meanwhile, or an answer that got lost was of one that was made.
  const others = await ticketsOf(desk, wanted, facts).catch(() => [])
  const first = others[0] ?? made
  const one = await claim(desk, facts, Math.min(first.number, made.number))
  const doubles = [...others, made].filter(({ number }) => number !== one)
  for (const number of new Set(doubles.map((double) => double.number)))
    await dismiss(desk, number, one)
  const ticket = [...others, made].find(({ number }) => number === one)
  const url = ticket?.url ?? made.url.replace(/\d+$/, String(one))
  return { number: one, url, is: one === made.number ? 'new' : 'unchanged' }
}

/** GitHub refuses an issue for somebody who cannot be assigned to it: better nobody's than none. */
async function createWith({ github, report }: Desk, wanted: Wanted, facts: Facts): Promise<Issue> {
  const { labels, assignees, text } = wanted
  const issue = {
    title: ticketTitle(facts),
    body: ticketBody(text ?? usualTemplate, facts),
    labels,
    assignees,
  }
  return createIssue(github, issue).catch((thrown: unknown) => {
    const refused = thrown instanceof CallError && thrown.code === '422' && assignees.length > 0
    if (!refused) throw thrown
    report.warning(`the ticket could not be assigned to ${assignees.join(', ')}: ${thrown.message}`)
    return createIssue(github, { ...issue, assignees: [] })
  })
}

/** Keeps the number in the record unless another run kept one there first; answers the one that is kept. */
async function claim({ store, report }: Desk, { id, record }: Facts, number: number) {
  try {
    const { told } = await changeRecord(store, id, (current) =>
      current.told?.ticket === record.told?.ticket && current.told?.ticket !== number
        ? { ...current, told: { ...current.told, ticket: number } }
        : undefined,
    )
    return told?.ticket ?? number
  } catch (thrown) {
    report.warning(`the record does not keep the number of issue ${number}: ${messageOf(thrown)}`)
    return number
  }
}

async function dismiss({ github, report }: Desk, number: number, one: number): Promise<void> {
  try {
    await commentOn(github, number, `A double of #${one}, made by two runs at once.`)
    await dismissIssue(github, number)
  } catch (thrown) {
    report.warning(`issue ${number} is a double of ${one} and stays open: ${messageOf(thrown)}`)
  }
}

/** Fills the sections in again that nobody edited, and says below when the status has changed. */
async function update({ github, report }: Desk, issue: Issue, facts: Facts): Promise<Ticket> {
  const { number, url, body } = issue
  const before = toldStatus(body)
  if (before !== facts.status) await commentOn(github, number, changeComment(facts, before))
  const renewed = updatedBody(body, facts)
  if (renewed === body) return { number, url, is: 'unchanged' }
  if (renewed.length > bodyLimit) {
    report.warning(`issue ${number}: its text stays as it is: it would be longer than GitHub takes`)
    return { number, url, is: before === facts.status ? 'unchanged' : 'updated' }
  }
  await rewriteIssue(github, number, renewed)
  return { number, url, is: 'updated' }
}
