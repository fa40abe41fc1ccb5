import { type Json, join, type Outcome, passes, type Result, type Section, span } from '#core'
import { type ExpectedContainer, tasksOf } from './judge.ts'
import type { Ended } from './progress.ts'
import { digest12, isAlive, type LiveService, type LiveTask } from './state.ts'

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
  readonly causes: readonly string[]
  readonly next: readonly string[]
}

/** A row for a service that was not watched. */
export function plainRow(
  service: LiveService,
  row: Pick<Row, 'outcome' | 'why' | 'change'> & { readonly next?: readonly string[] },
): Row {
  const { name } = service
  const { next = [], ...rest } = row
  return { name, ...rest, took: 0, expected: [], service, tasks: undefined, causes: [], next }
}

/** A row for a service that was watched. */
export function endedRow(ended: Ended, change: string): Row {
  return { ...ended, change, next: [] }
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
  const alive = (row.tasks ?? []).filter((task) => isAlive(task))
  const serving = alive.filter((task) => task.status === 'RUNNING')
  const lines = [
    `${row.outcome}: ${row.name} in ${cluster}: ${row.why}`,
    row.change,
    row.tasks
      ? `serving now: ${tasksOf(serving) || 'nothing'} (${service?.running ?? 0} of ${service?.desired ?? 0})`
      : `ECS shows ${service?.running ?? 0} of ${service?.desired ?? 0} tasks, ${service?.taskDefinition ?? ''}`,
    ...row.causes.map((cause) => `cause: ${cause}`),
    ...(service?.rollouts ?? []).map(
      (rollout) =>
        `deployment ${rollout.id} of ${rollout.taskDefinition}: ${rollout.state}, ${rollout.failedTasks} failed tasks${rollout.why ? ` (${rollout.why})` : ''}`,
    ),
    ...(service?.events ?? []).slice(0, 5).map((event) => `event: ${event.message}`),
  ]
  return { title: `${row.name}: ${row.outcome}`, text: lines.join('\n') }
}

const names = (rows: readonly Row[]) => rows.map((row) => row.name).join(',')

/** The outputs that every mode gives. */
export function outputs(rows: readonly Row[], target?: ReadonlyMap<string, string>) {
  const live = rows.flatMap(({ name, service }) =>
    service ? [[name, service.taskDefinition] as const] : [],
  )
  return {
    'services-rolled-back': names(rows.filter((row) => row.outcome === 'done')),
    'services-unchanged': names(rows.filter((row) => row.outcome === 'unchanged')),
    'services-failed': names(rows.filter((row) => !passes(row.outcome))),
    'live-task-definitions': JSON.stringify(Object.fromEntries(live)),
    'bad-tasks-drained': String(rows.every((row) => isDrained(row, target?.get(row.name)))),
  }
}

/** True only when it was looked at, and no task of another task definition is alive. */
function isDrained(row: Row, target: string | undefined): boolean {
  if (target === undefined) return true
  return row.tasks?.every((task) => !isAlive(task) || task.taskDefinition === target) ?? false
}

/** Joins the rows into the result of the action. */
export function resultOf(
  given: {
    readonly cluster: string
    readonly verb: string
    readonly rows: readonly Row[]
    readonly target?: ReadonlyMap<string, string>
  },
  headline: (counts: string) => string,
): Result {
  const { rows, cluster } = given
  const outcome = join(rows.map((row) => row.outcome))
  const bad = rows.filter((row) => !passes(row.outcome))
  return {
    outcome,
    headline: headline(countsOf(rows)),
    sections: [table(rows), ...bad.map((row) => screen(row, cluster))],
    ...(bad.length > 0 ? { next: nextOf(bad, cluster) } : {}),
    outputs: outputs(rows, given.target),
    data: { cluster, verb: given.verb, services: rows.map(rowData) },
  }
}

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
