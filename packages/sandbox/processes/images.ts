import { createHash } from 'node:crypto'

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

/** One row of the catalogue as the admin page prints it. */
export interface ImageRow extends Image {
  readonly repository: string
  readonly tags: readonly string[]
}

/** A registry of images: tags may move, digests never change. */
export interface ImageCatalogue {
  /** Stores the content and points the reference's tag at it. */
  push(reference: string, content: ImageContent): Image
  /** Points another tag at an image that is there. */
  tag(source: string, target: string): Image
  /** By tag: the tag, and the image with its last tag. By digest: the image with all its tags. Says whether it was there. */
  remove(reference: string): boolean
  find(reference: string): Image | undefined
  list(): readonly ImageRow[]
}

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

interface Repository {
  readonly images: Map<string, Image>
  readonly tags: Map<string, string>
}

/** An empty catalogue. */
export function imageCatalogue(): ImageCatalogue {
  const repositories = new Map<string, Repository>()

  const repositoryOf = (name: string): Repository => {
    const known = repositories.get(name) ?? { images: new Map(), tags: new Map() }
    repositories.set(name, known)
    return known
  }
  const find = (reference: string): Image | undefined => {
    const { repository, tag, digest } = parseReference(reference)
    const known = repositories.get(repository)
    return known?.images.get(digest ?? known.tags.get(tag ?? '') ?? '')
  }
  const put = (reference: string, image: Image): Image => {
    const { repository, tag } = parseReference(reference)
    if (!tag) throw new Error(`Push "${reference}" by tag; a digest follows from the content.`)
    const known = repositoryOf(repository)
    known.images.set(image.digest, image)
    known.tags.set(tag, image.digest)
    return image
  }

  return {
    find,
    push: (reference, content) => put(reference, { ...content, digest: digestOf(content) }),
    tag: (source, target) => {
      const image = find(source)
      if (!image) throw new Error(`No image "${source}" to tag as "${target}".`)
      return put(target, image)
    },
    remove: (reference) =>
      removeImage(repositories.get(parseReference(reference).repository), reference),
    list: () => [...repositories].flatMap(([repository, known]) => rows(repository, known)),
  }
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

function rows(repository: string, known: Repository): ImageRow[] {
  return [...known.images.values()].map((image) => ({
    ...image,
    repository,
    tags: [...known.tags].filter(([, digest]) => digest === image.digest).map(([tag]) => tag),
  }))
}
