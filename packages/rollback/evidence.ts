import { createHash } from 'node:crypto'
import { isDenied } from '#aws'
import { chooseProfile, type LedgerNow, type Parts, type ProfileChoice, subjectText } from '#chain'
import { type Capture, messageOf, type Run, until } from '#core'
import type { Captures } from '#points'
import {
  beforeId,
  type Components,
  type Destination,
  deploymentOf,
  findDestination,
  isNewer,
  leftBehind,
  listPoints,
  type Point,
  type Record,
  readEnvironment,
  readPoint,
  readRecord,
  type Store,
} from '#store'
import { type Comparisons, compareAll, type Difference } from './compare.ts'

/** What the store says of the deployment in question. */
export interface Known {
  readonly undone: string
  readonly before: Point | undefined
  readonly record: Record | undefined
  /** A newer deployment than this run's own: what it brought is not ours to undo (P14). */
  readonly newer: string | undefined
}

/**
 * Finds the deployment that is in question: this run's own with its open record; when a person asks, that of any open
 * record, else the environment's newest.
 */
export async function findDeployment(run: Run, store: Store, asked: boolean): Promise<Known> {
  const environment = await readEnvironment(store)
  const own = `${store.environment}/${run.identity.runId}`
  const open = environment.open === (await leftBehind(store)) ? undefined : environment.open
  const ours = open !== undefined && (asked || deploymentOf(open) === own)
  const record = ours ? await readRecord(store, open) : undefined
  const undone = record?.undone ?? (asked ? await standing(store, environment.latest) : own)
  const before = undone === '' ? undefined : await readPoint(store, beforeId(undone))
  const newer = await newerThan(store, before, environment.latest)
  return { undone, before, record, newer }
}

/** The newest deployment that changed something: an abandoned one brought nothing that could be taken back. */
async function standing(store: Store, latest: string | undefined): Promise<string> {
  const newest = latest === undefined ? undefined : await readPoint(store, beforeId(latest))
  if (latest === undefined || newest?.deployment?.state !== 'abandoned') return latest ?? ''
  const ids = (await listPoints(store)).filter((id) => id.endsWith('/before'))
  const points = await Promise.all(newestRuns(ids).map((id) => readPoint(store, id)))
  const others = points
    .filter((point) => point !== undefined)
    .filter(({ deployment }) => deployment !== undefined && deployment.state !== 'abandoned')
    .sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt))
  return others[0] ? deploymentOf(others[0].id) : latest
}

/** Run ids are numbers that rise; so many abandoned ones in a row are looked past. */
const newestRuns = (ids: readonly string[]): readonly string[] =>
  [...ids].sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).slice(0, 50)

/** The environment's newest deployment, if its restore point was taken after this one's. */
async function newerThan(store: Store, before: Point | undefined, latest: string | undefined) {
  if (latest === undefined || before === undefined) return undefined
  const newest = await readPoint(store, beforeId(latest))
  return newest && isNewer(newest, before) ? latest : undefined
}

/** What runs now, as far as it can be read: a database that cannot be read is doubt, not an end. */
export interface Now {
  readonly components: Components
  readonly ledger: LedgerNow | undefined
}

/** So long a database that does not answer is asked again, milliseconds: taken for unreadable it stops all writers. */
const patience = 30_000

/** Looks at all components. Throws when the services cannot be read; a database that cannot be read is `unreadable`. */
export async function lookNow(run: Run, captures: Captures): Promise<Now> {
  const [ecs, rds, migrations] = await Promise.all([
    captures.ecs?.(run),
    captures.rds && orWhy(run, 'the database', captures.rds),
    captures.migrations && orWhy(run, 'the ledger of migrations', captures.migrations),
  ])
  return {
    components: {
      ...(ecs && { ecs: ecs.state }),
      ...(rds && !('unreadable' in rds) && { rds }),
      ...(migrations && !('unreadable' in migrations) && { migrations }),
    },
    ledger: migrations,
  }
}

async function orWhy<T>(
  run: Run,
  what: string,
  capture: Capture<T>,
): Promise<T | { readonly unreadable: string }> {
  let why = ''
  const looked = await until<T | { readonly unreadable: string }>(run, {
    what,
    within: patience,
    look: async () => {
      try {
        return { is: 'found', value: (await capture(run)).state }
      } catch (thrown) {
        why = messageOf(thrown)
        if (isDenied(thrown)) return { is: 'found', value: { unreadable: why } }
        return { is: 'waiting', seen: `cannot be read: ${why}` }
      }
    },
  })
  return looked.is === 'found' ? looked.value : { unreadable: why }
}

/** The way to a destination: profile, plan id, and what differs now. */
export interface Way {
  readonly destination: Destination
  readonly profile: ProfileChoice
  readonly planId: string
  /** One row per thing that would change: thing, now, then. */
  readonly differences: readonly Difference[]
  /** Components that are as they are in the destination. */
  readonly same: Parts['same']
  /** What stays as it is although it differs, and why. */
  readonly stays: readonly (readonly [string, string])[]
}

/** Finds destination and profile of a rollback, from the store and what runs now. */
export async function findWay(
  run: Run,
  store: Store,
  given: {
    readonly known: Known
    readonly now: Now
    readonly to: string
    readonly comparisons: Comparisons
  },
): Promise<Way> {
  const { known, now, to } = given
  const destination = await findDestination(store, known.record?.to ?? to, known.undone)
  const point = destination.is === 'point' ? destination.point : undefined
  const compared = point ? await compareAll(run, point, now, given.comparisons) : []
  const profile = chooseProfile({
    destination: point?.components.migrations,
    before: known.before?.components.migrations,
    now: now.ledger,
    snapshot: known.before?.deployment?.snapshot,
    database: now.components.rds,
    gone: compared.flatMap((one) => one.gone),
  })
  const subject = {
    resourceId: known.before?.components.rds?.resourceId ?? '',
    snapshot: known.before?.deployment?.snapshot?.id ?? '',
    destination: point?.id ?? '',
    added: profile.added,
    removed: profile.removed,
  }
  return {
    destination,
    profile,
    planId: known.record?.planId ?? hash(subjectText(subject)),
    differences: [...compared.flatMap((one) => one.differences), ...ofDatabase(profile)],
    same: new Set(compared.filter((one) => one.same).map(({ component }) => component)),
    stays: compared.flatMap((one) => one.stays),
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)

function ofDatabase({ profile, added }: ProfileChoice): readonly Difference[] {
  switch (profile) {
    case 'A':
    case 'D':
      return []
    case 'B':
      return [['schema', `${added.join(', ')} applied`, 'taken back, newest first']]
    case 'C':
      return [['database', `${added.length} migrations more`, 'as in the snapshot before them']]
  }
}
