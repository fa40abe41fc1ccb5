import { randomUUID } from 'node:crypto'
import { realClock } from '../clock.ts'
import { type Score, steadily, tally } from './pace.ts'
import { signedToken } from './programs/token.ts'

/** What customers saw so far. */
export interface Seen extends Score {
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
  const { add, score } = tally()
  const acknowledged: { ref: string; at: number }[] = []
  const listeners: ((answer: Answer) => void)[] = []
  const coming = steadily(rate, async (n) => {
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
    if (ok && isWrite) acknowledged.push({ ref, at })
    const answer = { at, ok, status, ...(release !== undefined && { release }) }
    add(answer)
    for (const listen of listeners) listen(answer)
  })
  const seen = (): Seen => ({ ...score(), acknowledged: [...acknowledged] })
  return {
    seen,
    onAnswer: (listen) => void listeners.push(listen),
    stop: async () => {
      await coming.stop()
      return seen()
    },
  }
}
