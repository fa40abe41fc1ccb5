import { iso, type Run } from '#core'
import {
  deploymentId,
  findDestination,
  type Point,
  readPoint,
  readRecord,
  type Store,
} from '#store'
import type { BuildFile } from './build.ts'
import type { At } from './decide.ts'
import { manifestKey, readManifest, recordedIn } from './manifest.ts'
import type { RestoreSettings } from './settings.ts'
import { locationOf, type Site } from './state.ts'

/** What a destination says of every key, and since when things have changed. */
export type Target =
  | {
      readonly by: 'manifest'
      readonly recorded: Map<string, Extract<At, { is: 'version' }>>
      /** Seconds: what was deleted before it was not deleted by what is undone. */
      readonly since: number
      readonly why: string
    }
  | { readonly by: 'time'; readonly since: number; readonly why: string }
  | {
      readonly by: 'build'
      readonly files: ReadonlyMap<string, BuildFile>
      /** Seconds: what was uploaded or hidden after it may be an earlier attempt's, of which edges know nothing yet. */
      readonly since: number
      /** False where what is overwritten or deleted is gone. */
      readonly versioned: boolean
      readonly why: string
    }

export type Found =
  | { readonly is: 'target'; readonly target: Target }
  | { readonly is: 'none'; readonly why: string; readonly next: readonly string[] }

const none = (why: string, ...next: readonly string[]): Found => ({ is: 'none', why, next })

/** Finds where the site goes. Throws `CallError` when a manifest is missing or was changed. */
export async function findTarget(
  run: Run,
  store: Store | undefined,
  settings: RestoreSettings,
): Promise<Found> {
  const { destination, site } = settings
  if (destination?.by === 'time') return atTime(run, destination.second)
  if (store === undefined) {
    return none(
      'restore points and manifests lie in a store, and no store is named',
      'give the input environment with store or a configuration file, or name a time in to:',
    )
  }
  if (destination?.by === 'manifest') {
    const { sha256 } = destination
    const why = `${manifestKey(store, sha256)} was named`
    return atManifest(store, site, { sha256, since: 0, why })
  }
  const found = await findPoint(run, store, settings)
  if ('why' in found) {
    return none(found.why, 'name a restore point or a time in to:, or deploy a fix')
  }
  return atPoint(store, site, found)
}

function atTime(run: Run, second: number): Found {
  const why = `the site as it was at ${iso(second * 1000)}`
  return second * 1000 > run.clock.now()
    ? none(`${why} lies ahead`, 'name a time that has passed in to:')
    : { is: 'target', target: { by: 'time', since: second, why } }
}

async function findPoint(
  run: Run,
  store: Store,
  { record, destination }: RestoreSettings,
): Promise<{ readonly point: Point; readonly because: string } | { readonly why: string }> {
  if (record !== undefined) {
    const open = await readRecord(store, record)
    if (!open) return { why: `there is no record ${record}` }
    const point = await readPoint(store, open.to)
    return point
      ? { point, because: `${open.to} is the destination of ${record}` }
      : { why: `the destination of ${record}, ${open.to}, is not in the store` }
  }
  const to = destination?.by === 'point' ? destination.to : 'auto'
  const undone = deploymentId(store.environment, run.identity.runId)
  const found = await findDestination(store, to, undone)
  return found.is === 'point' ? { point: found.point, because: found.why } : { why: found.why }
}

/** What a restore point says of a site. Throws `CallError` when its manifest is missing or was changed. */
export async function atPoint(
  store: Store,
  site: Site,
  { point, because }: { readonly point: Point; readonly because: string },
): Promise<Found> {
  const recorded = point.components.site
  if (recorded === undefined) {
    return none(`${point.id} has no site`, `name a time in to:, such as its own: ${point.takenAt}`)
  }
  if (recorded.bucket !== site.bucket || recorded.prefix !== site.prefix) {
    return none(
      `${point.id} is of ${locationOf(recorded)}, not of ${locationOf(site)}`,
      'give the bucket and prefix of the point, or another destination in to:',
    )
  }
  const since = Math.floor(Date.parse(point.takenAt) / 1000)
  return atManifest(store, site, { sha256: recorded.manifest.sha256, since, why: because })
}

async function atManifest(
  store: Store,
  site: Site,
  given: { readonly sha256: string; readonly since: number; readonly why: string },
): Promise<Found> {
  const { sha256, since, why } = given
  const recorded = recordedIn(await readManifest(store, sha256, site))
  return { is: 'target', target: { by: 'manifest', recorded, since, why } }
}
