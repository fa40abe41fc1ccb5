import { messageOf } from '#core'
import type { Database, Query } from '#sql'
import type { Step } from './back-plan.ts'
import { type Loss, text } from './effects.ts'
import { quotePart } from './ledger.ts'

/** What a step is known to lose. */
export const lossesIn = (step: Step): readonly Loss[] =>
  step.run === 'down' ? step.down.undo.losses : (step.reviewed.losses ?? [])

/** Above this many rows a column is not counted: the statistics must do. */
const countable = 1_000_000

/** One loss: in words, and as a number where the rows were counted and not estimated. */
export interface Estimate {
  readonly name: string
  readonly words: string
  readonly rows?: number
}

/** What is lost, in words with numbers. A number that cannot be had is no reason to stop: it is only said. */
export async function estimate(
  database: Database,
  losses: readonly Loss[],
): Promise<readonly Estimate[]> {
  const told: Estimate[] = []
  for (const loss of losses) {
    const name = text([...loss.table, ...(loss.column === undefined ? [] : [loss.column])])
    const found = await database
      .read((query) => numbersOf(query, loss))
      .catch((thrown: unknown) => ({
        words: `its rows could not be estimated: ${messageOf(thrown)}`,
      }))
    told.push({ name, ...found })
  }
  return told
}

async function numbersOf(query: Query, { table, column }: Loss): Promise<Omit<Estimate, 'name'>> {
  const name = table.map(quotePart).join('.')
  const [found] = await query(
    `select greatest(c.reltuples, 0)::bigint::text as rows, coalesce(pg_stat_get_tuples_inserted(c.oid), 0)::text as inserted
     from pg_class c where c.oid = to_regclass($1)`,
    [name],
  )
  if (found === undefined) return { words: 'it is not there' }
  const inserted = `${found.inserted} inserted since statistics began`
  if (column !== undefined && Number(found.rows) > countable) {
    return { words: `values in up to about ${found.rows} rows, ${inserted}` }
  }
  const counted = column === undefined ? '*' : quotePart(column)
  if (Number(found.rows) > countable) return { words: `about ${found.rows} rows, ${inserted}` }
  const [counts] = await query(`select count(${counted})::text as n from ${name}`)
  const words = `${counts?.n} ${column === undefined ? 'rows' : 'rows with a value'}, ${inserted}`
  return { words, rows: Number(counts?.n) }
}
