import type { Run } from '#core'
import {
  type BreakingMigration,
  migrationsAhead,
  newestPoints,
  type Point,
  type Record,
  readRecord,
  type Store,
} from '#store'
import type { Finding } from './finding.ts'

/** A service and the restore point that its target is taken from, where one says so. */
export interface FromPoint {
  readonly service: string
  readonly point: Point | undefined
}

/**
 * Whether the code of a target can live with the schema as it is, as far as the store tells; the database is not asked. A record is
 * opened by a plan that has read the ledger: it decides, and what is left to say is that its own step for the schema has
 * not begun.
 */
export async function inspectSchema(
  run: Run,
  store: Store | undefined,
  given: { readonly record: string | undefined; readonly targets: readonly FromPoint[] },
): Promise<readonly Finding[]> {
  if (store === undefined) return []
  const { targets } = given
  if (given.record !== undefined) {
    const record = await readRecord(store, given.record)
    return record ? ofRecord(run, record, targets) : []
  }
  const points = new Map(
    targets.flatMap(({ point }) => (point ? [[point.id, point] as const] : [])),
  )
  const some = [...points.values()].some(({ components }) => components.migrations !== undefined)
  if (!some) return []
  const all = await newestPoints(store)
  return [...points.values()].flatMap((point) => {
    const services = targets.filter((one) => one.point?.id === point.id)
    return schemaFindings(
      services.map(({ service }) => service),
      point.id,
      migrationsAhead(point, all),
    )
  })
}

/** What is said of migrations that a target's code does not know. */
function schemaFindings(
  services: readonly string[],
  point: string,
  ahead: readonly BreakingMigration[],
): readonly Finding[] {
  const of = (is: Finding['is'], some: readonly BreakingMigration[], verb: string): Finding[] => {
    const what = some.map(({ version, why }) => `${version} (${why})`).join(', ')
    const why = `since ${point} these migrations ${verb} applied, which its code may not live with: ${what}`
    return some.length === 0
      ? []
      : [{ service: services.join(', '), is, what: 'schema', why, next }]
  }
  const [sure, unsure] = [ahead.filter((one) => one.sure), ahead.filter((one) => !one.sure)]
  return [...of('obstacle', sure, 'were'), ...of('doubt', unsure, 'may have been')]
}

const next =
  'let code and schema go back together: the Rollback button (rollback.yml) plans it from the ledger, by migration-revert or rds-snapshot-guard (mode restore); or deploy a fix that knows the schema'

/** Where data goes back, the schema's own step writes itself down before it sends anything (P8). */
function ofRecord(
  run: Run,
  { id, profile, consent }: Record,
  targets: readonly FromPoint[],
): readonly Finding[] {
  const component = profile === 'B' ? 'migrations' : profile === 'C' ? 'rds' : undefined
  const waits = consent === 'missing' || consent === 'never'
  const begun = run.journal.entries().some((entry) => entry.component === component)
  if (component === undefined || waits || begun || run.dryRun || targets.length === 0) return []
  const step = profile === 'B' ? 'migration-revert' : 'rds-snapshot-guard (mode restore)'
  return [
    {
      service: targets.map(({ service }) => service).join(', '),
      is: 'doubt',
      what: 'schema',
      why: `${id} takes the schema back before the code, and nothing of that is written in it yet`,
      next: `run ${step} with this record first, unless the schema is back already`,
    },
  ]
}
