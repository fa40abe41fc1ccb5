import { codeOf } from '#aws'
import { messageOf, type Run, scrub } from '#core'
import { plain } from './text.ts'

/** A message and the webhook that takes it; the address is a secret. */
export interface Letter {
  readonly to: string
  readonly url: string
  /** JSON. */
  readonly body: string
}

/** Whether a message arrived, or why it did not, without the address. */
export type Delivered =
  | { readonly is: 'delivered' }
  | { readonly is: 'failed'; readonly why: string }

const attempts = 3
/** Milliseconds that one attempt may take, and that a webhook may make us wait. */
const longest = { attempt: 10_000, wait: 30_000 }

/** Sends a message: three times at most where the fault may pass (429, 5xx, the network), else once. Never throws. */
export async function deliver(run: Run, letter: Letter, send: typeof fetch): Promise<Delivered> {
  for (let attempt = 1; ; attempt++) {
    const { status, why, after } = await attemptOf(run, letter, send)
    if (status >= 200 && status < 300) return { is: 'delivered' }
    const passes = status === 0 || status === 429 || status >= 500
    const wait = Math.min(after ?? 1000 * attempt, longest.wait)
    if (!passes || attempt === attempts || run.deadline.left() <= wait)
      return { is: 'failed', why: attempt === 1 ? why : `${why} (${attempt} attempts)` }
    await run.clock.sleep(wait)
  }
}

interface Attempt {
  /** 0 without an answer. */
  readonly status: number
  readonly why: string
  /** Milliseconds to wait, as the webhook asks. */
  readonly after?: number
}

async function attemptOf(run: Run, { url, body }: Letter, send: typeof fetch): Promise<Attempt> {
  try {
    const answer = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(Math.max(1, Math.min(longest.attempt, run.deadline.left()))),
    })
    const words = plain(scrub(await firstWords(answer), secretsIn(url))).slice(0, 200)
    const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
    return {
      status: answer.status,
      why: `answered ${answer.status}${words === '' ? '' : `: ${words}`}`,
      ...(seconds > 0 && { after: 1000 * seconds }),
    }
  } catch (thrown) {
    return { status: 0, why: `no answer (${reasonOf(thrown)})` }
  }
}

/** The first piece of an answer: nobody needs more, and it may be of any length. */
async function firstWords({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  await reader?.cancel()
  return value === undefined ? '' : new TextDecoder().decode(value.slice(0, 2000))
}

/** The code alone: the text of an error may hold the address. */
function reasonOf(thrown: unknown): string {
  const { name, cause } = thrown as { readonly name?: string; readonly cause?: unknown }
  if (name === 'TimeoutError') return `none within ${longest.attempt / 1000} s`
  return /^[A-Z_]+$/.test(codeOf(cause))
    ? codeOf(cause)
    : (messageOf(thrown).split(/[:\s]/)[0] ?? '')
}

/** What of a webhook's address nobody may see: the whole, all behind the host, and each long part of it. */
export function secretsIn(url: string): readonly string[] {
  const { href, pathname, search, searchParams } = new URL(url)
  const long = [...pathname.split('/'), ...searchParams.values()].filter(
    (part) => part.length >= 16,
  )
  return [
    url,
    href,
    `${pathname}${search}`,
    ...(pathname.length > 8 ? [pathname] : []),
    ...long,
  ].filter((part) => part.length > 8)
}
