import { newestPoints } from './deployments.ts'
import type { Point } from './documents.ts'
import { afterId, deploymentOf, isPointId } from './ids.ts'
import { imagesText, tagOf } from './images.ts'
import type { Store } from './store.ts'

/** A release by what people know it under: the tag of its images, or its commit. */
export type Sought =
  | { readonly by: 'tag'; readonly tag: string }
  | { readonly by: 'commit'; readonly commit: string }

/** The restore point that is meant, or why there is none, with what each point has instead. */
export type FoundPoint =
  | { readonly is: 'point'; readonly point: Point; readonly why: string }
  | {
      readonly is: 'none'
      readonly why: string
      /** Rows: point, commit that ran, images. */
      readonly seen: readonly (readonly string[])[]
    }

/** The grammar of a tag in the OCI distribution specification. */
const tagForm = /^tag:([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/
const commitForm = /^sha:([0-9a-f]{7,64})$/i

/** Reads `tag:<image tag>` or `sha:<commit>`; undefined for every other form. */
export function parseSought(to: string): Sought | undefined {
  const tag = tagForm.exec(to)?.[1]
  if (tag !== undefined) return { by: 'tag', tag }
  const commit = commitForm.exec(to)?.[1]?.toLowerCase()
  return commit === undefined ? undefined : { by: 'commit', commit }
}

/** The forms in which the destination of a whole rollback may be named. */
export const destinationForms =
  'auto, last-verified, a restore point id such as production/123/after, tag:<image tag> or sha:<7 or more digits of a commit>'

/** Whether a text has one of these forms. */
export const isDestination = (to: string): boolean =>
  to === 'auto' || to === 'last-verified' || isPointId(to) || parseSought(to) !== undefined

/** Finds the restore point that a tag or a commit means, among the newest hundred. */
export async function findSought(
  store: Store,
  sought: Sought,
  services: readonly string[],
): Promise<FoundPoint> {
  return chooseSought(await newestPoints(store), sought, services)
}

/**
 * Chooses the point in which every service ran an image with the tag, or whose commit that ran begins as asked. Verified ones come
 * first, then `after` before `before`, then the newest. Images are looked at, never names of task definitions.
 */
export function chooseSought(
  points: readonly Point[],
  sought: Sought,
  services: readonly string[],
): FoundPoint {
  const none = (why: string, of: readonly Point[] = points): FoundPoint => ({
    is: 'none',
    why,
    seen: of.slice(0, 20).map(({ id, runs, components }) => {
      const images = imagesText(components.ecs?.services ?? [])
      return [id, runs?.slice(0, 12) ?? 'unknown', images === '' ? 'no services' : images]
    }),
  })
  const fitting = points.filter((point) => fits(point, sought, services))
  const [best] = [...fitting].sort(byWorth(points))
  if (best === undefined) return none(missing(points, sought, services))
  const commits = sought.by === 'tag' ? [] : commitsIn(fitting, sought.commit)
  if (commits.length > 1)
    return none(
      `sha:${soughtText(sought)} is the beginning of ${commits.join(' and of ')}`,
      fitting,
    )
  const what = sought.by === 'tag' ? `ran tag:${sought.tag} in every service` : `ran ${commits[0]}`
  const worth = best.verified.is ? 'is verified' : `is not verified (${best.verified.why})`
  return { is: 'point', point: best, why: `${best.id} ${what} and ${worth}` }
}

const soughtText = (sought: Sought) => (sought.by === 'tag' ? sought.tag : sought.commit)

function fits(point: Point, sought: Sought, services: readonly string[]): boolean {
  return sought.by === 'tag'
    ? services.length > 0 && lacking(point, sought.tag, services).length === 0
    : commitsIn([point], sought.commit).length > 0
}

/** The services that ran no image with the tag: one container with it is enough, because sidecars have tags of their own. */
const lacking = (
  { components }: Point,
  tag: string,
  services: readonly string[],
): readonly string[] =>
  services.filter((name) => {
    const service = components.ecs?.services.find((one) => one.name === name)
    return !service?.containers.some(({ image }) => tagOf(image) === tag)
  })

/** The commits that ran in these points and begin so. What a `before` was about to deploy did not run in it. */
export const commitsIn = (points: readonly Point[], beginning: string): readonly string[] => [
  ...new Set(
    points
      .flatMap(({ point, runs, sha }) => [runs ?? '', point === 'after' ? sha : ''])
      .filter((commit) => commit.startsWith(beginning)),
  ),
]

/** Says what comes nearest, so that one service with another tag is found at once. */
function missing(points: readonly Point[], sought: Sought, services: readonly string[]): string {
  if (sought.by === 'commit')
    return `in no restore point a commit ran that begins with ${sought.commit}`
  const near = points
    .map((point) => ({ id: point.id, without: lacking(point, sought.tag, services) }))
    .filter(({ without }) => without.length < services.length)
    .sort((a, b) => a.without.length - b.without.length)[0]
  const all = `in no restore point every service ran an image with the tag ${sought.tag}`
  return near ? `${all}: in ${near.id} these did not: ${near.without.join(', ')}` : all
}

/** Held ones last: a baseline judged them unhealthy; an `after` whose deployment was rolled back since is not verified any more. */
function byWorth(points: readonly Point[]): (a: Point, b: Point) => number {
  const taken = takenBack(points)
  const rank = ({ id, verified }: Point) =>
    verified.held ? 2 : verified.is && !taken.has(id) ? 0 : 1
  return (a, b) =>
    rank(a) - rank(b) ||
    a.point.localeCompare(b.point) ||
    Date.parse(b.takenAt) - Date.parse(a.takenAt)
}

/** The ids of what was verified by deployments that were rolled back since. */
const takenBack = (points: readonly Point[]): ReadonlySet<string> =>
  new Set(
    points
      .filter(({ deployment }) => deployment?.state === 'rolled-back')
      .map(({ id }) => afterId(deploymentOf(id))),
  )

/** The points that are verified still: not held, and not of a deployment that was rolled back since. */
export function stillVerified(points: readonly Point[]): readonly Point[] {
  const taken = takenBack(points)
  return points.filter(({ id, verified }) => verified.is && !verified.held && !taken.has(id))
}
