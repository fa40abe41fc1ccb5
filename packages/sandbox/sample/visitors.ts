import { realClock } from '../clock.ts'
import { isWhole, loadPage } from './browser.ts'
import { type Score, steadily, tally } from './pace.ts'

/** One visit: the page, all its files, and what the page asks the API for, over the same edge. */
export interface Visit {
  readonly at: number
  readonly ok: boolean
  /** Whether the page and all its files came. */
  readonly page: boolean
  /** The status of the API's answer; 0: no answer at all. */
  readonly api: number
  readonly release?: string
}

/** People who open the front end. */
export interface Visitors {
  seen(): Score
  /** Called after each visit. */
  onVisit(listen: (visit: Visit) => void): void
  /** Ends when the visits under way are over. */
  stop(): Promise<Score>
}

const clock = realClock()

/** What the API says to a page. */
export async function askApi(site: string): Promise<number> {
  try {
    const response = await fetch(`${site}/api/health`, { signal: AbortSignal.timeout(3000) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

/** One visit to a front end. */
export async function visit(site: string): Promise<Visit> {
  const [seen, api] = await Promise.all([loadPage(site), askApi(site)])
  const page = isWhole(seen)
  const { release } = seen
  const ok = page && api === 200
  return { at: clock.now(), ok, page, api, ...(release !== undefined && { release }) }
}

/** Visitors at a steady rate, two in a second by default, whatever they see. */
export function startVisitors(site: string, rate = 2): Visitors {
  const { add, score } = tally()
  const listeners: ((visit: Visit) => void)[] = []
  const coming = steadily(rate, async () => {
    const one = await visit(site)
    add(one)
    for (const listen of listeners) listen(one)
  })
  return {
    seen: score,
    onVisit: (listen) => void listeners.push(listen),
    stop: async () => {
      await coming.stop()
      return score()
    },
  }
}
