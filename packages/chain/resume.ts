import type { Life, Verdict } from '#core'
import type { DeploymentState, Record } from '#store'
import { type Decision, decide } from './decide.ts'
import { consented } from './plan.ts'

/** What was left unfinished, and who could still finish it. */
export interface Unfinished {
  readonly state: DeploymentState | undefined
  /** The verdict that `verify-health` wrote into the restore point. */
  readonly stored: Verdict | undefined
  readonly onInconclusive: 'hold' | 'roll-back'
  /** The record that is open. */
  readonly record: LeftRecord | undefined
  /** The other runs that could still act: the record's last or the deployment's, and who holds the lease. */
  readonly runs: readonly { readonly run: string; readonly life: Life }[]
}

/** What a record says about going on with it. */
export interface LeftRecord {
  readonly id: string
  readonly consent: Record['consent']
  /** The verdict over what its last run restored. */
  readonly verdict: Verdict | undefined
  /** How many runs went on with it without being asked. */
  readonly resumes: number
  /** What goes back without consent is back: nothing is left but the data that waits for it. */
  readonly safeIsBack: boolean
}

/** What the scheduled workflow does; `person` is true where somebody has to decide about a record. */
export interface Resumption extends Decision {
  readonly person: boolean
}

/** So often a record is gone on with by itself; what then still fails needs a person. */
const patience = 3

/** Whether anything is unfinished, so that it is worth asking who is alive. */
export const isUnfinished = ({ state, record }: Pick<Unfinished, 'state' | 'record'>): boolean =>
  record !== undefined || state === 'deploying'

/**
 * Decides what the scheduled workflow does: it finishes what ended runs left, as their own rollback jobs would have, and nothing that
 * waits for a person. It never gives consent.
 */
export function decideResume(left: Unfinished): Resumption {
  const { record } = left
  const first = decide({
    ...{ state: left.state, stored: left.stored, given: undefined, asked: false },
    ...{ openRecord: record?.id, onInconclusive: left.onInconclusive },
  })
  const nothing = (why: string): Resumption => ({ ...first, choice: 'nothing', why, person: false })
  if (!isUnfinished(left))
    return nothing(`nothing is unfinished (${left.state ?? 'no deployment'})`)
  const other = left.runs.find(({ life }) => life.is !== 'ended')
  if (other) return nothing(doubtOf(other))
  return record === undefined ? { ...first, person: false } : ofRecord(record, first)
}

function doubtOf({ run, life }: Unfinished['runs'][number]): string {
  return life.is === 'alive'
    ? `run ${run} is alive (${life.status}): it does the work`
    : `whether run ${run} has ended is not known: ${life.is === 'unknown' ? life.why : ''}`
}

function ofRecord(record: LeftRecord, first: Decision): Resumption {
  const waits = (choice: 'nothing' | 'hold', why: string) => ({
    ...first,
    choice,
    why,
    person: true,
  })
  const { id, verdict, resumes } = record
  if (verdict === 'unhealthy')
    return waits(
      'nothing',
      `what ${id} restored is unhealthy: a rollback is never rolled back itself, a person decides`,
    )
  if (!consented(record.consent) && record.safeIsBack)
    return waits('nothing', `${id} waits for a person's consent`)
  if (resumes >= patience)
    return waits(
      'hold',
      `${id} was gone on with ${resumes} times by itself and is not finished: a person decides`,
    )
  return { ...first, person: false }
}
