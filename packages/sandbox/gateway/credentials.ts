import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'

/** A temporary session that our STS gave out. Times are milliseconds since the epoch. */
export interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly account: string
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session name>`. */
  readonly arn: string
  /** `AROA…:<session name>`. */
  readonly userId: string
  readonly expires: number
}

/** Who a signature belongs to. */
export type Identity =
  | { readonly is: 'account'; readonly account: string; readonly session?: Session }
  | { readonly is: 'expired' }
  | { readonly is: 'unknown' }

/** The access keys that this sandbox knows: every 12-digit number is an account, the rest are sessions of our STS. */
export interface Keyring {
  issue(session: Pick<Session, 'account' | 'arn' | 'userId' | 'expires'>): Session
  identify(accessKeyId: string, sessionToken: string | undefined): Identity
  /** The sessions that have not ended. */
  sessions(): readonly Session[]
  /** Ends every session at once, as if its time had run out. Returns how many ended. */
  expireAll(): number
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A random id in AWS's alphabet, e.g. `ASIA` and 16 characters. */
export function awsId(prefix: string, length = 16): string {
  return prefix + [...randomBytes(length)].map((byte) => BASE32[byte % 32]).join('')
}

/** A keyring whose sessions end by the given clock. */
export function keyring(clock: Clock): Keyring {
  const sessions = new Map<string, Session>()

  const identify = (accessKeyId: string, sessionToken: string | undefined): Identity => {
    if (/^\d{12}$/.test(accessKeyId)) return { is: 'account', account: accessKeyId }
    const session = sessions.get(accessKeyId)
    if (!session || session.sessionToken !== sessionToken) return { is: 'unknown' }
    if (session.expires <= clock.now()) return { is: 'expired' }
    return { is: 'account', account: session.account, session }
  }

  return {
    identify,
    issue(wanted) {
      const session = {
        ...wanted,
        accessKeyId: awsId('ASIA'),
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(96).toString('base64'),
      }
      sessions.set(session.accessKeyId, session)
      return session
    },
    sessions: () => [...sessions.values()].filter((session) => session.expires > clock.now()),
    expireAll() {
      const open = [...sessions.values()].filter((session) => session.expires > clock.now())
      for (const session of open) {
        sessions.set(session.accessKeyId, { ...session, expires: clock.now() })
      }
      return open.length
    },
  }
}
