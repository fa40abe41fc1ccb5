import { type Credentials, codeOf, isPassing, type Renewal } from '#aws'
import type { Clock } from '#core'

/** Before their end, in milliseconds, credentials are asked for again: the SDK's own margin, or a quarter of a short session. */
const marginOf = (lifetime: number) => Math.min(300_000, lifetime / 4)

/** So long, in milliseconds, a first or an ended session waits for who is down: GitHub's token endpoint, STS, the network. */
const patience = 120_000

interface Held {
  readonly credentials: Credentials
  readonly since: number
  /** When the last attempt to renew them failed. */
  readonly failed?: number
}

/** What to do with what is held: use it, renew it while it still lasts, or do without it. */
export function judge(
  held: Held | undefined,
  now: number,
  { refused }: Renewal = {},
): 'use' | 'renew' | 'ended' {
  if (!held) return 'ended'
  const { credentials, since, failed } = held
  if (refused !== undefined) return refused === credentials.accessKeyId ? 'ended' : 'use'
  const end = credentials.expiration?.getTime()
  if (end === undefined) return 'use'
  if (now >= end) return 'ended'
  const margin = marginOf(end - since)
  if (end - now > margin) return 'use'
  return failed !== undefined && now - failed < margin / 10 ? 'use' : 'renew'
}

/** Faults that pass: of the network and of servers, and an ID token that ended on its way. */
const passes = (thrown: unknown) =>
  isPassing(thrown) || /ExpiredToken|IDPCommunicationError/.test(codeOf(thrown))

/**
 * One session for all clients of a run, which would otherwise assume the role each for itself. A renewal that fails while
 * the old credentials last is no failure: they are used to their end.
 */
export function session(
  ask: () => Promise<Credentials>,
  clock: Clock,
): (wish?: Renewal) => Promise<Credentials> {
  let held: Held | undefined
  let asked: Promise<Credentials> | undefined
  const renewed = () => {
    asked ??= ask()
      .then((credentials) => {
        held = { credentials, since: clock.now() }
        return credentials
      })
      .finally(() => {
        asked = undefined
      })
    return asked
  }
  return async (wish) => {
    const now = held
    switch (judge(now, clock.now(), wish)) {
      case 'use':
        return (now as Held).credentials
      case 'renew':
        return renewed().catch(() => {
          held = { ...(now as Held), failed: clock.now() }
          return held.credentials
        })
      case 'ended':
        return patiently(renewed, clock)
    }
  }
}

/** Asks until it is answered, as long as what is in the way may pass. Throws the last failure. */
async function patiently(ask: () => Promise<Credentials>, clock: Clock): Promise<Credentials> {
  const end = clock.now() + patience
  for (let pause = 1000; ; pause = Math.min(2 * pause, 15_000)) {
    try {
      return await ask()
    } catch (thrown) {
      if (!passes(thrown) || clock.now() + pause > end) throw thrown
    }
    await clock.sleep(pause)
  }
}
