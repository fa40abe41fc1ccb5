import { type Outcome, type Run, span } from '#core'
import type { Point, Record } from '#store'
import { judge } from '../judge.ts'
import { type Line, timelineOf } from './timeline.ts'

/** An address that may stand in a message as a link. */
export interface Link {
  readonly text: string
  readonly url: string
}

/** What is told of a rollback, in plain words that may be hostile: every renderer escapes and shortens them for itself. */
export interface Facts {
  readonly id: string
  readonly environment: string
  readonly outcome: Outcome
  readonly open: boolean
  /** The same in one line, by which a change is noticed: `open partial`. */
  readonly status: string
  readonly headline: string
  readonly why: string
  readonly rows: readonly (readonly [string, string])[]
  readonly impact: readonly string[]
  readonly detection: readonly string[]
  readonly timeline: readonly Line[]
  readonly parts: readonly (readonly [string, string, string])[]
  readonly links: readonly Link[]
  readonly next: readonly string[]
  readonly record: Record
}

/** What the record does not say itself. */
export interface Around {
  /** The restore point that is the destination, when it can be read. */
  readonly destination: Point | undefined
  /** The commands with which an open record goes on. */
  readonly next: readonly string[]
  readonly identity: Run['identity']
}

/** Everything that is told of a rollback. Pure. */
export function factsOf(record: Record, { destination, next, identity }: Around): Facts {
  const open = record.state === 'open'
  const judged = judge(record)
  const outcome = open ? judged.outcome : (record.outcome ?? 'done')
  return {
    id: record.id,
    environment: record.environment,
    outcome,
    open,
    status: `${record.state} ${outcome}`,
    headline: headlineOf(record, outcome),
    why: open ? judged.why : (record.closedWhy ?? ''),
    rows: rowsOf(record, destination),
    impact: impactOf(record),
    detection: detectionOf(record),
    timeline: timelineOf(record),
    parts: Object.entries(record.parts).map(([name, part]) => [name, part.outcome, part.headline]),
    links: linksOf(record, destination, identity),
    next: open ? next : [],
    record,
  }
}

function headlineOf({ environment, state, to }: Record, outcome: Outcome): string {
  if (state === 'closed')
    return outcome === 'done'
      ? `${environment} is back at ${to} and healthy`
      : `${environment}: the rollback was closed by a person (${outcome})`
  switch (outcome) {
    case 'unhealthy':
      return `${environment} is back at ${to} and still unhealthy`
    case 'done':
      return `${environment} is back at ${to} and healthy; the record is not closed yet`
    case 'partial':
      return `${environment} is only partly back at ${to}`
    default:
      return `${environment}: the rollback to ${to} is not finished (${outcome})`
  }
}

const rowsOf = (record: Record, destination: Point | undefined): Facts['rows'] => {
  const good = commitIn(destination)
  return [
    ['Taken back', `${record.undone}, commit ${short(record.from) || 'unknown'}`],
    ['Back to', good ? `${record.to}, commit ${short(good)}` : record.to],
    ['Why', record.reason],
    ['Asked by', `${record.actor} (${triggers[record.trigger]})`],
    ['Data', consents[record.consent]],
  ]
}

const triggers: Readonly<{ [T in Record['trigger']]: string }> = {
  verdict: 'the verdict was bad',
  'no-verdict': 'the deployment ended without a verdict',
  button: 'the Rollback button',
}

const consents: Readonly<{ [C in Record['consent']]: string }> = {
  'not-needed': 'nothing is lost',
  given: 'put back with consent',
  automatic: 'put back, with consent in advance',
  missing: 'stays as it is until somebody consents',
  never: 'stays as it is (data-restore: never)',
}

function impactOf({ moments = {}, impact = {} }: Record): readonly string[] {
  const { firstBad, detected, badTrafficEnded, capacityRestored, confirmed } = moments
  const { looks, rowsLost } = impact
  return [
    ...between(
      'bad evidence until nothing of the bad release was served',
      firstBad,
      badTrafficEnded,
    ),
    ...between('bad evidence until it was found', firstBad, detected),
    ...between('found until the good release had its capacity back', detected, capacityRestored),
    ...between('found until verified healthy', detected, confirmed),
    ...(looks ? [`${looks.failed} of ${looks.of} looks of the checks failed meanwhile`] : []),
    ...(rowsLost ?? []).map(({ table, rows }) => `${rows} rows of ${table} were lost`),
  ]
}

const between = (what: string, from: string | undefined, to: string | undefined) =>
  from && to && Date.parse(to) >= Date.parse(from)
    ? [`${span(Date.parse(to) - Date.parse(from))} from ${what}`]
    : []

function detectionOf({ trigger, actor, reason, moments = {} }: Record): readonly string[] {
  const how = {
    verdict: 'by the checks of verify-health',
    'no-verdict': 'by nobody: the deployment ended without a verdict, and was taken back for that',
    button: `by a person: ${actor} pressed the Rollback button`,
  }[trigger]
  return [
    `found ${how}`,
    `reason: ${reason}`,
    ...(moments.firstBad ? [`first bad evidence at ${moments.firstBad}`] : []),
    ...(moments.detected ? [`found at ${moments.detected}`] : []),
  ]
}

const isCommit = (text: string | undefined): text is string => /^[0-9a-f]{40}$/.test(text ?? '')
const short = (commit: string) => commit.slice(0, 12)

/** The commit that runs in a point, where it is known. */
const commitIn = (point: Point | undefined): string | undefined => {
  const commit = point?.point === 'after' ? point.sha : point?.runs
  return isCommit(commit) ? commit : undefined
}

/** Whether an address can stand in Markdown, in a message to Slack and in a card as it is. */
const isLink = (url: string): boolean =>
  url.length <= 400 && /^https?:\/\/[\w.:-]+(\/[\w./%~:=?-]*)?$/.test(url)

function linksOf(
  record: Record,
  destination: Point | undefined,
  { runUrl }: Run['identity'],
): readonly Link[] {
  const server = /^https?:\/\/[^/]+/.exec(runUrl)?.[0] ?? 'https://github.com'
  const pages = `${server}/${record.repository}`
  const [, undone = ''] = record.undone.split('/')
  const good = commitIn(destination)
  const runs = record.runs.map(({ run, attempt, url }) => ({
    text: `rollback, run ${run}, attempt ${attempt}`,
    url,
  }))
  const links = [
    ...runs.slice(-5),
    { text: `deployment, run ${undone}`, url: `${pages}/actions/runs/${undone}` },
    ...(good && isCommit(record.from) && good !== record.from
      ? [
          {
            text: `what is taken back, ${short(good)}...${short(record.from)}`,
            url: `${pages}/compare/${good}...${record.from}`,
          },
        ]
      : []),
    ...(isCommit(record.from)
      ? [{ text: `commit ${short(record.from)}`, url: `${pages}/commit/${record.from}` }]
      : []),
  ]
  return links.filter(
    ({ url }, index) => isLink(url) && links.findIndex((one) => one.url === url) === index,
  )
}
