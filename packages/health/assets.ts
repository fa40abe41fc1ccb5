import { createHash } from 'node:crypto'
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'
import type { AssetsPlan } from './checks.ts'
import type { Answer, Ask, FetchOnce } from './fetch.ts'
import { type AssetKind, importsOf, type Reference, referencesOf } from './html.ts'
import { firewallOf, judgeFailure, judgeHttp } from './http.ts'
import { brief, type Seen } from './sample.ts'

type Answered = Extract<Answer, { is: 'answer' }>

/** Files that are asked at the same time, files of one document, bytes of one of them: at most. */
const [atOnce, mostFiles, mostBytes] = [8, 200, 8 * 1024 * 1024]

/** A browser's reload: every cache on the way that obeys must ask its origin. CloudFront obeys no viewer, as for visitors. */
const uncached = { 'cache-control': 'no-cache', pragma: 'no-cache' }

/** What one file turned out to be. */
export type Found =
  | { readonly is: 'fine'; readonly imports: readonly Reference[] }
  /** It says nothing about the release. */
  | { readonly is: 'unknown'; readonly why: string }
  /** Perhaps only for a moment. */
  | { readonly is: 'failing'; readonly why: string; readonly late: boolean }
  /** Deterministic: missing, or not what it should be. */
  | { readonly is: 'wrong'; readonly why: string }

interface Looked {
  readonly reference: Reference
  readonly found: Found
}

const expected = 'every file: status 200, a type that fits, bytes'

/**
 * Fetches a document and every file of its own origins to which it refers, with the static imports of its modules, and judges
 * them. A file that is missing or wrong is hard evidence once changes had time to spread (`spread`); before, it may be late.
 */
export async function lookAtAssets(
  fetchOnce: FetchOnce,
  plan: AssetsPlan,
  { spread }: { readonly spread: boolean },
): Promise<Seen> {
  const page = await ask(fetchOnce, plan, { url: plan.url, limit: mostBytes })
  const seen = judgeHttp(documentPlan(plan), { answer: page, ms: 0 }, { is: 'unknown', why: '' })
  if (seen.class !== 'good' || page.is === 'failed') return seen
  const text = textOf(page)
  if (text === undefined || page.truncated) return nothing('the document cannot be read')
  const all = referencesOf(text, plan.url)
  const own = all.filter(({ url }) => plan.origins.includes(new URL(url).origin))
  const objection = objectionTo(own.length, all.length - own.length)
  if (objection !== undefined) return nothing(objection)
  const looked = await lookAtAll(fetchOnce, plan, own)
  return judgeLooked(plan, looked, { spread, foreign: all.length - own.length })
}

const nothing = (why: string): Seen => ({ class: 'void', value: 'no files', expected, why })

function objectionTo(own: number, foreign: number): string | undefined {
  if (own > mostFiles)
    return `the document refers to ${own} files, more than the ${mostFiles} that are looked at`
  if (own > 0) return undefined
  return foreign > 0
    ? `all ${foreign} files are of other origins: name the team's own under origins`
    : 'the document refers to no files: nothing can be judged'
}

const documentPlan = (plan: AssetsPlan) => ({
  kind: 'http' as const,
  name: plan.name,
  url: plan.url,
  method: 'GET' as const,
  headers: {},
  statuses: [200],
  contains: undefined,
  json: [],
  latencyBelow: undefined,
  timeout: plan.timeout,
  version: undefined,
})

function ask(
  fetchOnce: FetchOnce,
  plan: AssetsPlan,
  { url, limit }: { readonly url: string; readonly limit: number },
): Promise<Answer> {
  const headers = { ...uncached, ...plan.headers }
  return fetchOnce({ url, method: 'GET', headers, timeout: plan.timeout, limit } satisfies Ask)
}

/** The references, then what their modules import. */
async function lookAtAll(
  fetchOnce: FetchOnce,
  plan: AssetsPlan,
  references: readonly Reference[],
): Promise<readonly Looked[]> {
  const first = await lookAtEach(fetchOnce, plan, references)
  const known = new Set(references.map(({ url }) => url))
  const deeper = new Map<string, Reference>()
  for (const one of first.flatMap(({ found }) => (found.is === 'fine' ? found.imports : []))) {
    const own = plan.origins.includes(new URL(one.url).origin)
    if (own && !known.has(one.url)) deeper.set(one.url, one)
  }
  const rest = [...deeper.values()].slice(0, mostFiles - references.length)
  return [...first, ...(await lookAtEach(fetchOnce, plan, rest))]
}

async function lookAtEach(
  fetchOnce: FetchOnce,
  plan: AssetsPlan,
  references: readonly Reference[],
): Promise<readonly Looked[]> {
  const waiting = [...references]
  const looked: Looked[] = []
  const work = async () => {
    // A site that does not answer at all is told by its first files: waiting for each of them would hold up the other checks.
    const silent = () => looked.filter(({ found }) => found.is === 'failing').length >= atOnce
    for (let reference = waiting.shift(); reference && !silent(); reference = waiting.shift()) {
      const { url, kind, integrity } = reference
      const whole = kind === 'module' || integrity !== ''
      const answer = await ask(fetchOnce, plan, { url, limit: whole ? mostBytes : 1024 })
      looked.push({ reference, found: judgeAsset(reference, answer) })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return looked
}

/** Judges the answer for one file. */
export function judgeAsset(reference: Reference, answer: Answer): Found {
  if (answer.is === 'failed') {
    const { class: is, why, late } = judgeFailure(answer)
    return is === 'void' ? { is: 'unknown', why } : { is: 'failing', why, late: late !== undefined }
  }
  const { status } = answer
  const firewall = firewallOf(answer)
  if (firewall !== undefined || status === 429) {
    return { is: 'unknown', why: `the runner seems blocked or limited (${firewall ?? status})` }
  }
  if (status >= 500) return { is: 'failing', why: `status ${status}`, late: status !== 500 }
  // S3 answers 403 for an object that is not there to who may not list the bucket; its document came from the same place.
  if (status !== 200) return { is: 'wrong', why: `status ${status}` }
  return judgeContent(reference, answer)
}

function judgeContent(reference: Reference, answer: Answered): Found {
  const { kind, integrity } = reference
  const type = typeOf(answer)
  const bytes = bytesOf(answer)
  if (bytes.length === 0) return { is: 'wrong', why: 'it is empty' }
  if (!fits(kind, type, answer.headers['x-content-type-options'])) {
    return { is: 'wrong', why: `it is answered as ${brief(type || 'no type', 40)}` }
  }
  const whole = decoded(answer)
  if (whole !== undefined && startsAsHtml(whole)) return { is: 'wrong', why: 'it is an HTML page' }
  if (integrity !== '' && (answer.truncated || whole === undefined)) {
    return { is: 'unknown', why: 'its bytes cannot be compared with its integrity attribute' }
  }
  if (integrity !== '' && whole !== undefined && !isIntact(whole, integrity)) {
    return { is: 'wrong', why: 'its bytes do not have the hash of its integrity attribute' }
  }
  return { is: 'fine', imports: kind === 'module' ? resolved(whole, reference.url) : [] }
}

function resolved(source: Uint8Array | undefined, base: string): readonly Reference[] {
  const text = source === undefined ? '' : Buffer.from(source).toString('utf8')
  return importsOf(text).map((one) => ({ ...one, url: new URL(one.url, base).href }))
}

const typeOf = ({ headers }: Answered) =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

/** JavaScript's types (WHATWG MIME Sniffing, "JavaScript MIME type"). */
const script =
  /^(text|application)\/(x-)?(javascript|ecmascript)$|^text\/(javascript1\.[0-5]|jscript|livescript)$/
/** What browsers refuse to run as a classic script (WHATWG Fetch, "blocked due to its MIME type"). */
const refused = /^(image|audio|video)\/|^text\/(csv|html)$|^application\/xhtml\+xml$/

/** Whether a browser would take this type for this kind of file. Images and fonts it recognizes by their bytes. */
export function fits(kind: AssetKind, type: string, sniffing: string | undefined): boolean {
  const strict = sniffing?.trim().toLowerCase() === 'nosniff'
  switch (kind) {
    case 'module':
      return script.test(type)
    case 'script':
      return strict ? script.test(type) : !refused.test(type)
    case 'style':
      return type === 'text/css'
    case 'image':
    case 'other':
      return type !== 'text/html' && type !== 'application/xhtml+xml'
  }
}

function startsAsHtml(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('utf8')
  return /^\s*<(!doctype\s+html|html)[\s>]/i.test(head.replace(/^\uFEFF/, ''))
}

const bytesOf = (answer: Answered): Uint8Array => answer.bytes ?? Buffer.from(answer.body)

/** The content of an answer: S3 sends a `Content-Encoding` as the object has it, whatever was accepted. */
function decoded(answer: Answered): Uint8Array | undefined {
  const bytes = bytesOf(answer)
  // A beginning is enough: what was cut off is not needed.
  const options = { maxOutputLength: mostBytes, finishFlush: constants.Z_SYNC_FLUSH }
  try {
    switch ((answer.headers['content-encoding'] ?? '').trim().toLowerCase()) {
      case '':
      case 'identity':
        return bytes
      case 'gzip':
        return gunzipSync(bytes, options)
      case 'br':
        return brotliDecompressSync(bytes, {
          maxOutputLength: mostBytes,
          finishFlush: constants.BROTLI_OPERATION_FLUSH,
        })
      case 'deflate':
        return inflateSync(bytes, options)
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

function textOf(answer: Answered): string | undefined {
  const bytes = decoded(answer)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
}

const strength = ['sha256', 'sha384', 'sha512']

/** Whether bytes have one of the strongest hashes of an integrity attribute (W3C Subresource Integrity). */
export function isIntact(bytes: Uint8Array, integrity: string): boolean {
  const given = integrity
    .trim()
    .split(/\s+/)
    .flatMap((one) => {
      const [, algorithm, hash] = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+=*)/.exec(one) ?? []
      return algorithm && hash ? [{ algorithm, hash }] : []
    })
  const best = strength.findLast((name) => given.some(({ algorithm }) => algorithm === name))
  if (best === undefined) return true
  const wanted = createHash(best).update(bytes).digest('base64')
  const plain = (hash: string) => hash.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '')
  return given.some(({ algorithm, hash }) => algorithm === best && plain(hash) === plain(wanted))
}

/** The worst file speaks for all; the others are named beside it. */
function judgeLooked(
  plan: AssetsPlan,
  looked: readonly Looked[],
  { spread, foreign }: { readonly spread: boolean; readonly foreign: number },
): Seen {
  const of = (is: Found['is']) => looked.filter(({ found }) => found.is === is)
  const [wrong, failing, unknown] = [of('wrong'), of('failing'), of('unknown')]
  const beside = foreign > 0 ? `, ${foreign} of other origins not looked at` : ''
  const value = `${of('fine').length} of ${looked.length} files${beside}`
  const base = { value, expected }
  if (wrong.length > 0) {
    const why = listed(plan, wrong)
    return spread
      ? { ...base, class: 'bad', hard: why, why }
      : { ...base, class: 'bad', late: 'in-progress', why: `${why}; it may still be spreading` }
  }
  if (failing.length > 0) {
    const late = failing.every(({ found }) => found.is === 'failing' && found.late)
    return {
      ...base,
      class: 'bad',
      ...(late ? { late: 'starting' as const } : {}),
      why: listed(plan, failing),
    }
  }
  if (unknown.length > 0) return { ...base, class: 'void', why: listed(plan, unknown) }
  return { ...base, class: 'good', why: 'every file is there' }
}

function listed(plan: AssetsPlan, looked: readonly Looked[]): string {
  const first = looked.slice(0, 3).map(({ reference, found }) => {
    return `${pathOf(plan, reference.url)}: ${found.is === 'fine' ? 'fine' : found.why}`
  })
  return `${first.join('; ')}${looked.length > 3 ? `; and ${looked.length - 3} more` : ''}`
}

/** The path, with the host where it is not the document's; never the query, which may carry a signature. */
function pathOf(plan: AssetsPlan, url: string): string {
  const { origin, host, pathname } = new URL(url)
  return brief(origin === new URL(plan.url).origin ? pathname : `${host}${pathname}`, 100)
}
