import { type Json, join, type Outcome, passes, type Result, type Section, span } from '#core'
import type { Other } from '../rollback/plan.ts'
import {
  isAlive,
  type LiveService,
  type LiveTask,
  type ServiceDeployment,
  type ServiceEvent,
} from '../state.ts'
import { type Class, classes } from '../watch/classes.ts'
import { causeText } from '../watch/failures.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import { type Moments, momentsTable, reachedBy } from '../watch/moments.ts'
import type { Ended } from '../watch/progress.ts'
import type { Inquiry } from './inquiry.ts'
import { screens, verdictIn } from './screen.ts'
import { comingAndGoing, fingerprintText, servingOf } from './serving.ts'

/** How one service ended, as the table and the outputs tell it. */
export interface Row {
  readonly name: string
  /** `web:7 → web:5`. */
  readonly change: string
  readonly outcome: Outcome
  readonly why: string
  readonly took: number
  readonly expected: readonly ExpectedContainer[]
  /** As it was seen last; undefined where it was not found. */
  readonly service: LiveService | undefined
  /** Undefined where its tasks were not looked at. */
  readonly tasks: readonly LiveTask[] | undefined
  /** True when it was seen that no task of any other task definition is alive. */
  readonly drained: boolean
  /** The most frequent causes of failed tasks, with counts. */
  readonly causes: readonly string[]
  /** Tasks that the platform ended. */
  readonly noise?: number
  /** Newest first; those of the service where nothing was watched. */
  readonly events?: readonly ServiceEvent[]
  /** How it went wrong. */
  readonly class?: Class | undefined
  /** Why it was to go where it was to go. */
  readonly chosen?: Chosen | undefined
  /** Where else it could go. */
  readonly others?: readonly Other[] | undefined
  /** Only where it was watched and did not end well. */
  readonly evidence?: Inquiry | undefined
  /** Left out where nothing was watched for them. */
  readonly moments?: Moments | undefined
  readonly next: readonly string[]
}

/** Why a destination was taken: its grade where it has one, and one clause. */
export interface Chosen {
  readonly grade?: string | undefined
  readonly why: string
}

/** A row for a service that was not watched. */
export function plainRow(
  service: LiveService,
  row: Pick<Row, 'outcome' | 'why' | 'change'> & Partial<Row>,
): Row {
  const { name } = service
  const unknown = { took: 0, expected: [], tasks: undefined, drained: false, causes: [], next: [] }
  return { name, service, ...unknown, ...row }
}

/** A row for a service whose change AWS refused. */
export const refusedRow = (
  service: LiveService,
  change: string,
  { why, next }: { readonly why: string; readonly next: string },
): Row => plainRow(service, { outcome: 'failed', class: 'refused', why, change, next: [next] })

/** A row for a service that was watched until it ran `target`, or was not. */
export function endedRow(
  ended: Ended,
  change: string,
  target: string,
  more: Pick<Row, 'chosen' | 'others'> = {},
): Row {
  const others = ended.tasks.some((task) => isAlive(task) && task.taskDefinition !== target)
  const drained = passes(ended.outcome) && !others
  const causes = ended.causes.map(causeText)
  return { ...ended, ...more, change, drained, causes, next: ended.next ?? [] }
}

/** The table that every mode ends with. */
export function table(rows: readonly Row[]): Section {
  return {
    title: 'Services',
    columns: ['service', 'from → to', 'digests', 'running', 'time', 'outcome', 'why'],
    rows: rows.map((row) => [
      row.name,
      row.change,
      fingerprintText(row.expected),
      runningText(row),
      row.took === 0 ? '' : span(row.took),
      row.outcome,
      row.why,
    ]),
  }
}

/** `web:1 2/2`, and what else is there. */
function runningText({ service, tasks }: Row): string {
  if (!service) return ''
  if (!tasks?.some(isAlive)) return `${service.running}/${service.desired}`
  const running = servingOf(tasks).map(
    (one) => `${one.taskDefinition} ${one.tasks}/${service.desired}`,
  )
  return [...running, ...comingAndGoing(tasks)].join(', ')
}

const names = (rows: readonly Row[]) => rows.map((row) => row.name).join(',')

/** The outputs that every mode gives. */
export function outputs(rows: readonly Row[]) {
  const live = rows.flatMap(({ name, service }) =>
    service ? [[name, service.taskDefinition] as const] : [],
  )
  return {
    'services-rolled-back': names(rows.filter((row) => row.outcome === 'done')),
    'services-unchanged': names(rows.filter((row) => row.outcome === 'unchanged')),
    'services-failed': names(rows.filter((row) => !passes(row.outcome))),
    'live-task-definitions': JSON.stringify(Object.fromEntries(live)),
    'bad-tasks-drained': String(rows.every((row) => row.drained)),
  }
}

/** Joins the rows into the result of the action. */
export function resultOf(given: {
  readonly cluster: string
  /** What was done, as a noun: `rollback`. */
  readonly verb: string
  readonly rows: readonly Row[]
}): Result {
  const { rows, cluster, verb } = given
  const bad = rows.filter((row) => !passes(row.outcome))
  const reached = rows.flatMap(({ name, moments }) => (moments ? [reachedBy(name, moments)] : []))
  return {
    outcome: join(rows.map((row) => row.outcome)),
    headline: headlineOf(given, bad),
    sections: [...screens(bad, cluster), table(rows), ...momentsTable(reached)],
    reached,
    ...(bad.length > 0 ? { next: nextOf(bad, given) } : {}),
    outputs: outputs(rows),
    data: { cluster, verb, services: rows.map(rowData) },
  }
}

function headlineOf(
  { cluster, verb, rows }: { cluster: string; verb: string; rows: readonly Row[] },
  bad: readonly Row[],
): string {
  const of = `${verb} of ${counted(rows.length, 'service')} in ${cluster}: ${countsOf(rows)}`
  const [first] = bad
  if (!first) return of
  const more = bad.length > 1 ? `, and ${counted(bad.length - 1, 'service')} more` : ''
  return `${of}; ${verdictIn(first)}${more}`
}

/** `1 service`, `3 services`. */
export const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** What a dry run of a mode without destination says. */
export function wouldBe(rows: readonly Row[], headline: string): Result {
  return {
    outcome: 'planned',
    headline,
    sections: [table(rows)],
    outputs: { 'live-task-definitions': outputs(rows)['live-task-definitions'] },
    data: { services: rows.map(rowData) },
  }
}

/** `2 done, 1 failed`. */
function countsOf(rows: readonly Row[]): string {
  const counts = new Map<Outcome, number>()
  for (const { outcome } of rows) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
}

function nextOf(
  bad: readonly Row[],
  { cluster, verb }: { readonly cluster: string; readonly verb: string },
): readonly string[] {
  const blind = bad.some(({ outcome, others = [] }) => outcome === 'failed' && others.length === 0)
  const services = bad.map((row) => row.name)
  return [
    ...bad.flatMap((row) => row.next),
    ...bad.flatMap((row) =>
      // A refusal has its own, and so may an end.
      row.class === undefined || row.next.length > 0
        ? []
        : [`${row.name}: ${classes[row.class].next}`],
    ),
    ...bad.flatMap(({ name, others = [] }) =>
      others.slice(0, 3).map(({ to, why }) => `${name} could go elsewhere: to: ${to} (${why})`),
    ),
    ...(verb === 'rollback' && blind
      ? ['with mode: list this action shows where else they could go']
      : []),
    ...new Set(bad.flatMap(({ evidence }) => evidence?.unread ?? [])),
    `look: aws ecs describe-services --cluster ${cluster} --services ${services.join(' ')} --query "services[].[serviceName,deployments,events[:5]]"`,
    'run again: it continues with these services and leaves the others alone',
  ]
}

function rowData(row: Row): Json {
  const { service, tasks, evidence } = row
  return {
    service: row.name,
    change: row.change,
    outcome: row.outcome,
    class: row.class,
    why: row.why,
    milliseconds: row.took,
    running: service?.running ?? null,
    desired: service?.desired ?? null,
    drained: row.drained,
    containers: row.expected.map(({ name, digest }) => ({ name, digest: digest ?? null })),
    serving: tasks ? servingOf(tasks).map((one): Json => ({ ...one })) : null,
    causes: row.causes,
    chosen: row.chosen && { grade: row.chosen.grade, why: row.chosen.why },
    others: row.others?.map((one): Json => ({ ...one })),
    ...(evidence && {
      region: evidence.region,
      says: evidence.says,
      who: evidence.who,
      events: (row.events ?? []).slice(0, 20).map(({ message }) => message),
      deployment: evidence.deployment && deploymentData(evidence.deployment),
      links: evidence.links.map(({ text, url }): Json => ({ text, url })),
      unread: evidence.unread,
    }),
  }
}

const deploymentData = ({ status, why, breaker, alarms }: ServiceDeployment): Json => ({
  status,
  why,
  breaker: breaker && { ...breaker },
  alarms: alarms && { ...alarms },
})
