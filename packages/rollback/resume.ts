import { type Decision, decideResume, isUnfinished, type LeftRecord, type Unfinished } from '#chain'
import type { Result, Run } from '#core'
import { type Lease, type Record, readLease, type Store } from '#store'
import { nextCommands } from './close.ts'
import type { Known } from './evidence.ts'

/** Decides for the scheduled workflow, from the store and from what GitHub says of the runs that could still act. */
export async function decideLeft(
  run: Run,
  store: Store,
  { known, onInconclusive }: { readonly known: Known } & Pick<Unfinished, 'onInconclusive'>,
): Promise<Decision> {
  const { before, record } = known
  const lease = await readLease(store)
  const left = {
    state: before?.deployment?.state,
    stored: before?.deployment?.verdict?.verdict,
    onInconclusive,
    record: record && leftRecord(record, lease),
  }
  const runs = isUnfinished(left) ? await livesOf(run, concerned(known, lease)) : []
  return decideResume({ ...left, runs })
}

function leftRecord(record: Record, lease: Lease | undefined): LeftRecord {
  const { id, consent, verdict, runs } = record
  const last = runs.at(-1)
  const isOfLast = verdict !== undefined && Date.parse(verdict.at) >= Date.parse(last?.at ?? '')
  return {
    ...{ id, consent, verdict: isOfLast ? verdict.verdict : undefined },
    resumes: runs.filter(({ resumes }) => resumes).length,
    killed: lease?.owner === 'rollback' && lease.run === last?.run,
  }
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
  { choice, why }: Decision,
): Result | undefined {
  const waits = choice === 'nothing' || (choice === 'hold' && record !== undefined)
  if (!waits) return undefined
  return {
    outcome: 'unchanged',
    headline: `${store.environment}: ${why}`,
    next: record ? nextCommands(store, record) : [],
    outputs: { decision: choice },
  }
}
