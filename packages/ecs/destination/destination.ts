import { parseArn, shortName } from '#aws'
import { nearest } from '#core'
import { isPointId, parseSought, type Sought } from '#store'

/** Where a rollback of services goes, as a person or a record names it. */
export type Destination =
  | { readonly by: 'point'; readonly to: 'auto' | 'last-verified' | (string & {}) }
  /** The newest service revision before the bad one whose images differ from it. */
  | { readonly by: 'previous-distinct' }
  /** `service` and `cluster` only where an ARN named them. */
  | {
      readonly by: 'service-revision'
      readonly revision: string
      readonly cluster?: string
      readonly service?: string
    }
  | { readonly by: 'revision'; readonly taskDefinition: string }
  | { readonly by: 'digest'; readonly digest: string }
  | Sought

const revision = /^[A-Za-z0-9_-]{1,255}:[1-9]\d{0,9}$/
const digest = /^digest:(sha256:[0-9a-f]{64})$/
/** ECS numbers service revisions and deployments with 19 digits; fewer were seen. */
const serviceRevision = /^\d{15,20}$/

/** The forms of `to`, as a person types them. */
export const forms =
  'auto, last-verified, previous-distinct, a restore point id (<environment>/<run id>/before), a service revision (ARN or number), family:revision, tag:<image tag>, digest:sha256:<64 digits> or sha:<7 or more digits of a commit>'

/** Parses `to`; a text that is none of the forms is answered with them, and with the one that it comes nearest to. */
export function parseDestination(
  given: string,
):
  | { readonly ok: true; readonly value: Destination }
  | { readonly ok: false; readonly expected: string } {
  const value = wordOf(given) ?? ofArn(given) ?? parseSought(given) ?? named(given)
  if (value) return { ok: true, value }
  const meant = suggestion(given)
  return {
    ok: false,
    expected: meant === undefined ? forms : `${forms}; did you mean ${meant}?`,
  }
}

function wordOf(given: string): Destination | undefined {
  if (given === 'previous-distinct') return { by: 'previous-distinct' }
  return given === 'auto' || given === 'last-verified' || isPointId(given)
    ? { by: 'point', to: given }
    : undefined
}

/** The ARN of a service revision, `service-revision/<cluster>/<service>/<number>`, or of a task definition. */
function ofArn(given: string): Destination | undefined {
  const arn = parseArn(given)
  if (arn?.service !== 'ecs') return undefined
  const [kind, cluster, service, number, ...rest] = arn.resource.split('/')
  if (kind === 'task-definition' && revision.test(shortName(given))) {
    return { by: 'revision', taskDefinition: shortName(given) }
  }
  if (kind !== 'service-revision' || !cluster || !service || rest.length > 0) return undefined
  return number !== undefined && serviceRevision.test(number)
    ? { by: 'service-revision', revision: number, cluster, service }
    : undefined
}

function named(given: string): Destination | undefined {
  const found = digest.exec(given)?.[1]
  if (found !== undefined) return { by: 'digest', digest: found }
  if (serviceRevision.test(given)) return { by: 'service-revision', revision: given }
  return revision.test(given) ? { by: 'revision', taskDefinition: given } : undefined
}

/** What somebody who wrote this may have meant. */
function suggestion(given: string): string | undefined {
  const lower = given.toLowerCase()
  const candidates = [
    nearest(given, ['auto', 'last-verified', 'previous-distinct']),
    /^prev(ious)?$/.test(lower) ? 'previous-distinct' : undefined,
    /^(last|verified|good|last-good)$/.test(lower) ? 'last-verified' : undefined,
    lower,
    given.trim(),
    `digest:${lower}`,
    lower.replace(/^(digest:|@)?(?=[0-9a-f]{64}$)/, 'digest:sha256:'),
    /^[0-9a-f]{7,40}$/.test(lower) ? `sha:${lower}` : undefined,
    lower.replace(/^(commit|git|ref)[:=]/, 'sha:'),
    given.replace(/^(tag|image)[=/ :]+/i, 'tag:'),
    /^[\w.-]+\/[\w.-]+$/.test(given) ? `${given}/before` : undefined,
    /^v?\d+(\.\d+)+[\w.-]*$/.test(given) || /^v\d+$/.test(given) ? `tag:${given}` : undefined,
    given.includes('/')
      ? undefined
      : given.replace(/^(?!sha:|digest:)[\w-]+:(?=[A-Za-z_][\w.-]*$)/, 'tag:'),
  ]
  return candidates.find((one) => one !== undefined && one !== given && isDestinationText(one))
}

const isDestinationText = (given: string) =>
  (wordOf(given) ?? ofArn(given) ?? parseSought(given) ?? named(given)) !== undefined

/** A destination in the words that name it. */
export function destinationText(destination: Destination | undefined): string {
  switch (destination?.by) {
    case undefined:
      return 'the destination of the record'
    case 'point':
      return destination.to
    case 'previous-distinct':
      return 'previous-distinct'
    case 'service-revision':
      return `service revision ${destination.revision}`
    case 'revision':
      return destination.taskDefinition
    case 'tag':
      return `tag:${destination.tag}`
    case 'digest':
      return `digest:${destination.digest}`
    case 'commit':
      return `sha:${destination.commit}`
  }
}
