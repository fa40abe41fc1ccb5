import { passes, type Section, span } from '#core'
import { releaseCommand } from '#points'
import type { Moments, Pin, Point, Record } from '#store'
import type { Judged } from './judge.ts'
import { momentNames } from './moments.ts'

/** Everything that the summary of a rollback is made from. */
export interface Story {
  readonly record: Record
  readonly judged: Judged
  /** The destination, and the point that was taken before the release; undefined where they are gone. */
  readonly to: Point | undefined
  readonly before: Point | undefined
  readonly pin: Pin | undefined
}

/** Letters of one cell: a reason may be a page long. */
const most = 600
const cut = (text: string) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** The record as people read it first: what, why, who, what it cost, how it ended. */
export function recordTable(story: Story): Section {
  const { record, to } = story
  const commit = record.from === '' ? 'not known' : record.from.slice(0, 12)
  const back = to?.runs ?? (to?.point === 'after' ? to.sha : undefined)
  const rows: readonly (readonly [string, string])[] = [
    ['Record', record.id],
    [
      'Date',
      record.closedAt === undefined
        ? `${record.openedAt}, still open`
        : `${record.openedAt} to ${record.closedAt}`,
    ],
    ['From', `commit ${commit}, deployment ${record.undone}`],
    ['To', `${record.to}, commit ${back?.slice(0, 12) ?? 'not known'}`],
    ['Reason', record.reason],
    ['Performed by', performedBy(record)],
    ['Duration', durationText(record.moments ?? {})],
    ['Impact', impactText(story)],
    ['Resolution', resolutionText(story)],
  ]
  return {
    title: 'Record',
    columns: ['what', 'value'],
    rows: rows.map(([what, value]) => [what, cut(value)]),
  }
}

const triggers: Readonly<{ [T in Record['trigger']]: string }> = {
  verdict: 'the verdict of verify-health',
  'no-verdict': 'a deployment that ended without a verdict',
  button: 'the Rollback button',
}

function performedBy({ actor, trigger, runs, closedBy }: Record): string {
  const shown = runs
    .slice(-5)
    .map(({ run, attempt }) => `run ${run}${attempt > 1 ? ` (attempt ${attempt})` : ''}`)
  const more = runs.length > shown.length ? ` and ${runs.length - shown.length} before` : ''
  const closer = closedBy !== undefined && closedBy !== actor ? `, closed by ${closedBy}` : ''
  return `${actor}, by ${triggers[trigger]}: ${shown.join(', ')}${more}${closer}`
}

const between = (from: string | undefined, to: string | undefined): string | undefined =>
  from === undefined || to === undefined ? undefined : span(Date.parse(to) - Date.parse(from))

function durationText({ detected, badTrafficEnded, confirmed }: Moments): string {
  const ended = between(detected, badTrafficEnded)
  const proven = between(detected, confirmed)
  return [
    `bad traffic ended ${ended === undefined ? 'not known' : `${ended} after it was detected`}`,
    `confirmed ${proven === undefined ? 'not yet' : `after ${proven}`}`,
  ].join('; ')
}

/** Each moment by itself, so that every definition of a recovery time can be read off (docs/recovery-time.md). */
export function durationTable({ record: { moments = {} } }: Story): Section {
  const { firstBad, detected } = moments
  return {
    title: 'Duration',
    columns: ['moment', 'at (UTC)', 'since detected', 'since first bad look'],
    rows: momentNames.map(([name, words]) => {
      const at = moments[name]
      const since = (from: string | undefined) =>
        at === undefined || from === undefined || Date.parse(at) < Date.parse(from)
          ? ''
          : (between(from, at) ?? '')
      return [words, at ?? 'not known', since(detected), since(firstBad)]
    }),
  }
}

/** What it cost, as far as somebody counted: what nobody counted is not guessed. */
function impactText(story: Story): string {
  const { record } = story
  const { looks } = record.impact ?? {}
  return [
    looks === undefined
      ? 'failed looks of our own checks: not known'
      : `${looks.failed} of ${looks.of} looks of our own checks failed while it was verified`,
    `users could meet it ${usersMet(record)}`,
    `requests that failed: not known`,
    `rows lost: ${rowsText(story)}`,
  ].join('; ')
}

function usersMet({ moments = {}, reached = {} }: Record): string {
  const { firstBad, badTrafficEnded } = moments
  const seen = between(firstBad, badTrafficEnded)
  if (seen !== undefined) return `for ${seen} from its first bad look`
  if (badTrafficEnded !== undefined) return `until ${badTrafficEnded}, since when is not known`
  const since = firstBad === undefined ? 'for a time that is not known' : `since ${firstBad}`
  const rid = Object.values(reached).flatMap((one) => one.badTrafficEnded ?? [])
  const last = rid.toSorted().at(-1)
  return last === undefined
    ? since
    : `${since}; the last of ${rid.length} things that were put back was rid of it at ${last}`
}

function rowsText({ record, before }: Story): string {
  const { profile, impact, journal, consent } = record
  const lost = impact?.rowsLost ?? []
  if (lost.length > 0) {
    const shown = lost.slice(0, 10).map(({ table, rows }) => `${rows} of ${table}`)
    return [...shown, ...(lost.length > 10 ? [`and of ${lost.length - 10} more`] : [])].join(', ')
  }
  if (profile === 'A' || profile === 'D') return 'none, no data was touched'
  if (profile === 'B')
    return consent === 'not-needed' ? 'none, the downs lose nothing' : ofDowns(journal)
  const cutover = journal.findLast(({ operation }) => operation === 'cutover')
  const taken = before?.deployment?.snapshot?.at
  if (cutover === undefined) return 'none, the data stays as it is'
  return `how many is not known: what was written from ${taken ?? 'the snapshot'} to ${cutover.at}`
}

const ofDowns = (journal: Record['journal']) =>
  journal.some(({ component }) => component === 'migrations') ? 'not known' : 'none'

function resolutionText({ record, judged }: Story): string {
  const done = Object.entries(record.parts)
    .filter(([name]) => !/^(verify-health|restore-point)/.test(name))
    .map(([name, { outcome }]) => `${name}: ${outcome}`)
  const closed = record.state === 'closed' ? 'the record is closed' : 'the record stays open'
  return `${judged.outcome}: ${judged.why}; ${closed} (${done.join(', ') || 'nothing was begun'})`
}

/** What stays to be done or known, for a person. */
export function followUp(story: Story): Section {
  const rows = [
    ...Object.entries(story.record.parts).flatMap(([name, { leaves = [] }]) =>
      leaves.map((line) => ['stays', line, name]),
    ),
    ...failedNext(story),
    ...snapshotRow(story),
    ...additions(story),
    ...pinRow(story),
  ]
  const none = [['nothing', 'nothing is left to do', '']]
  return {
    title: 'Follow-up',
    columns: ['what', 'do or know', 'from'],
    rows: (rows.length > 0 ? rows.slice(0, 60) : none).map((row) => row.map(cut)),
  }
}

const failedNext = ({ record }: Story) =>
  Object.entries(record.parts)
    .filter(([, { outcome }]) => !passes(outcome))
    .flatMap(([name, { next = [] }]) => next.map((line) => ['repeat', line, name]))

function snapshotRow({ before }: Story) {
  const snapshot = before?.deployment?.snapshot
  if (snapshot?.status !== 'available') return []
  const line = `the snapshot ${snapshot.id}, taken before the migrations of the release: it costs money until you delete it`
  return [['stays', line, 'rds-snapshot-guard']]
}

/** Profile A leaves additions where they are. Whether the release got as far as its migrations is in the ledger, not here. */
function additions({ record, before }: Story) {
  const pending = before?.components.migrations?.pending ?? []
  if (record.profile !== 'A' || pending.length === 0) return []
  const names = pending.slice(0, 10).map(({ name }) => name)
  const line = `the tables and columns that ${names.join(', ')} added, where applied: the next release may use them; else drop them with a migration of your own`
  return [['stays', line, 'profile A']]
}

function pinRow({ pin }: Story) {
  if (pin === undefined || pin.released) return []
  const line = `commit ${pin.sha.slice(0, 12)} is pinned and will not be deployed again: deploy a commit with the fix on top of it, which releases the pin once it is verified; or by hand: ${releaseCommand(pin.environment, pin.sha)}`
  return [['pin', line, pin.record]]
}
