import { createHash } from 'node:crypto'
import { isDenied } from '#aws'
import {
  chooseProfile,
  isChosen,
  type LedgerNow,
  narrowed,
  type Only,
  type Parts,
  type ProfileChoice,
  subjectText,
} from '#chain'
import { type Capture, messageOf, type Run, until } from '#core'
import type { Captures } from '#points'
import {
  beforeId,
  type Components,
  type Destination,
  deploymentOf,
  deploymentsSince,
  findDestination,
  isNewer,
  leftBehind,
  type Point,
  type Record,
  type Records,
  readEnvironment,
  readPoint,
  readRecord,
  type Store,
  standingDeployment,
} from '#store'
import { type Compared, type Comparisons, compareAll, type Difference } from './compare.ts'

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
  const undone =
    record?.undone ?? (asked ? ((await standingDeployment(store, environment.latest)) ?? '') : own)
  const before = undone === '' ? undefined : await readPoint(store, beforeId(undone))
  const newer = await newerThan(store, before, environment.latest)
  return { undone, before, record, newer }
}

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
  const [ecs, migrations] = await Promise.all([
    captures.ecs?.(run),
    captures.migrations && orWhy(run, 'the ledger of migrations', captures.migrations),
  ])
  return {
    components: {
      ...(ecs && { ecs: ecs.state }),
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
  /** What alone goes back. */
  readonly only: Only
  /** One row per thing that would change: thing, now, then. */
  readonly differences: readonly Difference[]
  /** Components that are as they are in the destination. */
  readonly same: Parts['same']
  /** What stays as it is although it differs, and why. */
  readonly stays: readonly (readonly [string, string])[]
  /** Other deployments that began since the destination, as their `before`, newest first. */
  readonly since: readonly Point[]
}

/** What a way is found from, beside the store. */
export interface Sights {
  readonly known: Known
  readonly now: Now
  readonly to: string
  readonly only: Only
  readonly comparisons: Comparisons
  readonly records: Records
}

/** Finds destination and profile of a rollback, from the store and what runs now. */
export async function findWay(run: Run, store: Store, given: Sights): Promise<Way> {
  const { known, now, to, only, comparisons, records } = given
  const destination = await findDestination(store, known.record?.to ?? to, known.undone)
  const point = destination.is === 'point' ? destination.point : undefined
  const compared = point ? await compareAll(run, point, now, { comparisons, records }) : []
  const since = await othersSince(store, point, known)
  const goes = compared.filter(({ component }) => isChosen(only, component))
  const same = new Set(compared.filter((one) => one.same).map(({ component }) => component))
  const whole = chooseProfile({
    destination: point?.components.migrations,
    before: known.before?.components.migrations,
    between: ledgersOf(since),
    now: now.ledger,
    snapshot: known.before?.deployment?.snapshot,
    gone: goes.flatMap((one) => one.gone),
  })
  const profile = await withDowns(
    narrowed(whole, only, same.has('services')),
    { since, point, known },
    comparisons,
  )
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
    only,
    differences: [...goes.flatMap((one) => one.differences), ...ofDatabase(profile)],
    same,
    stays: [
      ...goes.flatMap((one) => one.stays),
      ...compared.filter((one) => !goes.includes(one)).flatMap(notChosen),
      ...(isChosen(only, 'database') ? [] : ofDatabase(whole).map(([thing]) => leftOut(thing))),
    ],
    since,
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)

const leftOut = (thing: string): readonly [string, string] => [thing, 'it was not chosen']

const notChosen = ({ same, differences }: Compared) =>
  same ? [] : differences.map(([thing]) => leftOut(thing))

const ledgersOf = (points: readonly Point[]) =>
  points.flatMap(({ components }) => components.migrations ?? [])

/** The usual way leads to what ran just before: then nothing else lies between, and nothing is listed. */
async function othersSince(
  store: Store,
  point: Point | undefined,
  { undone }: Known,
): Promise<readonly Point[]> {
  if (point === undefined || point.id === beforeId(undone)) return []
  return (await deploymentsSince(store, point)).filter(({ id }) => id !== beforeId(undone))
}

/** A down whose file is gone is found now, and not when the writers are stopped. */
async function withDowns(
  way: ProfileChoice,
  {
    since,
    point,
    known,
  }: Pick<Way, 'since'> & Pick<Sights, 'known'> & { point?: Point | undefined },
  { downs }: Comparisons,
): Promise<ProfileChoice> {
  if (way.profile !== 'B' || way.impossible !== undefined || downs === undefined) return way
  const ledgers = ledgersOf([...(point ? [point] : []), ...since.toReversed()])
  const own = known.before?.components.migrations
  const files = [...ledgers, ...(own ? [own] : [])].flatMap(({ pending }) => pending)
  const why = await downs(files, way.added)
  return why === undefined ? way : { ...way, impossible: `the down migrations cannot run: ${why}` }
}

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
