import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { digestOf, isFile, readBuild } from '../../../packages/site/build.ts'

/** A folder with these files. */
function folder(files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'build-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return root
}
const site = { prefix: 'app/' }
const keysOf = async (root: string) => [...(await readBuild(root, site, [])).files.keys()].sort()

describe('a build', () => {
  test('becomes keys below the prefix, whatever the names are', async () => {
    const names = ['a b+ü%.html', '-rf', '__proto__', '.well-known/x', '$(id).html', "it's\\.html"]
    const root = folder(Object.fromEntries(names.map((name) => [name, name])))
    expect(await keysOf(root)).toEqual(names.map((name) => `app/${name}`).sort())
  })

  test('has the links to its own files, as files', async () => {
    const root = folder({ 'index.html': 'page' })
    symlinkSync('index.html', join(root, 'home.html'))
    expect(await keysOf(root)).toEqual(['app/home.html', 'app/index.html'])
  })

  test('may be compressed already, which its first bytes tell', async () => {
    const packed = gzipSync('x')
    const root = folder({ 'app.js': packed, 'app.tar.gz': packed, 'plain.js': 'x' })
    const { files } = await readBuild(root, site, [])
    const encodings = ['app/app.js', 'app/app.tar.gz', 'app/plain.js'].map(
      (key) => files.get(key)?.contentEncoding,
    )
    expect(encodings).toEqual(['gzip', undefined, undefined])
  })
})

describe('refused of a build', () => {
  const outside = folder({ secret: 'x', 'folder/file': 'x' })
  test.each<readonly [string, (root: string) => void, string]>([
    ['a link out of it', (root) => symlinkSync(join(outside, 'secret'), join(root, 'x')), 'out of'],
    ['a link up', (root) => symlinkSync('../..', join(root, 'x')), 'out of'],
    ['a folder outside', (root) => symlinkSync(outside, join(root, 'x')), 'out of'],
    ['a link to itself', (root) => symlinkSync('x', join(root, 'x')), 'to nothing'],
    ['a link to a folder', (root) => symlinkSync('sub', join(root, 'x')), 'to a folder'],
    ['a line end', (root) => writeFileSync(join(root, 'a\nb.html'), 'x'), 'control characters'],
    [
      'bytes that are no UTF-8',
      (root) => writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]), 'x'),
      'no UTF-8',
    ],
    ['an environment', (root) => writeFileSync(join(root, '.env.production'), 'x'), 'secrets'],
    [
      'a long key',
      (root) => {
        const path = join(root, ...Array.from({ length: 5 }, () => 'd'.repeat(210)))
        mkdirSync(path, { recursive: true })
        writeFileSync(join(path, 'x.html'), 'x')
      },
      '1,024 bytes',
    ],
  ])('%s', async (_what, make, why) => {
    const root = folder({ 'index.html': 'page', 'sub/index.html': 'page' })
    make(root)
    const { refusals } = await readBuild(root, site, [])
    expect(refusals).toHaveLength(1)
    expect(refusals[0]?.[1]).toContain(why)
  })
})

test('an object is a file when headers and bytes agree, by ETag or by a checksum', async () => {
  const root = folder({ 'index.html': 'page' })
  const file = (await readBuild(root, site, [])).files.get('app/index.html')
  if (!file) throw new Error('no file')
  const digest = await digestOf(file)
  const head = {
    headers: '',
    contentType: 'text/html',
    cacheControl: 'no-cache',
    contentEncoding: undefined,
    etag: digest.md5,
    size: 4,
    checksums: [],
    archived: false,
    again: {},
  }
  const rows = [
    [{}, true],
    [{ etag: 'of-a-kms-key' }, false],
    [{ etag: 'in-parts-2', checksums: digest.checksums.slice(0, 1) }, true],
    [{ etag: 'in-parts-2', checksums: digest.checksums.slice(1) }, true],
    [{ contentType: 'binary/octet-stream' }, false],
    [{ cacheControl: '' }, false],
    [{ contentEncoding: 'gzip' }, false],
    [{ size: 5 }, false],
  ] as const
  expect(rows.map(([more]) => isFile({ ...head, ...more }, file, digest))).toEqual(
    rows.map(([, is]) => is),
  )
})
