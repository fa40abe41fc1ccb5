import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3'
import { call } from '#aws'
import type { SiteClients } from './client.ts'
import { type History, locationOf, type Site, secondOf, type Version } from './state.ts'

/** Where to look, and how many versions a page may have (S3: 1,000 at most). */
export interface Look extends Pick<Site, 'bucket' | 'prefix'> {
  readonly pageSize?: number
}

/**
 * The versions of every key below the prefix, key by key in S3's order. Only one page and one key are kept at a time: a key
 * whose versions go over a page's end is carried over. A page with delete markers alone is as good as any other.
 */
export async function* histories(clients: SiteClients, look: Look): AsyncGenerator<History> {
  let carried: History | undefined
  for await (const page of pages(clients, look)) {
    for (const history of byKey(page)) {
      if (carried === undefined) carried = history
      else if (carried.key === history.key) {
        carried = { key: carried.key, versions: [...carried.versions, ...history.versions] }
      } else {
        yield carried
        carried = history
      }
    }
  }
  if (carried) yield carried
}

type Page = ListObjectVersionsCommandOutput

/** There is no paginator for this call in the SDK: both markers go from page to page. */
async function* pages(clients: SiteClients, look: Look): AsyncGenerator<Page> {
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {}
  for (;;) {
    const page: Page = await call(
      clients.s3,
      new ListObjectVersionsCommand({
        Bucket: look.bucket,
        Prefix: look.prefix,
        MaxKeys: look.pageSize ?? 1000,
        ...markers,
      }),
      locationOf(look),
    )
    yield page
    if (!page.IsTruncated) return
    markers = {
      ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker === undefined
        ? {}
        : { VersionIdMarker: page.NextVersionIdMarker }),
    }
  }
}

/** The versions of a page by key. The SDK keeps versions and markers apart and each list in order: time joins them again. */
function byKey(page: Page): readonly History[] {
  const found = new Map<string, Version[]>()
  for (const version of [...versionsOf(page), ...markersOf(page)]) {
    const list = found.get(version.key)
    if (list) list.push(version)
    else found.set(version.key, [version])
  }
  return [...found]
    .map(([key, versions]) => ({ key, versions: versions.sort(newestFirst) }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

/** Stable, so that two of one list and one second stay in S3's order. */
const newestFirst = (a: Version, b: Version) =>
  Number(b.latest) - Number(a.latest) || b.modified - a.modified

const versionsOf = (page: Page): readonly Version[] =>
  (page.Versions ?? []).map((one) => ({
    key: one.Key ?? '',
    versionId: one.VersionId ?? 'null',
    marker: false,
    latest: one.IsLatest ?? false,
    modified: one.LastModified?.getTime() ?? 0,
    etag: (one.ETag ?? '').replaceAll('"', ''),
    size: one.Size ?? 0,
    storageClass: String(one.StorageClass ?? 'STANDARD'),
  }))

const markersOf = (page: Page): readonly Version[] =>
  (page.DeleteMarkers ?? []).map((one) => ({
    key: one.Key ?? '',
    versionId: one.VersionId ?? 'null',
    marker: true,
    latest: one.IsLatest ?? false,
    modified: one.LastModified?.getTime() ?? 0,
    etag: '',
    size: 0,
    storageClass: '',
  }))

/**
 * The true order of one key's versions, newest first: a listing with one version a page keeps what the SDK's two lists lose.
 * Stops behind the second that is asked for. The prefix also matches longer keys, at which it ends.
 */
export async function walk(
  clients: SiteClients,
  site: Pick<Site, 'bucket'>,
  { key, until }: { readonly key: string; readonly until: number },
): Promise<readonly Version[]> {
  const found: Version[] = []
  for await (const page of pages(clients, { bucket: site.bucket, prefix: key, pageSize: 1 })) {
    const [one] = [...versionsOf(page), ...markersOf(page)]
    if (one === undefined || one.key !== key || secondOf(one.modified) < until) break
    found.push(one)
  }
  return found
}
