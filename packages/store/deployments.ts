import { inLanes } from '#core'
import type { Point } from './documents.ts'
import { deploymentOf } from './ids.ts'
import { listPoints, readPoint, type Store } from './store.ts'

const inParallel = inLanes(16)

/** The newest points among those that are asked for, at most a hundred: run ids are numbers that rise. */
export async function newestPoints(
  store: Store,
  { wanted = () => true, most = 100 }: { wanted?: (id: string) => boolean; most?: number } = {},
): Promise<readonly Point[]> {
  const ids = (await listPoints(store))
    .filter(wanted)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .slice(0, most)
  const points = await inParallel(ids, (id) => readPoint(store, id))
  return points
    .filter((point) => point !== undefined)
    .sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt))
}

const isBefore = (id: string) => id.endsWith('/before')

/** The newest deployment that changed something: an abandoned one brought nothing that could be taken back. */
export async function standingDeployment(
  store: Store,
  latest: string | undefined,
): Promise<string | undefined> {
  const newest = latest === undefined ? undefined : await readPoint(store, `${latest}/before`)
  if (newest?.deployment?.state !== 'abandoned') return latest
  const others = (await newestPoints(store, { wanted: isBefore })).filter(
    ({ deployment }) => deployment !== undefined && deployment.state !== 'abandoned',
  )
  return others[0] ? deploymentOf(others[0].id) : latest
}

/** The deployments that began after a point was taken, as their `before`, newest first; none that changed nothing. */
export async function deploymentsSince(store: Store, point: Point): Promise<readonly Point[]> {
  const taken = Date.parse(point.takenAt)
  return (await newestPoints(store, { wanted: isBefore })).filter(
    ({ id, takenAt, deployment }) =>
      (id === point.id || Date.parse(takenAt) > taken) &&
      deployment !== undefined &&
      deployment.state !== 'abandoned' &&
      deployment.state !== 'captured',
  )
}
