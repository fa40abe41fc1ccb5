// A site of 2,500 objects, of which a bad release changed 2,000, put back by our action and by s3-pit-restore, each on a bucket
// of its own on one sandbox, with the same delay on every call to S3. What came of it is read from the bucket by the SDK alone.
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type Sandbox, startSandbox } from '../../packages/sandbox/index.ts'
import type { ActionDefinition } from '../actions.ts'
import { byOperation } from './calls.ts'
import { type Ran, runBundle, runProgram } from './program.ts'
import { compare, inTurn, median } from './statistics.ts'
import { milliseconds, ratioText, table } from './table.ts'

/** What the comparison needs. */
export interface SiteRing {
  readonly suite: string
  readonly definition: ActionDefinition
  /** The project's Python, and the script that it runs. */
  readonly python: string
  readonly pitRestore: string
  readonly rounds: number
}

interface Contender {
  readonly name: string
  readonly lanes: number
  go(bucket: string, to: string): Promise<Ran>
}

/** Delay on every call to S3, milliseconds: a bucket in the same region answers in ten to thirty. */
const latency = 20
const some = (count: number, name: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => name(n))

/** The objects, by what the bad release did to them. */
const objects = {
  unchanged: some(500, (n) => `images/${n}.png`),
  content: some(1900, (n) => `pages/${n}.html`),
  headers: some(50, (n) => `headers/${n}.html`),
  deleted: some(50, (n) => `old/${n}.html`),
  pages: some(20, (n) => `new/${n}.html`),
  chunks: some(20, (n) => `assets/chunk${n}-9f8e7d6c.js`),
} as const
const before = [...objects.unchanged, ...objects.content, ...objects.headers, ...objects.deleted]

async function each(items: readonly string[], work: (item: string) => Promise<unknown>) {
  let next = 0
  const lane = async () => {
    while (next < items.length) await work(items[next++] as string)
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

const seconds = (count: number) => new Promise((wake) => setTimeout(wake, count * 1000))

/** What a browser gets of an object, as one text; `absent` when it gets none. */
async function served(s3: S3Client, Bucket: string, Key: string): Promise<string> {
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key })).catch((thrown) => {
    if (thrown?.$metadata?.httpStatusCode === 404) return undefined
    throw thrown
  })
  return head === undefined
    ? 'absent'
    : [head.ETag, head.ContentType, head.CacheControl, head.Metadata?.commit].join(' ')
}

/** The truth of one bucket: what was served at the time that a restore goes to. */
interface Ground {
  readonly bucket: string
  readonly to: string
  readonly truth: ReadonlyMap<string, string>
}

async function prepare(s3: S3Client, Bucket: string): Promise<Ground> {
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const put = (Key: string, commit: string, CacheControl: string, Body = `${commit} ${Key}`) => {
    const more = { ContentType: 'text/html', CacheControl, Metadata: { commit } }
    return s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
  }
  const { content, headers, deleted, pages, chunks } = objects
  await each(before, (key) => put(key, 'good', 'no-cache'))
  await seconds(1.1)
  const to = `${new Date().toISOString().slice(0, 19)}Z`
  const truth = new Map<string, string>()
  await each(before, async (key) => truth.set(key, await served(s3, Bucket, key)))
  await seconds(1.1)
  await each([...content, ...pages, ...chunks], (key) => put(key, 'worse', 'no-cache'))
  await each(headers, (key) => put(key, 'worse', 'max-age=31536000', `good ${key}`))
  await each(deleted, (Key) => s3.send(new DeleteObjectCommand({ Bucket, Key })))
  return { bucket: Bucket, to, truth }
}

/** What a restore left behind. */
interface Left {
  /** Objects that are not as they were, by content or headers. */
  readonly wrong: number
  /** Pages of the bad release that are still served. */
  readonly pages: number
  /** Chunks of the bad release that open pages ask for and do not get. */
  readonly chunks: number
  /** Unchanged objects that were written all the same. */
  readonly rewritten: number
}

async function inspect(s3: S3Client, { bucket, truth }: Ground): Promise<Left> {
  const now = new Map<string, string>()
  const { pages, chunks, unchanged } = objects
  await each([...before, ...pages, ...chunks], async (key) =>
    now.set(key, await served(s3, bucket, key)),
  )
  const list = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'images/' })
  const versions = (await s3.send(list)).Versions?.length ?? 0
  return {
    wrong: before.filter((key) => now.get(key) !== truth.get(key)).length,
    pages: pages.filter((key) => now.get(key) !== 'absent').length,
    chunks: chunks.filter((key) => now.get(key) === 'absent').length,
    rewritten: versions - unchanged.length,
  }
}

interface Turn extends Left {
  readonly wall: number
  readonly calls: ReadonlyMap<string, number>
  readonly total: number
  /** What a second run writes; looked at in the first round alone. */
  readonly again: number | undefined
}

async function takeTurn(
  { sandbox, s3 }: { readonly sandbox: Sandbox; readonly s3: S3Client },
  contender: Contender,
  { bucket, twice }: { readonly bucket: string; readonly twice: boolean },
): Promise<Turn> {
  const ground = await prepare(s3, bucket)
  const run = async () => {
    const after = sandbox.calls.list().at(-1)?.n ?? 0
    sandbox.faults.set([{ effect: 'slow', service: 's3', ms: latency }])
    const ran = await contender.go(bucket, ground.to).finally(() => sandbox.faults.clear())
    if (ran.code !== 0) throw new Error(`${contender.name} ended with ${ran.code}:\n${ran.printed}`)
    return { ran, calls: sandbox.calls.list({ service: 's3', after }) }
  }
  const { ran, calls } = await run()
  const left = await inspect(s3, ground)
  const second = twice ? await run() : undefined
  return {
    ...left,
    wall: ran.ended - ran.began,
    calls: new Map(byOperation(calls)),
    total: calls.length,
    again: second?.calls.filter(({ mutating }) => mutating).length,
  }
}

function ours({ suite, definition }: SiteRing, env: Readonly<Record<string, string>>): Contender {
  const inputs = Object.entries(definition.inputs ?? {}).map(([name, input]) => [
    name,
    String(input.default ?? ''),
  ])
  const script = join(suite, 'dist/s3-frontend-restore/index.js')
  return {
    name: 's3-frontend-restore',
    lanes: 32,
    go: (bucket, to) => runBundle(script, { ...Object.fromEntries(inputs), bucket, to }, { env }),
  }
}

function theirs(
  { python, pitRestore }: SiteRing,
  env: Readonly<Record<string, string>>,
  workers: number | undefined,
): Contender {
  const more = workers === undefined ? [] : ['--max-workers', String(workers)]
  return {
    name: 's3-pit-restore',
    lanes: workers ?? 10,
    go: (bucket, to) => {
      const args = [pitRestore, '-b', bucket, '-B', bucket, '-t', to, ...more]
      return runProgram({ command: python, args, env })
    },
  }
}

/** Restores the same damage by all contenders in turn; returns the tables. */
export async function measureSite(ring: SiteRing): Promise<string> {
  const sandbox = await startSandbox()
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  const s3 = new S3Client({ endpoint: sandbox.url, region: 'us-east-1', credentials })
  const { env } = sandbox
  const contenders = [ours(ring, env), theirs(ring, env, 32), theirs(ring, env, undefined)]
  try {
    const turns = new Map<Contender, Turn[]>(contenders.map((one) => [one, []]))
    for (const contender of inTurn(ring.rounds, contenders).flat()) {
      const bucket = `site-${[...turns.values()].flat().length}`
      const own = turns.get(contender) ?? []
      const given = { bucket, twice: own.length === 0 }
      own.push(await takeTurn({ sandbox, s3 }, contender, given))
    }
    return tables(contenders, turns)
  } finally {
    s3.destroy()
    await sandbox.close()
  }
}

const column = (turns: readonly Turn[], key: 'wall' | 'total') => turns.map((turn) => turn[key])

function tables(
  [first, ...others]: readonly Contender[],
  turns: ReadonlyMap<Contender, readonly Turn[]>,
): string {
  const of = (one: Contender | undefined) => (one && turns.get(one)) ?? []
  const mine = of(first)
  const [equal, defaults] = others
  const title = (what: string, other: Contender | undefined) =>
    `${what} (ours ${first?.lanes} in flight, theirs ${other?.lanes}):`
  return [
    title('Equal concurrency', equal),
    pair(mine, of(equal)),
    title('Default settings', defaults),
    pair(mine, of(defaults)),
    'What is left, the median of the turns; "again" is what a second run writes:',
    leftTable([first, equal, defaults].flatMap((one) => (one ? [[one, of(one)] as const] : []))),
  ].join('\n\n')
}

function pair(mine: readonly Turn[], other: readonly Turn[]): string {
  const operations = [...new Set([...mine, ...other].flatMap(({ calls }) => [...calls.keys()]))]
  const count = (list: readonly Turn[], name: string) =>
    median(list.map(({ calls }) => calls.get(name) ?? 0)).toFixed(0)
  const row = (what: string, key: 'wall' | 'total') => [
    what,
    milliseconds(median(column(mine, key))),
    milliseconds(median(column(other, key))),
    ratioText(compare(column(mine, key), column(other, key))),
  ]
  // With a delay on every call no client can have more answers a second than lanes divided by the delay.
  const pace = (list: readonly Turn[]) =>
    median(list.map(({ total, wall }) => (total * 1000) / wall)).toFixed(0)
  return table(
    ['', 'ours', 'theirs', 'ours/theirs (quartiles)'],
    [
      row('wall ms', 'wall'),
      row('requests', 'total'),
      ['requests a second', pace(mine), pace(other), ''],
      ...operations.sort().map((name) => [name, count(mine, name), count(other, name), '']),
    ],
  )
}

function leftTable(list: readonly (readonly [Contender, readonly Turn[]])[]): string {
  const keys = ['wrong', 'pages', 'chunks', 'rewritten', 'again'] as const
  const rows = list.map(([{ name, lanes }, all]) => [
    `${name}, ${lanes}`,
    ...keys.map((key) => median(all.flatMap((turn) => turn[key] ?? [])).toFixed(0)),
  ])
  const head = ['', 'wrong', 'pages left', 'chunks gone', 'rewritten', 'again']
  return table(head, rows)
}
