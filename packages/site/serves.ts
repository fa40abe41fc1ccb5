import { createHash } from 'node:crypto'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { call } from '#aws'
import { CallError, messageOf, type Run, until } from '#core'
import type { SiteClients } from './client.ts'
import { edgePath } from './keys.ts'
import type { Site } from './state.ts'

/** What arrives at a browser, compared with what lies in the bucket. */
export type Served =
  | { readonly is: 'right'; readonly looked: number }
  | { readonly is: 'wrong'; readonly why: string }

/** Enough to tell; the check `assets` of verify-health looks at everything. */
const most = 10
const patience = 120_000

/** Loads restored documents through the site's own address until they are those of the bucket. */
export async function serves(
  run: Run,
  clients: SiteClients,
  given: { readonly site: Site; readonly url: string; readonly keys: readonly string[] },
): Promise<Served> {
  const { site, url } = given
  const keys = [...given.keys].sort((a, b) => a.length - b.length).slice(0, most)
  const waited = await until(run, {
    what: `restored documents at ${url}`,
    within: patience,
    look: async () => {
      for (const key of keys) {
        const why = await differs(clients, site, { url, key })
        if (why !== undefined) return { is: 'waiting', seen: why }
      }
      return { is: 'found', value: undefined }
    },
  })
  return waited.is === 'found'
    ? { is: 'right', looked: keys.length }
    : { is: 'wrong', why: waited.seen }
}

async function differs(
  clients: SiteClients,
  site: Site,
  { url, key }: { readonly url: string; readonly key: string },
): Promise<string | undefined> {
  const path = edgePath(key.slice(site.prefix.length))
  const lies = await call(clients.s3, new GetObjectCommand({ Bucket: site.bucket, Key: key }), key)
  const wanted = hash((await lies.Body?.transformToByteArray()) ?? new Uint8Array())
  try {
    const answer = await fetch(new URL(path, url), {
      headers: { 'accept-encoding': 'identity' },
      signal: AbortSignal.timeout(10_000),
    })
    if (answer.status !== 200) return `${path} answers ${answer.status}`
    const body = new Uint8Array(await answer.arrayBuffer())
    return hash(body) === wanted ? undefined : `${path} is not what the bucket has`
  } catch (thrown) {
    if (thrown instanceof CallError) throw thrown
    return `${path} cannot be loaded: ${messageOf(thrown)}`
  }
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
