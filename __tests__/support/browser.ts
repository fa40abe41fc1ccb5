import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { createBrotliDecompress } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'

const root = join(import.meta.dirname, '../..')

/** What visitors met. */
export interface Visits {
  /** Loads of the page that came to their end. */
  readonly loads: number
  /** What was asked for and not served: `404 /assets/a.js`. */
  readonly missing: readonly string[]
  /** What was served as something that a browser does not take: `text/html for /assets/a.js`. */
  readonly wrongType: readonly string[]
  /** Errors in a browser's console and of its scripts; an HTTP client has none. */
  readonly errors: readonly string[]
  /** How often each build was seen, by `<meta name="build">`. */
  readonly builds: ReadonlyMap<string, number>
}

/** Somebody who loads a site again and again. */
export interface Visitor {
  stop(): Promise<Visits>
}

/** How a site is visited. */
export interface Manner {
  readonly by: Means
  /** Milliseconds for which each page stays open: what its scripts load later is loaded too. */
  readonly lingers?: number
  /** Visitors at once. */
  readonly guests?: number
}

/** With what: a browser, or requests that imitate one. */
export type Means = 'chromium' | 'http'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The means of this machine, the better evidence first. */
export async function means(): Promise<readonly [Means, ...Means[]]> {
  return (await chromiumPath()) === undefined ? ['http'] : ['chromium', 'http']
}

/** What everybody who visits writes down. */
interface Notes {
  loads: number
  readonly missing: string[]
  readonly wrongType: string[]
  readonly errors: string[]
  readonly builds: Map<string, number>
}

const seen = (notes: Notes, build: string) =>
  void notes.builds.set(build, (notes.builds.get(build) ?? 0) + 1)

/**
 * Loads a page again and again until it is stopped, each time as somebody new: nothing is kept from visit to visit. With `chromium` the
 * evidence is a browser's own: scripts run, imports and styles are loaded as a user's are, strict types are enforced. With `http` the
 * document and everything that it, and what it loads, names in attributes, imports or as `assets/…` is asked for
 * once a visit: that proves that files are there with the right types, not that the page works.
 */
export async function visitSite(url: string, manner: Manner): Promise<Visitor> {
  const notes: Notes = { loads: 0, missing: [], wrongType: [], errors: [], builds: new Map() }
  const browser = manner.by === 'chromium' ? await launch() : undefined
  const visit = browser
    ? () => browse(browser, url, { notes, manner })
    : () => ask(url, notes, manner)
  let on = true
  const guest = async () => {
    while (on) await visit()
  }
  const guests = Promise.all(Array.from({ length: manner.guests ?? 2 }, guest))
  const stop = async () => {
    on = false
    await guests.finally(() => browser?.close())
    return notes
  }
  return { stop }
}

/** A browser, for who looks at pages himself; undefined on a machine that has none. The caller closes it. */
export async function openBrowser(): Promise<Browser | undefined> {
  return (await chromiumPath()) === undefined ? undefined : launch()
}

async function launch(): Promise<Browser> {
  const executablePath = await chromiumPath()
  if (executablePath === undefined) throw new Error('This machine has no chromium.')
  return chromium.launch({ executablePath, headless: true, args: flags })
}

/** `CHROMIUM`, else one on the PATH, else the one that an npm package brings for Linux on x64. */
async function chromiumPath(): Promise<string | undefined> {
  const { CHROMIUM, PATH = '' } = process.env
  if (CHROMIUM) return CHROMIUM
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const installed = PATH.split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path))
  const found = installed ?? (await packaged())
  // A machine without the libraries of a browser has none, whatever npm brought.
  const starts = found !== undefined && spawnSync(found, ['--no-sandbox', '--version']).status === 0
  return starts ? found : undefined
}

/** Unpacks the packaged one, once for this checkout; two who do it at once do not disturb each other. */
async function packaged(): Promise<string | undefined> {
  const folder = join(root, 'node_modules/@sparticuz/chromium')
  const packed = join(folder, 'bin/chromium.br')
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(packed))
    return undefined
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const own = join(root, '.tools', `chromium-${version}`)
  const path = join(own, 'chromium')
  if (existsSync(path)) return path
  const part = `${path}.${randomUUID()}`
  mkdirSync(own, { recursive: true })
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(part))
  chmodSync(part, 0o755)
  renameSync(part, path)
  return path
}

/** What a browser accepts as each kind of thing (HTML standard, module scripts and style sheets are strict). */
const accepted: Readonly<Record<string, RegExp>> = {
  document: /^text\/html/,
  script: /^(text|application)\/(x-)?javascript/,
  stylesheet: /^text\/css/,
  image: /^image\//,
}

function judge(
  notes: Notes,
  { status, type, path, kind }: { status: number; type: string; path: string; kind: string },
): void {
  if (status >= 400) notes.missing.push(`${status} ${path}`)
  else if (status === 200 && accepted[kind]?.test(type) === false) {
    notes.wrongType.push(`${type || 'nothing'} for ${path}`)
  }
}

async function browse(
  browser: Browser,
  url: string,
  { notes, manner }: { readonly notes: Notes; readonly manner: Manner },
): Promise<void> {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const leaving = listen(page, notes)
    await page.goto(url, { waitUntil: 'load' })
    const meta = page.locator('meta[name=build]')
    seen(notes, (await meta.count()) > 0 ? ((await meta.getAttribute('content')) ?? '') : 'none')
    await wait(manner.lingers ?? 0)
    leaving()
    notes.loads += 1
  } finally {
    await context.close()
  }
}

/** Writes down what goes wrong on a page, until the visitor leaves: what leaving cuts off is nobody's fault. */
function listen(page: Page, notes: Notes): () => void {
  let left = false
  page.on('response', (response) => {
    if (left) return
    const request = response.request()
    const type = response.headers()['content-type'] ?? ''
    const path = new URL(response.url()).pathname
    judge(notes, { status: response.status(), type, path, kind: request.resourceType() })
  })
  page.on('requestfailed', (request) => {
    if (left) return
    notes.missing.push(
      `${request.failure()?.errorText ?? 'failed'} ${new URL(request.url()).pathname}`,
    )
  })
  page.on('console', (message) => {
    if (!left && message.type() === 'error') notes.errors.push(message.text())
  })
  page.on('pageerror', (error) => {
    if (!left) notes.errors.push(error.message)
  })
  return () => {
    left = true
  }
}

async function ask(url: string, notes: Notes, manner: Manner): Promise<void> {
  const asked = new Set<string>()
  const load = async (address: string, kind: string): Promise<void> => {
    if (asked.has(address)) return
    asked.add(address)
    const path = new URL(address).pathname
    const answer = await fetch(address).catch(() => undefined)
    const text = await answer?.text().catch(() => undefined)
    if (answer === undefined || text === undefined) {
      notes.missing.push(`failed ${path}`)
      return
    }
    const type = answer.headers.get('content-type') ?? ''
    judge(notes, { status: answer.status, type, path, kind })
    if (kind === 'document') {
      seen(notes, /<meta name="build" content="([^"]*)"/.exec(text)?.[1] ?? 'none')
    } else if (kind === 'script') await wait(manner.lingers ?? 0)
    if (!answer.ok) return
    await Promise.all(referred(text, address).map((next) => load(next, kindOf(next))))
  }
  await load(url, 'document')
  notes.loads += 1
}

const kindOf = (address: string): string => {
  const ending = /\.(\w+)$/.exec(new URL(address).pathname)?.[1] ?? ''
  if (/^m?js$/.test(ending)) return 'script'
  return ending === 'css' ? 'stylesheet' : 'other'
}

/** Addresses in attributes, imports and texts, as far as they are of the same site. */
function referred(text: string, from: string): readonly string[] {
  const found = text.matchAll(
    /(?:src|href)="([^"]+)"|['"`](\.{0,2}\/?[\w./-]*\.(?:m?js|css))['"`]/g,
  )
  return [...found]
    .map(([, attribute, literal]) => attribute ?? literal ?? '')
    .filter((one) => !one.startsWith('data:'))
    .map((one) => new URL(one, from).href)
    .filter((one) => new URL(one).origin === new URL(from).origin)
}
