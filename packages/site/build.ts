import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { crc32 } from 'node:zlib'
import { kindOf } from './keys.ts'
import type { Head } from './look.ts'
import type { Kind, Site } from './state.ts'
import { type CacheRule, cacheControl, isSameType, sniffed, typeOf } from './types.ts'

/** A file of a build, and what it becomes in the bucket. Its bytes are read when they are needed. */
export interface BuildFile {
  readonly key: string
  readonly kind: Kind
  readonly path: string
  readonly size: number
  readonly contentType: string
  readonly cacheControl: string
  /** `gzip` where the build compressed a file and left its name as it was. */
  readonly contentEncoding: 'gzip' | undefined
}

/** A folder as the objects that it should be. */
export interface Build {
  readonly files: ReadonlyMap<string, BuildFile>
  /** Files that must not or cannot be uploaded: name and why. */
  readonly refusals: readonly (readonly [name: string, why: string])[]
}

/** An upload in one call ends at 5 GiB (Amazon S3 API reference, PutObject). */
const largest = 5 * 1024 ** 3
/** Keys have at most 1,024 bytes (Amazon S3 user guide, "Naming Amazon S3 objects"). */
const longest = 1024

/** Walks over a build. Reads names and sizes, and of files without an ending the first bytes. Throws when the folder cannot be read. */
export async function readBuild(
  folder: string,
  site: Pick<Site, 'prefix'>,
  rules: readonly CacheRule[],
): Promise<Build> {
  const files = new Map<string, BuildFile>()
  const refusals: (readonly [string, string])[] = []
  const root = await realpath(folder)
  for await (const { name, path, why } of entries(root, '')) {
    const reason = why ?? objection(name, `${site.prefix}${name}`)
    if (reason !== undefined) {
      refusals.push([name, reason])
      continue
    }
    const { size } = await stat(path)
    if (size > largest) {
      refusals.push([
        name,
        `it has ${(size / 1024 ** 3).toFixed(1)} GiB: S3 takes at most 5 GiB in one call; upload it by hand and leave it out of the build`,
      ])
      continue
    }
    const key = `${site.prefix}${name}`
    const kind = kindOf(key)
    const what = await contentOf(name, path)
    files.set(key, {
      key,
      kind,
      path,
      size,
      ...what,
      cacheControl: cacheControl(rules, name, kind),
    })
  }
  return { files, refusals }
}

interface Found {
  readonly name: string
  readonly path: string
  readonly why?: string
}

/** Every file below a folder, by its name with slashes. A link to a file of the build is that file. */
async function* entries(root: string, below: string): AsyncGenerator<Found> {
  const list = await readdir(join(root, below), { withFileTypes: true })
  for (const entry of list.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    const path = join(root, name)
    if (entry.isDirectory()) yield* entries(root, name)
    else if (entry.isSymbolicLink()) yield await followed(root, name)
    else if (entry.isFile()) yield { name, path }
    else yield { name, path, why: 'it is neither a file nor a folder' }
  }
}

async function followed(root: string, name: string): Promise<Found> {
  const path = join(root, name)
  const end = await realpath(path).catch(() => undefined)
  if (end === undefined) return { name, path, why: 'it is a link to nothing' }
  if (!end.startsWith(root + sep)) return { name, path, why: 'it is a link out of the build' }
  const isFile = (await stat(end)).isFile()
  return isFile
    ? { name, path: end }
    : { name, path, why: 'it is a link to a folder: put the folder itself there' }
}

/** Why a name cannot be a key, or should not be public. */
function objection(name: string, key: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: S3's listings are XML, which cannot say them.
  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(name)) return 'its name has control characters'
  // Node shows bytes that are no UTF-8 as U+FFFD: the file could not even be opened by this name.
  if (name.includes('\ufffd')) return 'its name is no UTF-8'
  if (Buffer.byteLength(key) > longest) return 'its key would have more than 1,024 bytes'
  return /(^|\/)\.(git|env(\.[^/]*)?)(\/|$)/.test(name)
    ? 'it belongs to a checkout, not to a build, and may hold secrets'
    : undefined
}

/** What a browser has to be told of a file: by its ending, and by its first bytes. */
async function contentOf(name: string, path: string) {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
    const first = buffer.subarray(0, bytesRead)
    const contentType = typeOf(name) ?? sniffed(first.toString('utf8'))
    const packed =
      first[0] === 0x1f && first[1] === 0x8b && /^text|json|xml|script|wasm/.test(contentType)
    return { contentType, contentEncoding: packed ? ('gzip' as const) : undefined }
  } finally {
    await file.close()
  }
}

/** What tells the bytes of a file from those of an object. */
export interface Digest {
  /** Hexadecimal: the ETag of an object that was uploaded in one call without a KMS key. */
  readonly md5: string
  /** In the form of `Head.checksums`. */
  readonly checksums: readonly string[]
  /** Base64. */
  readonly sha256: string
}

/** Tells whether an object serves what a file would: type, lifetime, encoding, and bytes by ETag or checksum. */
export function isFile(head: Head, file: BuildFile, digest: Digest): boolean {
  return (
    head.size === file.size &&
    isSameType(head.contentType, file.contentType) &&
    head.cacheControl === file.cacheControl &&
    head.contentEncoding === file.contentEncoding &&
    (head.etag === digest.md5 || head.checksums.some((sum) => digest.checksums.includes(sum)))
  )
}

/** Reads a file once, in pieces. */
export async function digestOf({ path }: Pick<BuildFile, 'path'>): Promise<Digest> {
  const md5 = createHash('md5')
  const sha = createHash('sha256')
  let crc = 0
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    md5.update(piece)
    sha.update(piece)
    crc = crc32(piece, crc)
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  const sha256 = sha.digest('base64')
  const checksums = [`sha256=${sha256}`, `crc32=${bytes.toString('base64')}`]
  return { md5: md5.digest('hex'), sha256, checksums }
}
