import { InputError, type Journal, type Result, type Run } from '#core'
import {
  beforeId,
  deploymentId,
  holderOf,
  isRecordId,
  type Lease,
  leftBehind,
  type Point,
  pointJournal,
  readEnvironment,
  readPoint,
  readRecord,
  recordJournal,
  type Store,
  type Taken,
  takeLease,
  waitForHolder,
} from '#store'

/**
 * Where an action's mutations are written down: a rollback's record, the record only if the input names one, a
 * deployment's restore point, or nowhere.
 */
export type JournalKind = 'record' | 'named-record' | 'deployment' | 'none'

/** A record under the lease that allows to write into it. */
export interface HeldRecord {
  readonly id: string
  readonly lease: Lease
}

export type Attached =
  | { readonly is: 'attached'; readonly journal: Journal; readonly record?: HeldRecord }
  | { readonly is: 'stopped'; readonly result: Result }

/** Takes the lease and opens the journal that an action needs before its first mutation. */
export async function attach(
  run: Run,
  store: Store | undefined,
  wanted: { readonly kind: JournalKind; readonly record: string | undefined },
): Promise<Attached> {
  const plain: Attached = { is: 'attached', journal: run.journal }
  if (wanted.record !== undefined && store === undefined) {
    throw new InputError([
      'record: a record lies in a store: give the input environment, and store or a configuration file',
    ])
  }
  const unnamed = wanted.kind === 'named-record' && wanted.record === undefined
  if (wanted.kind === 'none' || unnamed) return plain
  if (store === undefined) {
    run.report.info('No store is named: this action runs without lease and record.')
    return plain
  }
  if (wanted.kind === 'deployment') return attachPoint(run, store)
  return attachRecord(run, store, wanted.record)
}

async function attachPoint(run: Run, store: Store): Promise<Attached> {
  if (run.dryRun) return { is: 'attached', journal: run.journal }
  const deployment = deploymentId(store.environment, run.identity.runId)
  const point = await readPoint(store, beforeId(deployment))
  if (!point) {
    return stopped({
      outcome: 'refused',
      headline: `there is no restore point ${beforeId(deployment)}; nothing was changed`,
      next: ['run the action restore-point (mode capture) in this job before this step'],
    })
  }
  const over = await isOver(store, point)
  if (over) return stopped(over)
  const taken = await claim(run, store, 'deployment', deployment)
  if (taken.is === 'taken') return stopped(heldBy(store, taken, 'refused'))
  return { is: 'attached', journal: pointJournal(pen(run, store, taken.lease), point) }
}

/** A deployment that was decided about while its steps still ran changes nothing more: what it did is being undone, or was. */
async function isOver(store: Store, { id, deployment }: Point): Promise<Result | undefined> {
  const { open } = await readEnvironment(store)
  const rollback = open !== undefined && open !== (await leftBehind(store)) ? open : undefined
  const state = deployment?.state
  if (rollback === undefined && (state === 'captured' || state === 'deploying')) return undefined
  const name = id.replace(/\/before$/, '')
  const why = rollback ? `the rollback ${rollback} is open` : `it was ${state ?? 'never begun'}`
  return {
    outcome: 'refused',
    headline: `the deployment ${name} goes no further: ${why}; nothing was changed`,
    next: [rollback ? `finish or close ${rollback} first` : 'start a new run to deploy again'],
  }
}

async function attachRecord(run: Run, store: Store, id: string | undefined): Promise<Attached> {
  if (id === undefined) {
    if (run.dryRun) return { is: 'attached', journal: run.journal }
    return stopped({
      outcome: 'refused',
      headline: `${store.environment} keeps records: a rollback without one is not started; nothing was changed`,
      next: [
        'open one with the action rollback-report (mode open) and pass its output record,',
        'or leave out environment and store to act on this component alone, without lease and record',
      ],
    })
  }
  if (!isRecordId(id))
    throw new InputError([`record: expected <environment>/<run id>/rollback-<n>`])
  const record = await readRecord(store, id)
  if (!record) throw new InputError([`record: there is no record ${id}`])
  if (record.state === 'closed') {
    return stopped({
      outcome: 'refused',
      headline: `the record ${id} is closed (${record.outcome ?? 'by a person'}); nothing was changed`,
      next: ['open a new record with the action rollback-report (mode open)'],
    })
  }
  if (run.dryRun) return { is: 'attached', journal: run.journal }
  const taken = await claim(run, store, 'rollback', record.undone)
  if (taken.is === 'taken') return stopped(heldBy(store, taken, 'superseded'))
  return {
    is: 'attached',
    journal: recordJournal(pen(run, store, taken.lease), record),
    record: { id, lease: taken.lease },
  }
}

const claim = (run: Run, store: Store, owner: 'deployment' | 'rollback', deployment: string) =>
  takeLease(
    store,
    { owner, deployment, run: run.identity.runId, attempt: run.identity.attempt },
    run,
  )

const pen = (run: Run, store: Store, lease: Parameters<typeof recordJournal>[0]['lease']) => ({
  store,
  lease,
  clock: run.clock,
  run: run.identity.runId,
})

const stopped = (result: Result): Attached => ({ is: 'stopped', result })

/** One actor per environment (P10). */
function heldBy(
  store: Store,
  { lease, life }: Extract<Taken, { is: 'taken' }>,
  outcome: 'refused' | 'superseded',
): Result {
  return {
    outcome,
    headline: `${store.environment} is being changed by ${holderOf(lease)}; nothing was changed`,
    next: [waitForHolder(lease, life)],
  }
}
