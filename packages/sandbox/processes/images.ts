import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'

/** What an image holds: like Docker, the command line is `entrypoint` followed by `command`. */
export interface ImageContent {
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The folder in which the program starts. */
  readonly directory?: string
}

/** An image of the catalogue, known by the digest of its content. */
export interface Image extends ImageContent {
  readonly digest: string
}

/** Whether an image of a registry can be pulled: ECR's words. */
export type ImageStatus = 'ACTIVE' | 'ARCHIVED' | 'ACTIVATING'

/** One row of the catalogue; times are simulated milliseconds. */
export interface ImageRow extends Image {
  readonly repository: string
  readonly tags: readonly string[]
  readonly status: ImageStatus
  readonly pushedAt: number
  readonly pulledAt?: number
  readonly archivedAt?: number
}

/** A registry of images: tags may move, digests never change. */
export interface ImageCatalogue {
  /** Stores the content and points the reference's tag at it. */
  push(reference: string, content: ImageContent): Image
  /** Points another tag at an image that is there. */
  tag(source: string, target: string): Image
  /** By tag: the tag, and the image with its last tag. By digest: the image with all its tags. Says whether it was there. */
  remove(reference: string): boolean
  /** An image that can be pulled; one in the archive is not found, as the registry answers 404 for it. */
  find(reference: string): Image | undefined
  /** Finds an image and remembers when. */
  pull(reference: string): Image | undefined
  /** Moves the image into the archive. Says whether it was there. */
  archive(reference: string): boolean
  /** Takes the image out of the archive: ACTIVATING for 20 minutes, and only then it can be pulled. Says whether it was there. */
  restore(reference: string): boolean
  /** Every image, also those in the archive. */
  list(): readonly ImageRow[]
}

// ECR promises a restore "within 20 minutes" [AWS: Restoring an image].
const RESTORE_TAKES = 20 * 60_000

/** A parsed image reference; the tag is `latest` when neither tag nor digest is written. */
export interface Reference {
  readonly repository: string
  readonly tag?: string
  readonly digest?: string
}

/** Parses `[host[:port]/]name[:tag][@sha256:…]`; a digest wins over a tag, as for Docker. */
export function parseReference(reference: string): Reference {
  const [name = '', digest] = reference.split('@', 2)
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  const repository = colon < 0 ? name : name.slice(0, colon)
  if (digest) return { repository, digest }
  return { repository, tag: colon < 0 ? 'latest' : name.slice(colon + 1) }
}

/** The digest of a content: sha256 over its canonical JSON, so equal content has an equal digest under every name. */
export function digestOf(content: ImageContent): string {
  const environment = Object.entries(content.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const canonical = JSON.stringify([
    content.entrypoint ?? [],
    content.command,
    environment,
    content.directory ?? '',
  ])
  return `sha256:${createHash('sha256').update(canonical).digest('hex')}`
}

/** An image in one repository. */
interface Entry {
  readonly image: Image
  readonly pushedAt: number
  pulledAt?: number
  archivedAt?: number
  /** When it comes out of the archive; undefined while nobody has asked for that. */
  activeAt?: number
}

interface Repository {
  readonly images: Map<string, Entry>
  readonly tags: Map<string, string>
}

/** An empty catalogue. */
export function imageCatalogue(clock: Pick<Clock, 'now'>): ImageCatalogue {
  const repositories = new Map<string, Repository>()

  const repositoryOf = (name: string): Repository => {
    const known = repositories.get(name) ?? { images: new Map(), tags: new Map() }
    repositories.set(name, known)
    return known
  }
  const entryOf = (reference: string): Entry | undefined => {
    const { repository, tag, digest } = parseReference(reference)
    const known = repositories.get(repository)
    return known?.images.get(digest ?? known.tags.get(tag ?? '') ?? '')
  }
  const active = (reference: string): Entry | undefined => {
    const entry = entryOf(reference)
    return entry && statusOf(entry, clock.now()) === 'ACTIVE' ? entry : undefined
  }
  const put = (reference: string, image: Image): Image => {
    const { repository, tag } = parseReference(reference)
    if (!tag) throw new Error(`Push "${reference}" by tag; a digest follows from the content.`)
    const known = repositoryOf(repository)
    const pushedAt = known.images.get(image.digest)?.pushedAt ?? clock.now()
    const pulledAt = known.images.get(image.digest)?.pulledAt
    // A push brings an archived image back at once [AWS: Restoring an image].
    known.images.set(image.digest, {
      image,
      pushedAt,
      ...(pulledAt === undefined ? {} : { pulledAt }),
    })
    known.tags.set(tag, image.digest)
    return image
  }

  return {
    find: (reference) => active(reference)?.image,
    pull: (reference) => {
      const entry = active(reference)
      if (entry) entry.pulledAt = clock.now()
      return entry?.image
    },
    push: (reference, content) => put(reference, { ...content, digest: digestOf(content) }),
    tag: (source, target) => {
      const image = active(source)?.image
      if (!image) throw new Error(`No image "${source}" to tag as "${target}".`)
      return put(target, image)
    },
    remove: (reference) =>
      removeImage(repositories.get(parseReference(reference).repository), reference),
    archive: (reference) => {
      const entry = entryOf(reference)
      if (!entry) return false
      entry.archivedAt = clock.now()
      delete entry.activeAt
      return true
    },
    restore: (reference) => {
      const entry = entryOf(reference)
      if (!entry) return false
      if (entry.archivedAt !== undefined) entry.activeAt ??= clock.now() + RESTORE_TAKES
      return true
    },
    list: () =>
      [...repositories].flatMap(([repository, known]) => rows(repository, known, clock.now())),
  }
}

function statusOf({ archivedAt, activeAt }: Entry, now: number): ImageStatus {
  if (archivedAt === undefined) return 'ACTIVE'
  if (activeAt === undefined) return 'ARCHIVED'
  return now < activeAt ? 'ACTIVATING' : 'ACTIVE'
}

function removeImage(known: Repository | undefined, reference: string): boolean {
  const { tag, digest } = parseReference(reference)
  const target = digest ?? known?.tags.get(tag ?? '')
  if (!known || !target || !known.images.has(target)) return false
  const tags = [...known.tags].filter(([, value]) => value === target).map(([name]) => name)
  for (const name of digest ? tags : [tag ?? '']) known.tags.delete(name)
  if (digest || tags.length <= 1) known.images.delete(target)
  return true
}

function rows(repository: string, known: Repository, now: number): ImageRow[] {
  return [...known.images.values()].map((entry) => {
    const { image, pushedAt, pulledAt, archivedAt } = entry
    return {
      ...image,
      repository,
      tags: [...known.tags].filter(([, digest]) => digest === image.digest).map(([tag]) => tag),
      status: statusOf(entry, now),
      pushedAt,
      ...(pulledAt === undefined ? {} : { pulledAt }),
      ...(archivedAt === undefined ? {} : { archivedAt }),
    }
  })
}
