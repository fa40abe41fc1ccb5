import type { Journal, Result, Written } from '#core'
import { captureSite, changeSite, type SiteClients, settings } from '#site'
import { createDocument, keys } from '#store'
import { fakeClock, memoryJournal, testRun } from '../../support/run.ts'
import { type FakeBucket, fakeBucket } from '../../support/site.ts'
import { pointOf, testStore } from '../../support/store.ts'

/** A site with a good release that was captured, and a store that knows it. */
export interface Scene {
  readonly bucket: FakeBucket
  readonly store: Awaited<ReturnType<typeof testStore>>
  readonly clock: ReturnType<typeof fakeClock>
  /** What was written down, kept between runs as a record keeps it. */
  readonly entries: Written[]
  /** Takes the verified restore point of what is served now: the destination of `auto`. */
  takePoint(): Promise<void>
  /** Puts release 2 over release 1, a few seconds later. */
  deployBad(): void
  run(given?: Given): Promise<Result & { readonly lines: string[] }>
  journal(): Journal
}

interface Given {
  readonly to?: string
  readonly created?: 'hide-documents' | 'keep'
  readonly dryRun?: boolean
  readonly timeout?: number
  readonly prefix?: string
  readonly clients?: SiteClients
  readonly journal?: Journal
  readonly mode?: 'capture' | 'restore' | 'redeploy'
  /** The folder of a redeploy. */
  readonly build?: string
  readonly withoutStore?: boolean
}

export const good = {
  '404.html': 'gone',
  'assets/app-1a2b3c4d.js': 'app one',
  'assets/shared-aaaa1111.js': 'shared',
  'index.html': 'page one: app-1a2b3c4d shared-aaaa1111',
  'logo.png': 'logo one',
  'sw.js': 'worker one',
  'a b+ü%.html': 'hard one',
}

const site = { bucket: 'acme-site', distribution: 'E123' }

export async function scene(): Promise<Scene> {
  const clock = fakeClock()
  const bucket = fakeBucket(clock)
  const store = await testStore(clock)
  const entries: Written[] = []
  for (const [key, body] of Object.entries(good)) bucket.put(key, body)
  const journal = (): Journal => {
    const memory = memoryJournal(clock, entries)
    return {
      entries: () => entries,
      intend: async (planned) => {
        const before = memory.written.length
        await memory.intend(planned)
        entries.push(...memory.written.slice(before))
      },
      beat: async () => {},
    }
  }
  const at: Scene = {
    bucket,
    store,
    clock,
    entries,
    journal,
    takePoint: async () => {
      clock.advance(10_000)
      const captured = await captureSite(bucket.clients, site, store)(testRun({ clock }))
      const id = 'production/4711/before'
      const takenAt = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
      const point = pointOf(store, id, { takenAt, components: { site: captured.state } })
      await createDocument(store, keys.document(id), point)
      clock.advance(10_000)
    },
    deployBad: () => {
      bucket.put('assets/app-9f8e7d6c.js', 'app two')
      bucket.remove('assets/app-1a2b3c4d.js')
      bucket.put('index.html', 'page two: app-9f8e7d6c shared-aaaa1111')
      bucket.put('logo.png', 'logo two, larger')
      bucket.put('sw.js', 'worker two')
      bucket.put('a b+ü%.html', 'hard two!')
      bucket.put('new.html', 'a page that was not there')
      bucket.remove('404.html')
      clock.advance(10_000)
    },
    run: async (given = {}) => {
      const run = testRun({
        clock,
        journal: given.journal ?? journal(),
        ...(given.dryRun === undefined ? {} : { dryRun: given.dryRun }),
        ...(given.timeout === undefined ? {} : { timeout: given.timeout }),
      })
      const chosen = settings(
        {
          mode: given.mode ?? 'restore',
          to: given.to ?? 'auto',
          created: given.created ?? 'hide-documents',
          prefix: given.prefix,
          build: given.build,
        },
        { site },
      )
      const ports = {
        clients: given.clients ?? bucket.clients,
        store: given.withoutStore ? undefined : store,
      }
      return { ...(await changeSite(run, ports, chosen)), lines: run.lines }
    },
  }
  return at
}
