import { randomUUID } from 'node:crypto'
import { realClock } from '../clock.ts'
import { signedToken } from './programs/token.ts'

/** What customers saw in one second. */
export interface Second {
  /** Milliseconds since the epoch, the second's beginning. */
  readonly at: number
  readonly ok: number
  readonly failed: number
}

/** What customers saw so far. Times are milliseconds since the epoch. */
export interface Seen {
  readonly ok: number
  readonly failed: number
  readonly seconds: readonly Second[]
  readonly firstFailure?: number
  readonly lastFailure?: number
  /** Releases that answered, in the order of their first answer. */
  readonly releases: readonly string[]
  /** Rows whose writing was acknowledged, with the time of the acknowledgement. */
  readonly acknowledged: readonly { readonly ref: string; readonly at: number }[]
}

/** Customers who are using the system. */
export interface Traffic {
  seen(): Seen
  /** Called after each request. */
  onAnswer(listen: (answer: Answer) => void): void
  /** Ends when the requests under way are answered. */
  stop(): Promise<Seen>
}

/** One request as a customer saw it; status 0: no answer at all. */
export interface Answer {
  readonly at: number
  readonly ok: boolean
  readonly status: number
  readonly release?: string
}

export interface TrafficOptions {
  readonly tokenKey: string
  /** Requests in a second, each third of them a write; 20 by default. */
  readonly rate?: number
}

const PATIENCE = 3000
const clock = realClock()

interface Counts {
  ok: number
  failed: number
  firstFailure?: number
  lastFailure?: number
  readonly seconds: Map<number, { ok: number; failed: number }>
  readonly releases: Set<string>
  readonly acknowledged: { ref: string; at: number }[]
}

function count(counts: Counts, { at, ok, release }: Answer): void {
  const second = Math.floor(at / 1000) * 1000
  const row = counts.seconds.get(second) ?? { ok: 0, failed: 0 }
  counts.seconds.set(second, row)
  if (release !== undefined) counts.releases.add(release)
  row[ok ? 'ok' : 'failed'] += 1
  counts[ok ? 'ok' : 'failed'] += 1
  if (ok) return
  counts.firstFailure ??= at
  counts.lastFailure = at
}

async function ask(url: string, init: RequestInit): Promise<{ status: number; release?: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) })
    await response.arrayBuffer()
    const release = response.headers.get('x-release')
    return { status: response.status, ...(release !== null && { release }) }
  } catch {
    return { status: 0 }
  }
}

/** Customers who read and write at a steady rate, whatever the answers. */
export function startTraffic(url: string, { tokenKey, rate = 20 }: TrafficOptions): Traffic {
  const counts: Counts = {
    ok: 0,
    failed: 0,
    seconds: new Map(),
    releases: new Set(),
    acknowledged: [],
  }
  const underway = new Set<Promise<void>>()
  const listeners: ((answer: Answer) => void)[] = []
  let sent = 0
  let stopped = false

  const request = async (n: number) => {
    const authorization = `Bearer ${signedToken(`customer-${n % 5}`, tokenKey)}`
    const ref = randomUUID()
    const isWrite = n % 3 === 0
    const { status, release } = await ask(`${url}/triggers`, {
      method: isWrite ? 'POST' : 'GET',
      headers: { authorization, 'content-type': 'application/json' },
      ...(isWrite && { body: JSON.stringify({ ref, name: `Trigger ${n}` }) }),
    })
    const at = clock.now()
    const ok = status === (isWrite ? 201 : 200)
    if (ok && isWrite) counts.acknowledged.push({ ref, at })
    const answer = { at, ok, status, ...(release !== undefined && { release }) }
    count(counts, answer)
    for (const listen of listeners) listen(answer)
  }
  const tick = () => {
    if (stopped) return
    const one = request(sent++).finally(() => underway.delete(one))
    underway.add(one)
    clock.after(1000 / rate, tick)
  }
  const seen = (): Seen => ({
    ...counts,
    seconds: [...counts.seconds].sort(([a], [b]) => a - b).map(([at, row]) => ({ at, ...row })),
    releases: [...counts.releases],
    acknowledged: [...counts.acknowledged],
  })
  tick()
  return {
    seen,
    onAnswer: (listen) => void listeners.push(listen),
    stop: async () => {
      stopped = true
      await Promise.all(underway)
      return seen()
    },
  }
}
