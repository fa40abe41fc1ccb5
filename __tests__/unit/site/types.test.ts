import { expect, test } from '@jest/globals'
import {
  cacheControl,
  isSameType,
  parseCacheRules,
  sniffed,
  typeOf,
} from '../../../packages/site/types.ts'

test.each([
  ['index.html', 'text/html; charset=utf-8'],
  ['assets/app-1a2b3c4d.js', 'text/javascript; charset=utf-8'],
  ['a.MJS', 'text/javascript; charset=utf-8'],
  ['app.js.map', 'application/json'],
  ['site.webmanifest', 'application/manifest+json'],
  ['module.wasm', 'application/wasm'],
  ['logo.svg', 'image/svg+xml'],
  ['font.woff2', 'font/woff2'],
  ['what.is-this', 'application/octet-stream'],
  ['v1.2/about', undefined],
  ['.nojekyll', undefined],
])('%s is %s', (key, type) => {
  expect(typeOf(key)).toBe(type)
})

test.each([
  ['<!doctype html>', 'text/html; charset=utf-8'],
  ['\uFEFF \n<html>', 'text/html; charset=utf-8'],
  ['{"applinks": {}}', 'application/json'],
  ['[1]', 'application/json'],
  ['www.acme.example', 'text/plain; charset=utf-8'],
  ['', 'text/plain; charset=utf-8'],
])('a file without an ending that begins with %j is %s', (first, type) => {
  expect(sniffed(first)).toBe(type)
})

test.each([
  ['text/html', 'text/html; charset=utf-8', true],
  ['Text/HTML;charset=UTF-8', 'text/html', true],
  ['application/javascript', 'text/javascript; charset=utf-8', true],
  ['application/x-javascript', 'text/javascript', true],
  ['binary/octet-stream', 'text/html', false],
  ['', 'text/html', false],
])('%s and %s do the same: %s', (one, other, same) => {
  expect(isSameType(one, other)).toBe(same)
})

const rules = `
  file: public, max-age=300
  fonts/*: public, max-age=86400
  *.map: private
  docs/*/index.html: max-age=60
  sw.js: no-store
`
test.each([
  ['assets/app-1a2b3c4d.js', 'asset', 'public, max-age=31536000, immutable'],
  ['index.html', 'document', 'no-cache'],
  ['logo.png', 'file', 'public, max-age=300'],
  ['fonts/a.woff2', 'asset', 'public, max-age=86400'],
  ['app-1a2b3c4d.js.map', 'asset', 'private'],
  ['docs/a/b/index.html', 'document', 'max-age=60'],
  ['docs/index.html', 'document', 'no-cache'],
  ['sw.js', 'service-worker', 'no-store'],
] as const)('%s, a %s, is kept: %s', (path, kind, value) => {
  const parsed = parseCacheRules(rules)
  expect('rules' in parsed && cacheControl(parsed.rules, path, kind)).toBe(value)
})

test.each([
  'page: no-cache',
  'file',
  'file:',
  'file: a\u0007b',
  ': no-cache',
  'documents no-cache',
])('the rule %j is refused', (given) => {
  expect(parseCacheRules(given)).toHaveProperty('problem')
})
