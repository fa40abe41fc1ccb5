import type { Result } from '#core'
import { readPoint, type Store } from '#store'
import { outputsOf } from './render.ts'

/** Lists the newest restore points with what they are good for. */
export async function list(
  store: Store,
  ids: readonly string[],
  verified: string | undefined,
): Promise<Result> {
  const newest = [...ids].sort(byRun).reverse().slice(0, 20)
  const points = await Promise.all(newest.map((id) => readPoint(store, id)))
  const rows = points
    .filter((point) => point !== undefined)
    .map((point) => [
      point.id,
      (point.runs ?? 'unknown').slice(0, 12),
      point.verified.is
        ? point.id === verified
          ? 'last verified'
          : 'verified'
        : point.verified.held
          ? 'unhealthy'
          : 'not verified',
      point.deployment?.state ?? '',
      point.takenAt,
    ])
  return {
    outcome: 'done',
    headline: `${rows.length} restore points of ${store.environment}`,
    sections: [
      {
        title: 'Restore points',
        columns: ['id', 'commit', 'verified', 'deployment', 'taken'],
        rows,
      },
    ],
    outputs: { points: JSON.stringify(rows.map(([id]) => id)) },
  }
}

/** Run ids are numbers that rise; names that are none sort as text before them. */
const byRun = (a: string, b: string) =>
  runOf(a).localeCompare(runOf(b), 'en', { numeric: true }) || a.localeCompare(b)
const runOf = (id: string) => id.split('/')[1] ?? ''

/** Shows one restore point whole. */
export async function show(store: Store, id: string): Promise<Result> {
  const point = await readPoint(store, id)
  if (!point) {
    return {
      outcome: 'refused',
      headline: `there is no restore point ${id}`,
      next: ['list them with mode: list'],
    }
  }
  return {
    outcome: 'done',
    headline: `${id}: ${point.verified.is ? 'verified' : 'not verified'}: ${point.verified.why}`,
    sections: [{ title: 'Document', text: JSON.stringify(point) }],
    outputs: outputsOf(point),
    data: JSON.parse(JSON.stringify(point)),
  }
}
