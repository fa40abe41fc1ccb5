import { type Json, join, type Outcome, passes, type Result, type Section, span } from '#core'
import { type ExpectedContainer, tasksOf } from './judge.ts'
import { type Moments, momentsTable, reachedBy } from './moments.ts'
import type { Ended } from './progress.ts'
import { digest12, isAlive, type LiveService, type LiveTask, type Rollout } from './state.ts'

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
  readonly causes: readonly string[]
  /** Left out where nothing was watched for them. */
  readonly moments?: Moments | undefined
  /** ECS's own verdict on its current deployment. */
  readonly ecsSays?: string
  readonly next: readonly string[]
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

/** A row for a service that was watched until it ran `target`, or was not. */
export function endedRow(ended: Ended, change: string, target: string): Row {
  const others = ended.tasks.some((task) => isAlive(task) && task.taskDefinition !== target)
  return { ...ended, change, drained: passes(ended.outcome) && !others, next: [] }
}

/** The table that every mode ends with. */
export function table(rows: readonly Row[]): Section {
  return {
    title: 'Services',
    columns: ['service', 'from → to', 'digests', 'running', 'time', 'outcome', 'why'],
    rows: rows.map((row) => [
      row.name,
      row.change,
      row.expected.map(({ name, digest }) => `${name}@${digest12(digest)}`).join(' '),
      row.service ? `${row.service.running}/${row.service.desired}` : '',
      row.took === 0 ? '' : span(row.took),
      row.outcome,
      row.why,
    ]),
  }
}

/** What an on-call engineer has to know of a service that did not end well, on one screen. */
export function screen(row: Row, cluster: string): Section {
  const { service } = row
  return {
    title: `${row.name} in ${cluster}: ${row.outcome}`,
    columns: ['what', 'seen'],
    rows: [
      ['verdict', row.why],
      ['change', row.change],
      ['serving now', servingNow(row)],
      ...row.causes.map((cause) => ['cause', cause]),
      ...(row.ecsSays ? [['ECS says', row.ecsSays]] : []),
      ...(service?.rollouts ?? []).map((rollout) => ['deployment', rolloutText(rollout)]),
      ...(service?.events ?? []).slice(0, 5).map((event) => ['event', event.message]),
    ],
  }
}

function servingNow({ service, tasks }: Row): string {
  const counts = `${service?.running ?? 0} of ${service?.desired ?? 0} tasks`
  if (!tasks) return `${counts}, ${service?.taskDefinition ?? 'unknown'}`
  const running = tasks.filter((task) => task.status === 'RUNNING')
  return `${tasksOf(running) || 'nothing'} (${counts} by ECS's count)`
}

function rolloutText(rollout: Rollout): string {
  const why = rollout.state === 'FAILED' && rollout.why ? `: ${rollout.why}` : ''
  const failed = rollout.failedTasks > 0 ? `, ${rollout.failedTasks} failed tasks` : ''
  return `${rollout.taskDefinition} ${rollout.state}${failed}${why} (${rollout.id})`
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
    sections: [table(rows), ...momentsTable(reached), ...bad.map((row) => screen(row, cluster))],
    reached,
    ...(bad.length > 0 ? { next: nextOf(bad, cluster) } : {}),
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
  return `${of}; ${first.name}: ${first.why}${more}`
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

function nextOf(bad: readonly Row[], cluster: string): readonly string[] {
  const services = bad.map((row) => row.name)
  const theirs = bad.filter((row) => row.outcome === 'superseded').map((row) => row.name)
  return [
    ...bad.flatMap((row) => row.next),
    ...(theirs.length > 0
      ? [`look who deployed ${theirs.join(', ')}: if that is the fix, close this rollback`]
      : []),
    `look: aws ecs describe-services --cluster ${cluster} --services ${services.join(' ')} --query "services[].[serviceName,deployments,events[:5]]"`,
    'run again: it continues with these services and leaves the others alone',
  ]
}

function rowData(row: Row): Json {
  return {
    service: row.name,
    change: row.change,
    outcome: row.outcome,
    why: row.why,
    milliseconds: row.took,
    running: row.service?.running ?? null,
    desired: row.service?.desired ?? null,
    containers: row.expected.map(({ name, digest }) => ({ name, digest: digest ?? null })),
    causes: row.causes,
  }
}
