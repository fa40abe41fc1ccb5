import { isPointId } from '#store'

/** Where a rollback of services goes, as a person or a record names it. */
export type Destination =
  | { readonly by: 'point'; readonly to: 'auto' | 'last-verified' | (string & {}) }
  | { readonly by: 'revision'; readonly taskDefinition: string }
  | { readonly by: 'tag'; readonly tag: string }

const later = /^(digest:|sha:|sha256:|arn:|previous-distinct$)/
const revision = /^[A-Za-z0-9_-]{1,255}:[1-9]\d{0,9}$/
/** The grammar of a tag in the OCI distribution specification. */
const tag = /^tag:([A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/

export const forms =
  'auto, last-verified, a restore point id (<environment>/<run id>/before), family:revision or tag:<image tag>'

/** Parses `to`. The forms that are not built yet are named, so that nobody takes them for a typing error. */
export function parseDestination(
  given: string,
): { readonly destination: Destination } | { readonly problem: string } {
  if (given === 'auto' || given === 'last-verified' || isPointId(given)) {
    return { destination: { by: 'point', to: given } }
  }
  if (later.test(given)) {
    return {
      problem:
        'to: digest:, sha:, previous-distinct and revision ARNs are not supported yet; ' +
        `expected ${forms}`,
    }
  }
  const tagged = tag.exec(given)?.[1]
  if (tagged !== undefined) return { destination: { by: 'tag', tag: tagged } }
  if (revision.test(given)) return { destination: { by: 'revision', taskDefinition: given } }
  return { problem: `to: expected ${forms}` }
}

/** A destination in the words that name it. */
export function destinationText(destination: Destination): string {
  switch (destination.by) {
    case 'point':
      return destination.to
    case 'revision':
      return destination.taskDefinition
    case 'tag':
      return `tag:${destination.tag}`
  }
}
