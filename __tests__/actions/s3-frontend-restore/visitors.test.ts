import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { type Means, means, visitSite } from '../../support/browser.ts'
import { runBundle } from '../../support/bundle.ts'

let sandbox: Sandbox
let s3: S3Client
let all: readonly [Means, ...Means[]]
beforeAll(async () => {
  all = await means()
  sandbox = await startSandbox({ scale: 60 })
  const credentials = { accessKeyId: '123456789012', secretAccessKey: 'x' }
  s3 = new S3Client({ endpoint: sandbox.url, region: 'us-east-1', credentials })
}, 120_000)
afterAll(async () => {
  s3.destroy()
  await sandbox.close()
})

const parts = Array.from({ length: 12 }, (_, n) => n)

/** A build as bundlers make them: a page, a style, an entry, chunks that it imports, and one that it imports a while later. */
function build(name: 'good' | 'evil'): ReadonlyMap<string, readonly [type: string, body: string]> {
  const hash = name === 'good' ? '1a2b3c4d' : '9f8e7d6c'
  const js = 'text/javascript'
  const imports = parts.map((n) => `import './part${n}-${hash}.js'`).join('\n')
  const late = `setTimeout(() => import('./late-${hash}.js'), 700)`
  return new Map<string, readonly [string, string]>([
    ...parts.map((n) => [`assets/part${n}-${hash}.js`, [js, `export default ${n}`]] as const),
    [`assets/late-${hash}.js`, [js, `document.title = '${name}'`]],
    [`assets/entry-${hash}.js`, [js, `${imports}\n${late}`]],
    [`assets/style-${hash}.css`, ['text/css', 'body { color: black }']],
    [
      'index.html',
      [
        'text/html',
        `<!doctype html><meta name="build" content="${name}"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style-${hash}.css"><script type="module" src="/assets/entry-${hash}.js"></script>`,
      ],
    ],
  ])
}

async function site(Bucket: string) {
  await s3.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const put = (Key: string, [ContentType, Body]: readonly [string, string]) => {
    const CacheControl = Key === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable'
    return s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType, CacheControl }))
  }
  const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket, Key }))
  const { id, url } = await sandbox.cloudfront.distribute({ bucket: Bucket })
  const deploy = async (name: 'good' | 'evil') => {
    for (const [key, content] of build(name)) await put(key, content)
  }
  /** As `aws s3 sync --delete` does it. */
  const replace = async () => {
    await deploy('evil')
    for (const key of build('good').keys()) if (key !== 'index.html') await remove(key)
  }
  return { Bucket, id, url, put, remove, deploy, replace }
}

test('nobody who visits while a bad build goes back misses anything, whichever build they got', async () => {
  for (const by of all) {
    const at = await site(`visited-${by}`)
    await at.deploy('good')
    await wait(1100)
    const to = `${new Date().toISOString().slice(0, 19)}Z`
    await wait(1100)
    await at.replace()
    const visitor = await visitSite(at.url, { by, lingers: 1200 })
    await wait(1500)
    const ended = await runBundle('s3-frontend-restore', {
      inputs: { bucket: at.Bucket, distribution: at.id, to, url: at.url, 'poll-interval': '50ms' },
      env: { ...sandbox.env },
    })
    await wait(2000)
    const visits = await visitor.stop()
    expect({ by, code: ended.code, ...ended.outputs }).toMatchObject({ code: 0, outcome: 'done' })
    expect({ by, ...visits }).toMatchObject({ by, missing: [], wrongType: [], errors: [] })
    expect([...visits.builds.keys()]).toEqual(['evil', 'good'])
    expect(visits.loads).toBeGreaterThan(3)
  }
}, 120_000)

test('a visitor would notice: the chunks of the bad build are deleted, or served as a page', async () => {
  for (const by of all) {
    const at = await site(`robbed-${by}`)
    await at.deploy('good')
    await at.replace()
    const visitor = await visitSite(at.url, { by, lingers: 1200 })
    await wait(300)
    await at.remove('assets/late-9f8e7d6c.js')
    await wait(2500)
    const visits = await visitor.stop()
    expect({ by, missing: visits.missing[0] }).toEqual({
      by,
      missing: '404 /assets/late-9f8e7d6c.js',
    })

    const page = await site(`masked-${by}`)
    await page.deploy('evil')
    await page.put('assets/part3-9f8e7d6c.js', ['text/html', '<!doctype html>'])
    const fooled = await visitSite(page.url, { by })
    await wait(1500)
    expect({ by, wrong: (await fooled.stop()).wrongType[0] }).toEqual({
      by,
      wrong: 'text/html for /assets/part3-9f8e7d6c.js',
    })
  }
}, 120_000)
