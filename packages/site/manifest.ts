import { createHash } from 'node:crypto'
import { CallError } from '#core'
import { envelope, type SiteManifest, type SiteState, type Store, siteManifest } from '#store'
import type { SiteClients } from './client.ts'
import type { At } from './decide.ts'
import { histories } from './list.ts'
import { locationOf, type Site, type Version } from './state.ts'

/** A manifest as it will lie in the store. */
export interface Taken {
  readonly state: SiteState
  readonly text: string
  /** Objects that could not be copied back as they are: key and why. */
  readonly doubts: readonly string[]
}

const archives = /^(GLACIER|DEEP_ARCHIVE)$/
const largest = 5 * 1024 ** 3

/**
 * Lists what a site serves now, by version. The document says nothing of when it was taken, so the same objects give the
 * same bytes, and its name is their hash: a repeat finds it there, and nothing is ever written over.
 */
export async function takeManifest(clients: SiteClients, site: Site, store: Store): Promise<Taken> {
  const lines: string[] = []
  const doubts: string[] = []
  let bytes = 0
  for await (const { key, versions } of histories(clients, site)) {
    const now = versions.find((one) => one.latest)
    if (now === undefined || now.marker) continue
    lines.push(JSON.stringify([key, now.versionId, now.etag, now.size]))
    bytes += now.size
    doubts.push(...doubtsOf(now))
  }
  const head = JSON.stringify({
    kind: 'site-manifest',
    ...envelope(store),
    bucket: site.bucket,
    prefix: site.prefix,
  })
  const text = `${head.slice(0, -1)},"objects":[\n${lines.join(',\n')}\n]}\n`
  const sha256 = createHash('sha256').update(text).digest('hex')
  const manifest = { key: manifestKey(store, sha256), sha256, objects: lines.length, bytes }
  const { bucket, prefix, distribution } = site
  const state = { bucket, prefix, ...(distribution ? { distribution } : {}), manifest }
  return { state, text, doubts }
}

function doubtsOf(now: Version): readonly string[] {
  if (archives.test(now.storageClass)) {
    return [
      `${now.key} is archived (${now.storageClass}): once changed it could not be copied back`,
    ]
  }
  return now.size > largest
    ? [`${now.key} has more than 5 GiB: once changed it could not be copied back in one call`]
    : []
}

/** Where a manifest lies in the store: beside the deployments of its environment, by its hash. */
export const manifestKey = (store: Pick<Store, 'environment'>, sha256: string) =>
  `${store.environment}/sites/${sha256}.json`

/** Writes a manifest; one that is there already is the same. */
export async function keepManifest(store: Store, { state, text }: Taken): Promise<void> {
  await store.objects.create(state.manifest.key, text)
}

/**
 * Reads the manifest that a restore point names. Throws `CallError` when it is not there, was changed, or is of another
 * environment or site.
 */
export async function readManifest(
  store: Store,
  sha256: string,
  site: Pick<Site, 'bucket' | 'prefix'>,
): Promise<SiteManifest> {
  const key = manifestKey(store, sha256)
  const stored = await store.objects.get(key)
  if (stored === undefined) throw wrong(store, key, 'it is not there')
  const hash = createHash('sha256').update(stored.text).digest('hex')
  if (hash !== sha256) throw wrong(store, key, `its content has another hash, ${hash}`)
  const parsed = siteManifest.safeParse(JSON.parse(stored.text))
  if (!parsed.success)
    throw wrong(store, key, `it is no manifest: ${parsed.error.issues[0]?.message}`)
  const { bucket, prefix } = parsed.data
  if (bucket !== site.bucket || prefix !== site.prefix) {
    throw wrong(
      store,
      key,
      `it is of ${locationOf({ bucket, prefix })}, not of ${locationOf(site)}`,
    )
  }
  return parsed.data
}

const wrong = (store: Store, key: string, why: string) =>
  new CallError(
    {
      action: 's3:GetObject',
      on: `${store.objects.location}/${key}`,
      code: 'MalformedDocument',
      next: 'look at the object and its earlier versions, or name another destination in to:, such as a time',
    },
    why,
  )

/** What a manifest says of its keys; a key that it does not have was not there. */
export function recordedIn(manifest: SiteManifest): Map<string, Extract<At, { is: 'version' }>> {
  return new Map(
    manifest.objects.map(([key, versionId, etag, size]) => [
      key,
      { is: 'version', versionId, etag, size },
    ]),
  )
}
