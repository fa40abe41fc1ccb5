import { createHash } from 'node:crypto'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { fits, isIntact, judgeAsset } from '../../../packages/health/assets.ts'
import type { Answer } from '../../../packages/health/fetch.ts'
import type { AssetKind } from '../../../packages/health/html.ts'

const url = 'https://www.acme.example/assets/a.js'
const answer = (
  type: string,
  body: string | Uint8Array = 'let a',
  more: { status?: number; headers?: Readonly<Record<string, string>>; truncated?: boolean } = {},
): Answer => ({
  is: 'answer',
  status: more.status ?? 200,
  headers: { 'content-type': type, ...more.headers },
  body: '',
  bytes: Buffer.from(body),
  truncated: more.truncated ?? false,
})
const judge = (kind: AssetKind, given: Answer, integrity = '') =>
  judgeAsset({ url, kind, integrity }, given)

const source = 'import"./b.js";'
const hash = (algorithm: string) =>
  `${algorithm}-${createHash(algorithm).update(source).digest('base64')}`

describe('a file is', () => {
  test.each<[what: string, kind: AssetKind, given: Answer, is: string]>([
    ['there', 'script', answer('application/javascript; charset=utf-8'), 'fine'],
    ['missing', 'script', answer('text/html', 'x', { status: 404 }), 'wrong'],
    ['missing, as S3 says it', 'script', answer('application/xml', 'x', { status: 403 }), 'wrong'],
    ['somewhere else', 'script', answer('', '', { status: 302 }), 'wrong'],
    [
      'answered by the page that answers everything',
      'module',
      answer('text/html', '<!doctype html>'),
      'wrong',
    ],
    [
      'a page with the type of a script',
      'script',
      answer('text/javascript', '\n<!DOCTYPE html><p>'),
      'wrong',
    ],
    ['empty', 'script', answer('text/javascript', ''), 'wrong'],
    ['a style sheet with no type', 'style', answer('', 'a {}'), 'wrong'],
    ['failing for a moment', 'script', answer('', '', { status: 503 }), 'failing'],
    ['failing', 'script', answer('', '', { status: 500 }), 'failing'],
    ['behind a limit', 'script', answer('', '', { status: 429 }), 'unknown'],
    [
      'behind a firewall',
      'script',
      answer('text/html', 'x', { status: 403, headers: { 'x-amzn-waf-action': 'captcha' } }),
      'unknown',
    ],
    [
      'out of reach of the runner',
      'script',
      { is: 'failed', code: 'ENOTFOUND', message: 'x' },
      'unknown',
    ],
    ['not answered', 'script', { is: 'failed', code: 'ECONNRESET', message: 'x' }, 'failing'],
    [
      'compressed as it lies',
      'module',
      answer('text/javascript', gzipSync(source), { headers: { 'content-encoding': 'gzip' } }),
      'fine',
    ],
  ])('%s', (_, kind, given, is) => {
    expect(judge(kind, given).is).toBe(is)
  })

  test.each([
    ['', 'fine'],
    [hash('sha256'), 'fine'],
    [hash('sha512'), 'fine'],
    [`${hash('sha512')} sha256-wrong`, 'fine'],
    [`${hash('sha256')} sha512-wrong`, 'wrong'],
    ['sha384-AAAA', 'wrong'],
    ['md5-AAAA', 'fine'],
  ])('judged by its integrity %s: %s', (integrity, is) => {
    expect(judge('module', answer('text/javascript', source), integrity).is).toBe(is)
    const headers = { 'content-encoding': 'br' }
    const compressed = answer('text/javascript', brotliCompressSync(source), { headers })
    expect(judge('module', compressed, integrity).is).toBe(is)
  })

  test('in doubt when its hash cannot be taken', () => {
    const cut = answer('text/javascript', source, { truncated: true })
    expect(judge('module', cut, hash('sha256')).is).toBe('unknown')
  })

  test('followed by what it imports', () => {
    expect(judge('module', answer('text/javascript', source))).toMatchObject({
      imports: [{ url: 'https://www.acme.example/assets/b.js', kind: 'module' }],
    })
    expect(judge('script', answer('text/javascript', source))).toMatchObject({ imports: [] })
  })
})

describe('a browser takes', () => {
  test.each<[kind: AssetKind, type: string, sniffing: string | undefined, taken: boolean]>([
    ['module', 'text/javascript', undefined, true],
    ['module', 'application/x-javascript', undefined, true],
    ['module', 'application/octet-stream', undefined, false],
    ['module', '', undefined, false],
    ['script', 'application/octet-stream', undefined, true],
    ['script', 'application/octet-stream', 'nosniff', false],
    ['script', 'text/html', undefined, false],
    ['script', 'image/png', undefined, false],
    ['style', 'text/css', undefined, true],
    ['style', 'text/plain', undefined, false],
    ['image', 'image/svg+xml', undefined, true],
    ['image', 'binary/octet-stream', undefined, true],
    ['image', 'text/html', undefined, false],
    ['other', 'application/manifest+json', undefined, true],
    ['other', 'text/html', undefined, false],
  ])('%s %j (%j): %j', (kind, type, sniffing, taken) => {
    expect(fits(kind, type, sniffing)).toBe(taken)
  })
})

test('a hash in the alphabet of URLs counts as well', () => {
  const bytes = Buffer.from(source)
  const hashed = createHash('sha256').update(bytes).digest('base64url')
  expect(isIntact(bytes, `sha256-${hashed}`)).toBe(true)
})
