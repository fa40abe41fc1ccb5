import { consented } from '#chain'
import { InputError, iso, passes, type Result, type Run } from '#core'
import {
  beforeId,
  closeRecord,
  deploymentOf,
  freeEnvironment,
  leftBehind,
  moveDeployment,
  type Record,
  readLease,
  readPoint,
  readRecord,
  releaseLease,
  type Store,
} from '#store'
import { buttonCommand, closeCommand } from './commands.ts'
import type { PlanDocument } from './document.ts'
import { type Judged, judge } from './judge.ts'
import { claimRollback } from './lease.ts'

/** Ends a run of a rollback: closes the record when it is verified, else leaves it open with the next commands. Releases the lease. */
export async function close(run: Run, store: Store, id: string): Promise<Result> {
  const record = await needRecord(store, id)
  if (record.state === 'closed') return finishClosed(run, store, record)
  const judged = judge(record)
  if (run.dryRun)
    return { outcome: 'planned', headline: `${id} would end ${judged.outcome}: ${judged.why}` }
  if (judged.outcome === 'superseded') return standing(store, record, judged)
  const claimed = await claimRollback(run, store, record.undone)
  if (claimed.is === 'stopped') return claimed.result
  if (judged.outcome === 'done') await finish(run, store, record, judged)
  else await releaseLease(store, run.identity.runId)
  return standing(store, record, judged)
}

/** Closes a record by hand: a person fixes forward. Needs a reason. */
export async function closeByHand(
  run: Run,
  store: Store,
  id: string,
  reason: string,
): Promise<Result> {
  const record = await needRecord(store, id)
  if (record.state === 'closed') return finishClosed(run, store, record)
  if (run.dryRun) return { outcome: 'planned', headline: `${id} would be closed: ${reason}` }
  const claimed = await claimRollback(run, store, record.undone)
  if (claimed.is === 'stopped') return claimed.result
  await finish(run, store, record, { outcome: judge(record).outcome, why: reason })
  const stopped = 'ecs-rollback stop' in record.parts && !('ecs-rollback start' in record.parts)
  return {
    outcome: 'done',
    headline: `${id} is closed by ${run.identity.actor}: ${reason}`,
    sections: [{ title: 'Parts', columns: ['part', 'outcome', 'what'], rows: partRows(record) }],
    next: stopped
      ? [
          'the writers are stopped: the next deployment must set their desired counts, or set them by hand',
        ]
      : [],
    outputs: { record: id },
  }
}

/** A run that was killed after it closed the record left the environment and the lease for the next one. */
async function finishClosed(run: Run, store: Store, record: Record): Promise<Result> {
  if (!run.dryRun) await tidy(run, store)
  return alreadyClosed(record)
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

async function finish(run: Run, store: Store, record: Record, end: Judged): Promise<void> {
  const at = iso(run.clock.now())
  if (await readPoint(store, beforeId(record.undone))) {
    await moveDeployment(store, beforeId(record.undone), {
      state: 'rolled-back',
      why: end.why,
      at,
      run: run.identity.runId,
    })
  }
  await closeRecord(store, record.id, {
    outcome: end.outcome,
    closedAt: at,
    closedBy: run.identity.actor,
    closedWhy: end.why,
  })
  await releaseLease(store, run.identity.runId)
}

function standing(store: Store, record: Record, judged: Judged): Result {
  const headlines: { readonly [outcome: string]: string } = {
    done: `${store.environment} is back at ${record.to} and healthy`,
    partial: `${store.environment} is only partly back: ${judged.why}`,
    unhealthy: `${store.environment} is back at ${record.to} and still unhealthy: ${judged.why}; it is not rolled back further`,
  }
  return {
    outcome: judged.outcome,
    headline:
      headlines[judged.outcome] ??
      `${store.environment}: the rollback ended ${judged.outcome}: ${judged.why}`,
    sections: [
      { title: 'Parts', columns: ['part', 'outcome', 'what'], rows: partRows(record) },
      { title: 'Timeline', columns: ['at', 'what'], rows: timeline(record) },
    ],
    next: passes(judged.outcome) ? [] : nextCommands(store, record),
    outputs: { record: record.id },
    data: JSON.parse(JSON.stringify(record)),
  }
}

function nextCommands(store: Store, record: Record): readonly string[] {
  const waits = record.profile === 'C' && !consented(record.consent)
  const { environment } = store
  return [
    waits
      ? `consent to restoring the data (writes since the snapshot are lost): ${buttonCommand(environment, { consent: record.planId })}`
      : `try again: ${buttonCommand(environment, {})}`,
    `another destination: ${buttonCommand(environment, { to: '<restore point id>' })}`,
    `fix forward: ${closeCommand(environment, record.id)}`,
  ]
}

const partRows = (record: Record) =>
  Object.entries(record.parts).map(([name, part]) => [name, part.outcome, part.headline])

const timeline = (record: Record): string[][] => [
  [record.openedAt, `record opened: ${record.reason}`],
  ...record.journal.map((entry) => [
    entry.at,
    `${entry.component}: ${entry.operation} ${entry.on}`,
  ]),
  ...(record.verdict
    ? [[record.verdict.at, `verdict: ${record.verdict.verdict}: ${record.verdict.why}`]]
    : []),
]

/** Ends a run without a rollback: holds or abandons the deployment and gives the lease back. */
export async function closeWithout(run: Run, store: Store, plan: PlanDocument): Promise<Result> {
  const held = plan.choice === 'hold' || plan.choice === 'refused'
  if (run.dryRun) return { outcome: 'planned', headline: plan.why }
  await tidy(run, store)
  const id = beforeId(plan.undone)
  const point = plan.undone === '' ? undefined : await readPoint(store, id)
  const state = point?.deployment?.state
  const open = state === 'captured' || state === 'deploying' || state === 'held'
  if (open && plan.choice !== 'verify' && !(await heldByOther(run, store))) {
    await moveDeployment(store, id, {
      state: held ? 'held' : 'abandoned',
      why: plan.why,
      at: iso(run.clock.now()),
      run: run.identity.runId,
    })
  }
  if (plan.choice !== 'verify') await releaseLease(store, run.identity.runId)
  return {
    outcome: held ? 'inconclusive' : 'unchanged',
    headline: `${store.environment}: nothing was rolled back: ${plan.why}`,
    next: held
      ? [
          `roll back: ${buttonCommand(store.environment, {})}`,
          'or fix forward: deploy a commit with the fix; this deployment is held, nothing happens by itself',
        ]
      : [],
  }
}

/** Whether somebody else changes the environment now: the button says nothing about a deployment that is alive (P10). */
async function heldByOther(run: Run, store: Store): Promise<boolean> {
  const lease = await readLease(store)
  if (lease === undefined || lease.owner === 'nobody' || lease.run === run.identity.runId)
    return false
  return Date.parse(lease.until) >= store.objects.serverTime()
}

/** Ends a run whose record could not be opened: the deployment stays as it is, so that a repeat decides the same again. */
export async function closeUnopened(run: Run, store: Store): Promise<Result> {
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
