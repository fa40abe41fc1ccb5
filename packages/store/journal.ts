import { type Clock, type Entry, iso, type Journal, type Report, type Written } from '#core'
import type { Lease, Point, Record } from './documents.ts'
import { compareLease, renewLease } from './lease.ts'
import { changePoint, changeRecord, type Store } from './store.ts'

const beatEvery = 60_000

/** What a journal in the store needs beside the document it writes to. */
export interface Pen {
  readonly store: Store
  readonly lease: Lease
  readonly clock: Clock
  readonly run: string
}

/** The journal of a rollback: its record. */
export function recordJournal(pen: Pen, record: Record): Journal {
  return journalOf(pen, record.journal as readonly Written[], async (written) => {
    await changeRecord(pen.store, record.id, (current) => ({
      ...current,
      journal: [...current.journal, ...asDocument(written)],
    }))
  })
}

/** The journal of a deployment: its restore point. */
export function pointJournal(pen: Pen, point: Point): Journal {
  const before = (point.deployment?.journal ?? []) as readonly Written[]
  return journalOf(pen, before, async (written) => {
    await changePoint(pen.store, point.id, (current) =>
      current.deployment === undefined
        ? undefined
        : {
            ...current,
            deployment: {
              ...current.deployment,
              journal: [...current.deployment.journal, ...asDocument(written)],
            },
          },
    )
  })
}

const asDocument = (written: readonly Written[]) => written as unknown as Record['journal']

/** Without a store: nothing is recorded and no lease is held; the caller says so once. */
export function noJournal(clock: Clock, report: Report, run: string): Journal {
  const entries: Written[] = []
  return {
    entries: () => entries,
    intend: async (planned) => {
      for (const entry of planned) {
        report.info(`${entry.component}: ${entry.operation} ${entry.on}`)
        entries.push({ ...entry, at: iso(clock.now()), run })
      }
    },
    beat: async () => {},
  }
}

function journalOf(
  pen: Pen,
  before: readonly Written[],
  append: (written: Written[]) => Promise<void>,
): Journal {
  let entries = before
  let { lease } = pen
  let renewed = pen.clock.now()
  let turn: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  const prove = async () => {
    if (pen.clock.now() - renewed < beatEvery) return compareLease(pen.store, lease)
    lease = await renewLease(pen.store, lease)
    renewed = pen.clock.now()
  }

  const intend = async (planned: readonly Entry[]) => {
    if (planned.length === 0) return
    await prove()
    const written = planned.map((entry) => ({ ...entry, at: iso(pen.clock.now()), run: pen.run }))
    await append(written)
    entries = [...entries, ...written]
  }

  return {
    entries: () => entries,
    intend: (planned) => inTurn(() => intend(planned)),
    beat: () =>
      inTurn(async () => {
        if (pen.clock.now() - renewed >= beatEvery) await prove()
      }),
  }
}
