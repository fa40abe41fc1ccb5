/** A container of something that ran: its name, its image, and the digest where it is known. */
export interface Image {
  readonly name: string
  readonly image: string
  readonly digest?: string | undefined
}

/**
 * The images by container name and digest, in one text; undefined where a digest is not known or nothing is. All containers
 * count, because nobody can tell a sidecar from "the image".
 */
export function codeOf(containers: readonly Image[]): string | undefined {
  const known = containers.every(({ digest }) => digest !== undefined)
  if (containers.length === 0 || !known) return undefined
  return containers
    .map(({ name, digest }) => `${name}@${digest}`)
    .sort()
    .join(' ')
}

/**
 * Compares what two things run, container by container. Where a digest is not known, different references are taken for
 * different images, and equal ones prove nothing: a tag moves.
 */
export function compareCode(
  one: readonly Image[],
  other: readonly Image[],
): 'same' | 'different' | 'unknown' {
  if (one.length === 0 || other.length === 0) return 'unknown'
  if (one.length !== other.length) return 'different'
  const answers = one.map((image) => {
    const counterpart = other.find(({ name }) => name === image.name)
    return counterpart === undefined ? 'different' : compareImages(image, counterpart)
  })
  if (answers.includes('different')) return 'different'
  return answers.includes('unknown') ? 'unknown' : 'same'
}

function compareImages(one: Image, other: Image): 'same' | 'different' | 'unknown' {
  if (one.digest !== undefined && other.digest !== undefined) {
    return one.digest === other.digest ? 'same' : 'different'
  }
  return one.image === other.image ? 'unknown' : 'different'
}

/** Whether two things are the same release: one task definition and the same images. */
export function sameRelease(
  one: { readonly taskDefinition: string; readonly containers: readonly Image[] },
  other: { readonly taskDefinition: string; readonly containers: readonly Image[] },
): boolean {
  return (
    one.taskDefinition === other.taskDefinition &&
    compareCode(one.containers, other.containers) === 'same'
  )
}
