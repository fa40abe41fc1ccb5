import { isPointId } from '#store'

/** Where a site goes back to, as a person or a record names it. */
export type Destination =
  | { readonly by: 'point'; readonly to: 'auto' | 'last-verified' | (string & {}) }
  | { readonly by: 'manifest'; readonly sha256: string }
  /** Seconds since the epoch: the site as it was at the end of that second. */
  | { readonly by: 'time'; readonly second: number }

const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/
const manifest = /^manifest:([0-9a-f]{64})$/

const forms =
  'auto, last-verified, a restore point id (<environment>/<run id>/before), manifest:<sha256>, or a time with its zone such as 2026-11-22T03:15:00Z'

/**
 * Parses `to`. A time is ISO 8601 with a zone and whole seconds, the only form that is read in one way everywhere and the
 * finest that S3 keeps.
 */
export function parseDestination(
  given: string,
): { readonly destination: Destination } | { readonly problem: string } {
  if (given === 'auto' || given === 'last-verified' || isPointId(given)) {
    return { destination: { by: 'point', to: given } }
  }
  const sha256 = manifest.exec(given)?.[1]
  if (sha256 !== undefined) return { destination: { by: 'manifest', sha256 } }
  const time = moment.test(given) ? Date.parse(given) : Number.NaN
  if (!Number.isNaN(time)) return { destination: { by: 'time', second: time / 1000 } }
  const zone = /^\d{4}-\d{2}-\d{2}[T ]/.test(given)
    ? ' (a time needs T, a zone and whole seconds)'
    : ''
  return { problem: `to: expected ${forms}${zone}` }
}
