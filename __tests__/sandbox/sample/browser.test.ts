import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { isWhole, loadPage } from '../../../packages/sandbox/sample/browser.ts'
import { visit } from '../../../packages/sandbox/sample/visitors.ts'

/** What the stories take for a whole page: judged on sites that lie in one place each. */
type Site = Readonly<Record<string, readonly [type: string, text: string, status?: number]>>

const whole: Site = {
  '/': [
    'text/html; charset=utf-8',
    `<meta name="release" content="2"><meta name="commit" content="abc">
     <link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/style.css">
     <link rel="modulepreload" href="/assets/list.js"><script type="module" src="/assets/app.js"></script>`,
  ],
  '/assets/style.css': ['text/css', 'body {}'],
  '/assets/app.js': [
    'text/javascript',
    `import { a } from './a.js'
     import './b.js'
     const { show } = await import('./list.js')`,
  ],
  '/assets/a.js': ['text/javascript', "import { b } from './b.js'"],
  '/assets/b.js': ['text/javascript', 'export const b = 1'],
  '/assets/list.js': ['text/javascript', 'export const show = 1'],
  '/api/health': ['application/json', '{}'],
}

let server: Server
let site: Site
let asked: string[]
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '/'
    asked.push(path)
    const [type, text, status = 200] = site[path] ?? ['text/html', '<h1>not found</h1>', 404]
    response.writeHead(status, { 'content-type': type })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const load = (given: Site) => {
  site = given
  asked = []
  return loadPage(url)
}

test('a page is loaded with everything that it and its modules refer to, each once', async () => {
  const seen = await load(whole)
  expect(seen).toMatchObject({ release: '2', commit: 'abc' })
  expect(seen.files.map(({ path }) => path)).toEqual([
    '/',
    '/assets/style.css',
    '/assets/list.js',
    '/assets/app.js',
    '/assets/a.js',
    '/assets/b.js',
  ])
  expect([...asked].sort()).toEqual([...new Set(asked)].sort())
  expect(isWhole(seen)).toBe(true)
  expect(await visit(url)).toMatchObject({ ok: true, page: true, api: 200, release: '2' })
})

const without = (path: string): Site =>
  Object.fromEntries(Object.entries(whole).filter(([one]) => one !== path))

test.each<[string, Site]>([
  ['no document', without('/')],
  ['no style sheet', without('/assets/style.css')],
  ['no entry', without('/assets/app.js')],
  ['a module missing two imports below the page', without('/assets/b.js')],
  ['a page in the place of a script', { ...whole, '/assets/list.js': ['text/html', '<p>'] }],
  ['an empty script', { ...whole, '/assets/app.js': ['text/javascript', ''] }],
  ['a script that is an error', { ...whole, '/assets/a.js': ['text/javascript', 'x', 500] }],
])('a page with %s is not whole', async (_what, given) => {
  expect(isWhole(await load(given))).toBe(false)
})

test('a whole page whose API fails is a visit in vain', async () => {
  await load({ ...whole, '/api/health': ['application/json', '{}', 503] })
  expect(await visit(url)).toMatchObject({ ok: false, page: true, api: 503 })
})

test('a site that nobody serves is a page of one file without an answer', async () => {
  const { files } = await loadPage('http://127.0.0.1:1')
  expect(files).toMatchObject([{ path: '/', status: 0 }])
})
