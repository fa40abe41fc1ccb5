import { decideResume, isUnfinished, type LeftRecord, partNames, type Resumption } from '#chain'
import { passes, type Result, type Run } from '#core'
import { type Lease, type Record, readLease, type Store } from '#store'
import { nextCommands } from './close.ts'
import type { Known } from './evidence.ts'
import type { PlanSettings } from './settings.ts'

/** Decides for the scheduled workflow, from the store and from what GitHub says of the runs that could still act. */
export async function decideLeft(
  run: Run,
  store: Store,
  { known, settings }: { readonly known: Known; readonly settings: PlanSettings },
): Promise<Resumption> {
  const { before, record } = known
  const left = {
    state: before?.deployment?.state,
    stored: before?.deployment?.verdict?.verdict,
    onInconclusive: settings.onInconclusive,
    record: record && leftRecord(record, settings),
  }
  const runs = isUnfinished(left)
    ? await livesOf(run, concerned(known, await readLease(store)))
    : []
  return decideResume({ ...left, runs })
}

function leftRecord(record: Record, settings: PlanSettings): LeftRecord {
  const { id, consent, verdict, runs } = record
  const last = runs.at(-1)
  const isOfLast = verdict !== undefined && Date.parse(verdict.at) >= Date.parse(last?.at ?? '')
  return {
    ...{ id, consent, verdict: isOfLast ? verdict.verdict : undefined },
    resumes: runs.filter(({ resumes }) => resumes).length,
    safeIsBack: safeIsBack(record, settings),
  }
}

/** Without consent the services go back behind their stopped writers, unless everything is left running. */
function safeIsBack({ parts }: Record, { whileWaiting, services }: PlanSettings): boolean {
  const code = parts[partNames.code]
  return (
    whileWaiting === 'running' ||
    services === undefined ||
    (code !== undefined && passes(code.outcome))
  )
}

/** The runs that could still act: each in its latest attempt, because a repeat goes on where the first one stopped. */
function concerned({ before, record }: Known, lease: Lease | undefined): readonly string[] {
  const holder = lease === undefined || lease.owner === 'nobody' ? [] : [lease.run]
  const own = record?.runs.at(-1)?.run ?? before?.run
  return [...new Set([...(own === undefined ? [] : [own]), ...holder])]
}

const livesOf = (run: Run, others: readonly string[]) =>
  Promise.all(
    others
      .filter((other) => other !== run.identity.runId)
      .map(async (other) => ({ run: other, life: await run.lifeOf({ run: other }) })),
  )

/**
 * How the scheduled workflow ends when it leaves everything as it is: there is nothing to do, or a person decides about the record. One
 * line every ten minutes, and commands only where a person is waited for. Without a plan no other step runs.
 */
export function leftAsItIs(
  store: Store,
  { record }: Known,
  { choice, why, person }: Resumption,
): Result | undefined {
  const waits = choice === 'nothing' || (choice === 'hold' && record !== undefined)
  if (!waits) return undefined
  return {
    outcome: 'unchanged',
    headline: `${store.environment}: ${why}`,
    next: record && person ? nextCommands(store, record) : [],
    outputs: { decision: choice },
  }
}
