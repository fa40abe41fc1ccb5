import { onlyText } from '#chain'
import { iso, type Result, type Run } from '#core'
import {
  beforeId,
  changeDocument,
  type Draft,
  envelope,
  keys,
  openRecord,
  type Pin,
  pinSchema,
  type Record,
  readPoint,
  releaseLease,
  type Store,
  type VerdictState,
} from '#store'
import type { PlanDocument } from './document.ts'
import { claimRollback } from './lease.ts'
import { foundOut } from './moments.ts'

/**
 * Opens the record of a rollback before its first mutation: lease, record, pin, in this order. A second run with the
 * same plan goes on with the same record; a rollback that somebody else does ends `superseded`.
 */
export async function open(run: Run, store: Store, plan: PlanDocument): Promise<Result> {
  if (run.dryRun) {
    return {
      outcome: 'planned',
      headline: `a record of the rollback of ${plan.undone} would be opened`,
    }
  }
  const claimed = await claimRollback(run, store, plan.undone)
  if (claimed.is === 'stopped') return claimed.result
  const before = await readPoint(store, beforeId(plan.undone))
  const draft = draftOf(run, plan, before?.deployment?.verdict)
  const opened = await openRecord(store, claimed.lease, draft)
  if (opened.is === 'other') {
    await releaseLease(store, run.identity.runId)
    return superseded(store, `the rollback ${opened.open} is open`)
  }
  if (plan.operations) await pin(run, store, opened.record)
  return {
    outcome: 'done',
    headline: `${opened.record.id} is ${opened.is}: ${plan.undone} goes back to ${plan.to}`,
    sections: [{ title: 'Record', columns: ['what', 'value'], rows: rowsOf(opened.record) }],
    outputs: { record: opened.record.id, consent: opened.record.consent },
    data: JSON.parse(JSON.stringify(opened.record)),
  }
}

function draftOf(run: Run, plan: PlanDocument, verdict: VerdictState | undefined): Draft {
  const { runId, attempt, runUrl, repository, actor } = run.identity
  const at = iso(run.clock.now())
  const { undone, from, to, profile, planId, consent, reason, trigger, only } = plan
  return {
    ...{ undone, from, to, profile, planId, consent, reason, trigger, repository, actor },
    openedAt: at,
    runs: [{ run: runId, attempt, at, url: runUrl, ...(plan.resumes && { resumes: true }) }],
    ...(only && { only }),
    ...foundOut(verdict, trigger, at),
  }
}

/** Pins the commit, so that no re-run deploys it again. An existing pin is kept, unless it was released: then it failed twice. */
async function pin(run: Run, store: Store, record: Record): Promise<void> {
  if (record.from === '') return
  const document: Pin = {
    kind: 'pin',
    ...envelope(store),
    sha: record.from,
    record: record.id,
    reason: record.reason,
    at: iso(run.clock.now()),
    by: run.identity.actor,
  }
  await changeDocument(
    store,
    keys.pin(store.environment, record.from),
    { schema: pinSchema, first: document },
    (current) => (current.released && current.record !== record.id ? document : undefined),
  )
}

function superseded(store: Store, why: string): Result {
  return {
    outcome: 'superseded',
    headline: `${store.environment} is not rolled back by this run: ${why}; nothing was changed`,
    next: [
      'wait for that run to end and look at what it did, then run again if it is still needed',
    ],
  }
}

const rowsOf = (record: Record): string[][] => [
  ['Taken back', `${record.undone} (commit ${record.from.slice(0, 12)})`],
  ['Back to', record.to],
  ...(record.only ? [['Only', onlyText(record.only)]] : []),
  ['Why', record.reason],
  ['Asked by', `${record.actor} (${record.trigger})`],
  ['Consent to restoring data', record.consent],
]
