import { readFile } from 'node:fs/promises'
import { codeOf } from '#aws'
import { CallError, InputError, messageOf, type Result, type Run, scrub } from '#core'
import type { GitHub } from '#github'
import {
  isRecordId,
  type Record,
  readEnvironment,
  readPoint,
  readRecord,
  recordSchema,
  recordsOf,
  type Store,
} from '#store'
import { nextCommands } from '../close.ts'
import { deliver, secretsIn } from './deliver.ts'
import { type Facts, factsOf, type Link } from './facts.ts'
import { type Ticket, tellTicket, type Wanted } from './issue.ts'
import type { NotifySettings } from './settings.ts'
import { slackMessage } from './slack.ts'
import { teamsMessage } from './teams.ts'
import { checkTemplate, usualTemplate } from './template.ts'
import { ticketBody, ticketTitle } from './ticket.ts'

/** Whom the action can reach. */
export interface Reach {
  readonly store: Store
  readonly github: GitHub | undefined
  /** How a webhook is sent to; tests inject their own. */
  readonly send?: typeof fetch
}

/** How one of those who were to be told was told. */
interface Told {
  readonly to: string
  readonly what: string
  readonly next?: string
  readonly failed: boolean
}

/**
 * Tells of a rollback: a ticket, Slack, Teams. Always passes once it knows what to tell: who could not be reached is said in a
 * warning, and changes nothing.
 */
export async function notify(run: Run, reach: Reach, settings: NotifySettings): Promise<Result> {
  const secrets = [settings.slack, settings.teams].flatMap((url) => (url ? secretsIn(url) : []))
  for (const secret of secrets) run.report.mask(secret)
  const wanted = settings.ticket && {
    ...settings.ticket,
    text: await readTemplate(settings.ticket.template),
  }
  const record = await chosen(reach.store, settings.record, run.identity.runId)
  if (!record) return nothing(reach.store)
  const facts = await gather(run, reach.store, cleaned(record, secrets))
  if (run.dryRun) return planned(facts, settings, wanted)
  const ticket = wanted && (await ticketOf(run, reach, { wanted, facts }))
  const links = linksOf(facts, ticket?.made)
  const letters = lettersOf(facts, settings, links).map(async ({ to, url, body }) => {
    const { host } = new URL(url)
    const ended = await deliver(run, { to, url, body }, reach.send ?? fetch)
    const failed = ended.is === 'failed'
    const next = `look whether the webhook of ${to} is still there and its secret right`
    return { to: `${to} (${host})`, what: failed ? ended.why : 'delivered', failed, next }
  })
  const told = [...(ticket ? [ticket.told] : []), ...(await Promise.all(letters))]
  for (const { to, what } of told.filter(({ failed }) => failed))
    run.report.warning(`${to} was not told of ${facts.id}: ${what}`)
  return ending(facts, told, ticket?.made)
}

async function readTemplate(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw new InputError([
      `template: ${path} cannot be read (${codeOf(thrown)}): is the repository checked out?`,
    ])
  })
  return checkTemplate(path, text)
}

/** The record that is named; else the open one, the one of this run, or the newest. */
async function chosen(
  store: Store,
  id: string | undefined,
  runId: string,
): Promise<Record | undefined> {
  if (id !== undefined) {
    const record = await readRecord(store, id)
    if (!record || record.id !== id) throw new InputError([`record: there is no record ${id}`])
    return record
  }
  const { open } = await readEnvironment(store)
  const current = open === undefined ? undefined : await readRecord(store, open)
  const records = current ? [current] : await recordsOf(store).latest()
  const usable = records
    .filter((record) => isRecordId(record.id))
    .toSorted((a, b) => Date.parse(b.openedAt) - Date.parse(a.openedAt))
  return usable.find(({ runs }) => runs.some(({ run }) => run === runId)) ?? usable[0]
}

const nothing = (store: Store): Result => ({
  outcome: 'unchanged',
  headline: `${store.environment} has no record of a rollback: there is nothing to tell`,
})

/** No secret leaves in a message (P9), whoever wrote it into the record. */
function cleaned(record: Record, secrets: readonly string[]): Record {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return scrub(value, secrets)
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [scrub(name, secrets), clean(part)]),
    )
  }
  const { moments, ...rest } = record
  return recordSchema.parse({ ...(clean(rest) as Record), ...(moments && { moments }) })
}

async function gather(run: Run, store: Store, record: Record): Promise<Facts> {
  const destination = await readPoint(store, record.to).catch(() => undefined)
  const next = nextCommands(store, record)
  return factsOf(record, { destination, next, identity: run.identity })
}

const lettersOf = (facts: Facts, { slack, teams }: NotifySettings, links: readonly Link[]) => [
  ...(slack ? [{ to: 'Slack', url: slack, body: slackMessage(facts, links) }] : []),
  ...(teams ? [{ to: 'Teams', url: teams, body: teamsMessage(facts, links) }] : []),
]

/** A message has the ticket, the run and what is taken back; the ticket has the rest. */
const linksOf = ({ links }: Facts, ticket: Ticket | undefined): readonly Link[] => [
  ...(ticket ? [{ text: `Ticket #${ticket.number}`, url: ticket.url }] : []),
  ...links.slice(-4),
]

async function ticketOf(
  run: Run,
  { store, github }: Reach,
  { wanted, facts }: { readonly wanted: Wanted; readonly facts: Facts },
): Promise<{ readonly told: Told; readonly made?: Ticket }> {
  const to = 'GitHub'
  try {
    if (!github) throw new InputError(['there is no token'])
    const made = await tellTicket({ github, store, report: run.report }, wanted, facts)
    return { made, told: { to, what: `issue #${made.number}, ${made.is}`, failed: false } }
  } catch (thrown) {
    const next = thrown instanceof CallError ? nextOf(thrown) : 'run again'
    return { told: { to, what: messageOf(thrown), failed: true, next } }
  }
}

/** GitHub answers 410 where issues are switched off. */
const nextOf = ({ code, next }: CallError): string =>
  code === '410' ? 'switch issues on in the settings of the repository, or leave out ticket' : next

function planned(facts: Facts, settings: NotifySettings, wanted: Wanted | undefined): Result {
  const links = linksOf(facts, undefined)
  const body = wanted && ticketBody(wanted.text ?? usualTemplate, facts)
  const rows = [
    ...(body === undefined
      ? []
      : [['GitHub', `${ticketTitle(facts)} (${body.length} characters)`]]),
    ...lettersOf(facts, settings, links).map(({ to, url, body: letter }) => [
      `${to} (${new URL(url).host})`,
      `${Buffer.byteLength(letter)} bytes: ${letter}`,
    ]),
  ]
  return {
    outcome: 'planned',
    headline: `${facts.id} (${facts.status}) would be told to ${rows.map(([to]) => to).join(', ')}`,
    sections: [{ title: 'Messages', columns: ['to', 'what'], rows }],
    outputs: { record: facts.id },
  }
}

function ending(facts: Facts, told: readonly Told[], ticket: Ticket | undefined): Result {
  const [failed, reached] = [told.filter((one) => one.failed), told.filter((one) => !one.failed)]
  const names = (some: readonly Told[]) => some.map(({ to }) => to).join(', ') || 'nobody'
  const lacking = failed.map(({ to, what }) => `${to}: ${what}`).join('; ')
  return {
    outcome: 'done',
    headline: `${facts.id} (${facts.status}) was told to ${names(reached)}${lacking === '' ? '' : `; not delivered, which changes nothing else: ${lacking}`}`,
    sections: [
      {
        title: 'Told',
        columns: ['to', 'delivered', 'what'],
        rows: told.map(({ to, what, failed: lost }) => [to, lost ? 'no' : 'yes', what]),
      },
    ],
    next: failed.flatMap(({ to, next }) => (next ? [`${to}: ${next}`] : [])),
    outputs: { record: facts.id, ticket: ticket ? String(ticket.number) : '' },
    data: {
      record: facts.id,
      status: facts.status,
      ticket: ticket?.number ?? null,
      told: told.map(({ to, what, failed: lost }) => ({ to, delivered: !lost, what })),
    },
  }
}
