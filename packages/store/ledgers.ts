import type { LedgerState, PendingMigration, Point } from './documents.ts'

/**
 * What is in one ledger of migrations and not in the other, by version: as sets, because "the last n" undoes the wrong ones when one came
 * late or none came at all.
 */
export function compareLedgers(before: readonly string[], now: readonly string[]) {
  const [was, is] = [new Set(before), new Set(now)]
  return {
    added: now.filter((version) => !was.has(version)),
    removed: before.filter((version) => !is.has(version)),
  }
}

/** What is known of a migration without its file. */
export type JudgedMigration = Pick<PendingMigration, 'version' | 'additive' | 'why' | 'undo'>

/** How a migration was judged when the release that brought it was captured; one that nobody saw is taken for breaking. */
export function judgedMigration(
  version: string,
  ledgers: readonly (LedgerState | undefined)[],
): JudgedMigration {
  const known = ledgers
    .flatMap((ledger) => ledger?.pending ?? [])
    .find((file) => file.version === version)
  const why = 'its file was not in the release that was captured'
  return known ?? { version, additive: false, why, undo: { is: 'impossible', why } }
}

/** A migration that older code may not live with. */
export interface BreakingMigration {
  readonly version: string
  readonly why: string
  /** False: a deployment that began would have applied it, and nobody looked since. */
  readonly sure: boolean
}

/**
 * The migrations by which the schema is ahead of a point and that are more than additions, as far as the later points tell; the
 * database itself is not asked. `points` may hold any others.
 */
export function migrationsAhead(
  point: Point,
  points: readonly Point[],
): readonly BreakingMigration[] {
  const was = point.components.migrations
  if (was === undefined) return []
  const known = [point, ...points.filter((one) => isLater(one, point))]
    .filter(({ components }) => components.migrations !== undefined)
    .sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt))
  const [newest = point] = known
  const now = newest.components.migrations ?? was
  const ledgers = [point, ...known, ...points].map(({ components }) => components.migrations)
  const { added, removed } = compareLedgers(was.applied, now.applied)
  const maybe = mayHaveBegun(newest)
    ? now.pending.map(({ version }) => version).filter((one) => !now.applied.includes(one))
    : []
  const breaking = (versions: readonly string[], sure: boolean) =>
    versions
      .map((version) => judgedMigration(version, ledgers))
      .filter(({ additive }) => !additive)
      .map(({ version, why }) => ({ version, why, sure }))
  return [
    ...removed.map((version) => ({ version, why: 'it disappeared from the ledger', sure: true })),
    ...breaking(added, true),
    ...breaking(maybe, false),
  ]
}

const isLater = (one: Point, point: Point) => Date.parse(one.takenAt) > Date.parse(point.takenAt)

const mayHaveBegun = ({ deployment }: Point) =>
  ['deploying', 'held', 'verified'].includes(deployment?.state ?? '')
