import { consented, onlyText } from '#chain'
import { InputError, iso, passes, type Result, type Run, type Section } from '#core'
import {
  beforeId,
  changeRecord,
  closeRecord,
  deploymentOf,
  freeEnvironment,
  holderOf,
  leftBehind,
  moveDeployment,
  type Point,
  type Record,
  readEnvironment,
  readPin,
  readPoint,
  readRecord,
  releaseLease,
  type Store,
  waitForHolder,
} from '#store'
import { timeline, timelineChart } from './chart.ts'
import {
  buttonCommand,
  closeCommand,
  resumeScalingCommand,
  type SuspendedScaling,
  scaleCommand,
} from './commands.ts'
import type { PlanDocument } from './document.ts'
import { type Judged, judge } from './judge.ts'
import { claimRollback, heldBy, heldByOther } from './lease.ts'
import { momentsOf } from './moments.ts'
import { durationTable, followUp, recordTable, type Story } from './story.ts'
import { componentTables } from './tables.ts'

/** Ends a run of a rollback: closes the record when it is verified, else leaves it open with the next commands. Releases the lease. */
export async function close(run: Run, store: Store, id: string): Promise<Result> {
  const record = await needRecord(store, id)
  if (record.state === 'closed') return finishClosed(run, store, record)
  const judged = judge(record)
  if (run.dryRun)
    return { outcome: 'planned', headline: `${id} would end ${judged.outcome}: ${judged.why}` }
  const around = await aroundOf(store, record)
  if (judged.outcome === 'superseded') {
    await releaseLease(store, run.identity.runId)
    return standing(store, { record, judged, ...around })
  }
  const claimed = await claimRollback(run, store, record.undone)
  if (claimed.is === 'stopped') return claimed.result
  const kept = await keepMoments(store, record)
  const ended = judged.outcome === 'done' ? await finish(run, store, kept, judged) : kept
  if (judged.outcome !== 'done') await releaseLease(store, run.identity.runId)
  return standing(store, { record: ended, judged, ...around })
}

/** What the summary needs beside the record, read before anything is finished. */
async function aroundOf(store: Store, record: Record): Promise<Omit<Story, 'record' | 'judged'>> {
  const [to, before, pin] = await Promise.all([
    readPoint(store, record.to),
    readPoint(store, beforeId(record.undone)),
    record.from === '' ? undefined : readPin(store, record.from),
  ])
  return { to, before, pin }
}

/** Writes down what the rollback reached; nothing where it says so already. */
async function keepMoments(store: Store, record: Record): Promise<Record> {
  const same = (current: Record) =>
    JSON.stringify(momentsOf(current)) === JSON.stringify(current.moments ?? {})
  if (same(record)) return record
  return changeRecord(store, record.id, (current) =>
    same(current) ? undefined : { ...current, moments: momentsOf(current) },
  )
}

/** Closes a record by hand: a person fixes forward. Needs a reason. */
export async function closeByHand(
  run: Run,
  store: Store,
  id: string,
  reason: string,
): Promise<Result> {
  if ((await readEnvironment(store)).open === id && !(await readRecord(store, id)))
    return forget(run, store, id)
  const record = await needRecord(store, id)
  if (record.state === 'closed') return finishClosed(run, store, record)
  if (run.dryRun) return { outcome: 'planned', headline: `${id} would be closed: ${reason}` }
  const claimed = await claimRollback(run, store, record.undone)
  if (claimed.is === 'stopped') return claimed.result
  const around = await aroundOf(store, record)
  const judged = { outcome: judge(record).outcome, why: reason }
  const ended = await finish(run, store, await keepMoments(store, record), judged)
  return {
    outcome: 'done',
    headline: `${id} is closed by ${run.identity.actor}: ${reason}`,
    sections: sectionsOf({ record: ended, judged, ...around }),
    next: startCommands(store, record, around.to),
    outputs: { record: id },
  }
}

/** The run that opened it was killed before it wrote the record: nothing was changed, and only its name blocks the environment. */
async function forget(run: Run, store: Store, id: string): Promise<Result> {
  const headline = `${id} was announced and never written: nothing was changed under it`
  if (run.dryRun) return { outcome: 'planned', headline: `${headline}; its name would be freed` }
  const claimed = await claimRollback(run, store, deploymentOf(id))
  if (claimed.is === 'stopped') return claimed.result
  await freeEnvironment(store, id)
  await releaseLease(store, run.identity.runId)
  return { outcome: 'done', headline: `${headline}; ${store.environment} is free` }
}

/** How to start by hand what the rollback stopped and did not start: a closed record starts nothing any more. */
function startCommands(store: Store, record: Record, to: Point | undefined): readonly string[] {
  const started = record.parts['ecs-rollback start']
  if (started && passes(started.outcome)) return []
  const cluster = to?.components.ecs?.cluster ?? '<cluster>'
  const { region } = store
  return [
    ...[...stoppedCounts(record)].map(
      ([service, count]) =>
        `${service} was stopped and had ${count} tasks; start it when it may write: ${scaleCommand(region, { cluster, service, count })}`,
    ),
    ...[...suspendedScaling(record)].map(
      ([service, suspended]) =>
        `autoscaling of ${service} is suspended; resume it when the service has its tasks: ${resumeScalingCommand(region, { cluster, service, suspended })}`,
    ),
  ]
}

/** The suspended states that the record's stops found, by service: what a start would have brought back. */
function suspendedScaling({ journal }: Record): ReadonlyMap<string, SuspendedScaling> {
  const found = new Map<string, SuspendedScaling>()
  for (const { component, operation, on, detail } of journal) {
    const { suspended } = (detail ?? {}) as { readonly suspended?: SuspendedScaling }
    if (component === 'ecs' && operation === 'suspend-scaling' && suspended)
      found.set(on, suspended)
  }
  return found
}

/** The desired counts that the record's stops found, by service. */
function stoppedCounts({ journal }: Record): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { component, operation, on, detail } of journal) {
    const count = (detail as { desiredCount?: unknown } | null | undefined)?.desiredCount
    if (component !== 'ecs' || operation !== 'stop' || typeof count !== 'number') continue
    counts.set(on, Math.max(count, counts.get(on) ?? 0))
  }
  return new Map([...counts].filter(([, count]) => count > 0))
}

/** A run that was killed after it closed the record left the environment and the lease for the next one. */
async function finishClosed(run: Run, store: Store, record: Record): Promise<Result> {
  if (!run.dryRun) await tidy(run, store)
  const judged = { outcome: record.outcome ?? 'done', why: record.closedWhy ?? '' }
  const sections = sectionsOf({ record, judged, ...(await aroundOf(store, record)) })
  return { ...alreadyClosed(record), sections }
}

async function tidy(run: Run, store: Store): Promise<void> {
  const left = await leftBehind(store)
  if (left === undefined) return
  const claimed = await claimRollback(run, store, deploymentOf(left))
  if (claimed.is === 'stopped') return
  await freeEnvironment(store, left)
  await releaseLease(store, run.identity.runId)
}

const alreadyClosed = (record: Record): Result => ({
  outcome: 'unchanged',
  headline: `${record.id} was closed at ${record.closedAt ?? ''} by ${record.closedBy ?? ''}: ${record.closedWhy ?? ''}`,
  outputs: { record: record.id },
})

async function needRecord(store: Store, id: string): Promise<Record> {
  const record = await readRecord(store, id)
  if (!record) throw new InputError([`record: there is no record ${id}`])
  return record
}

async function finish(run: Run, store: Store, record: Record, end: Judged): Promise<Record> {
  const at = iso(run.clock.now())
  if (await readPoint(store, beforeId(record.undone))) {
    await moveDeployment(store, beforeId(record.undone), {
      state: 'rolled-back',
      why: record.only === undefined ? end.why : `only ${onlyText(record.only)}: ${end.why}`,
      at,
      run: run.identity.runId,
    })
  }
  const closed = await closeRecord(store, record.id, {
    outcome: end.outcome,
    closedAt: at,
    closedBy: run.identity.actor,
    closedWhy: end.why,
  })
  await releaseLease(store, run.identity.runId)
  return closed
}

function standing(store: Store, story: Story): Result {
  const { record, judged } = story
  const what = record.only ? `${onlyText(record.only)} of ${store.environment}` : store.environment
  const headlines: { readonly [outcome: string]: string } = {
    done: `${what} is back at ${record.to} and healthy`,
    partial: `${store.environment} is only partly back: ${judged.why}`,
    unhealthy: `${store.environment} is back at ${record.to} and still unhealthy: ${judged.why}; it is not rolled back further`,
  }
  return {
    outcome: judged.outcome,
    headline:
      headlines[judged.outcome] ??
      `${store.environment}: the rollback ended ${judged.outcome}: ${judged.why}`,
    sections: sectionsOf(story),
    next: passes(judged.outcome) ? [] : nextCommands(store, record),
    outputs: { record: record.id },
    data: JSON.parse(JSON.stringify(record)),
  }
}

/** How a person goes on with an open record: retry or consent, close, another destination. */
export function nextCommands(store: Store, record: Record): readonly string[] {
  const { environment } = store
  const close = closeCommand(environment, record.id)
  return [
    onward(environment, record),
    `fix forward: ${close}`,
    `another destination, when that has closed it: ${buttonCommand(environment, { to: '<restore point id>' })}`,
  ]
}

function onward(environment: string, record: Record): string {
  if (consented(record.consent)) return `try again: ${buttonCommand(environment, {})}`
  const consent = buttonCommand(environment, { consent: record.planId })
  return record.consent === 'never'
    ? `let the data go back after all (${lostBy(record)} are lost): set data-restore: ask in the configuration, then ${consent}`
    : `consent to losing ${lostBy(record)}: ${consent}`
}

const lostBy = ({ profile }: Record) =>
  profile === 'B'
    ? 'what was written into dropped columns and tables since'
    : 'the writes since the snapshot'

/** The whole summary of a rollback: the record first, the chart, each component, and every change for those who read a log. */
export const sectionsOf = (story: Story): readonly Section[] => [
  recordTable(story),
  durationTable(story),
  followUp(story),
  timelineChart(story.record),
  { title: 'Parts', columns: ['part', 'outcome', 'what'], rows: partRows(story.record) },
  ...componentTables(story),
  timeline(story.record),
]

const partRows = (record: Record) =>
  Object.entries(record.parts).map(([name, part]) => [name, part.outcome, part.headline])

/** Ends a run without a rollback: holds or abandons the deployment and gives the lease back. */
export async function closeWithout(run: Run, store: Store, plan: PlanDocument): Promise<Result> {
  const held = plan.choice === 'hold' || plan.choice === 'refused'
  if (run.dryRun) return { outcome: 'planned', headline: plan.why }
  await tidy(run, store)
  const id = beforeId(plan.undone)
  const point = plan.undone === '' ? undefined : await readPoint(store, id)
  const state = point?.deployment?.state
  const open = state === 'captured' || state === 'deploying' || state === 'held'
  if (open && plan.choice !== 'verify' && plan.record === undefined) {
    const other = await heldByOther(run, store)
    if (other) return alive(store, other)
    await moveDeployment(store, id, {
      state: held ? 'held' : 'abandoned',
      why: plan.why,
      at: iso(run.clock.now()),
      run: run.identity.runId,
    })
  }
  if (plan.choice !== 'verify') await releaseLease(store, run.identity.runId)
  return {
    // The scheduled workflow looks every ten minutes: it is not red for as long as a person has to decide.
    outcome: held && !plan.resumes ? 'inconclusive' : 'unchanged',
    headline: `${store.environment}: nothing was rolled back: ${plan.why}`,
    next: plan.record
      ? [`the rollback ${plan.record} is still open: the plan above says how it goes on`]
      : held
        ? [
            `roll back: ${buttonCommand(store.environment, {})}`,
            'or fix forward: deploy a commit with the fix; this deployment is held, nothing happens by itself',
          ]
        : [],
  }
}

/** The button says nothing about a deployment that is alive (P10). */
const alive = (store: Store, { lease, life }: NonNullable<Somebody>): Result => ({
  outcome: 'refused',
  headline: `${store.environment} is being changed by ${holderOf(lease)}: nothing is decided about it meanwhile; nothing was changed`,
  next: [waitForHolder(lease, life)],
})
type Somebody = Awaited<ReturnType<typeof heldByOther>>

/**
 * Ends a run whose record could not be opened: the deployment stays as it is, so that a repeat decides the same again. Where another
 * rollback holds the lease it is that one's work.
 */
export async function closeUnopened(run: Run, store: Store): Promise<Result> {
  const other = await heldByOther(run, store)
  if (other?.lease.owner === 'rollback') return heldBy(store, other)
  if (!run.dryRun) await releaseLease(store, run.identity.runId)
  return {
    outcome: 'refused',
    headline: `${store.environment} is not rolled back: the record could not be opened; nothing was changed`,
    next: [
      'mend what the step that opens the record says, then re-run this job',
      `or press the button: ${buttonCommand(store.environment, {})}`,
    ],
  }
}
