import { createSign, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'

/** The claims of a workflow job, as GitHub puts them into its token; `sub` is what role trusts look at. */
export type Claims = Readonly<Record<string, string>> & { readonly sub: string }

/** A token that was verified. Times are seconds since the epoch, as in the token. */
export interface Verified {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly exp: number
  /** Everything that the token says, as texts. */
  readonly claims: Readonly<Record<string, string>>
}

/** A token that is not good, and why, in AWS STS's words. */
export class TokenProblem extends Error {
  readonly problem: 'invalid' | 'expired' | 'unknown-issuer'
  constructor(problem: 'invalid' | 'expired' | 'unknown-issuer', message: string) {
    super(message)
    this.problem = problem
  }
}

/** The issuer behind the runner's token endpoint. */
export interface Issuer {
  readonly issuer: string
  /** Registers a job; the returned request token is its ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
  register(claims: Claims): string
  /** Ends a job: its request token is worth nothing any more. */
  end(requestToken: string): void
  /**
   * A signed token for a registered job, or undefined if the request token is unknown. Without an audience GitHub takes
   * the address of the repository's owner.
   */
  token(requestToken: string, audience?: string, lifetimeSeconds?: number): string | undefined
  /** Checks signature, issuer, audience and time. Throws `TokenProblem`. */
  verify(token: string, audience: string): Verified
}

/** GitHub's tokens live five minutes. */
const LIFETIME_SECONDS = 300

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decoded(part: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
  } catch {
    throw new TokenProblem('invalid', 'The ID Token provided is not a valid JWT')
  }
}

function keyPair(): () => { privateKey: KeyObject; publicKey: KeyObject } {
  let pair: { privateKey: KeyObject; publicKey: KeyObject } | undefined
  return () => {
    pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    return pair
  }
}

/** An issuer with a key of its own (made at first use) that names itself as GitHub's does. */
export function oidcIssuer(
  clock: Clock,
  issuer = 'https://token.actions.githubusercontent.com',
): Issuer {
  const keys = keyPair()
  const jobs = new Map<string, Claims>()
  const kid = 'sandbox-1'
  const seconds = () => Math.floor(clock.now() / 1000)

  const sign = (payload: object): string => {
    const unsigned = `${encoded({ alg: 'RS256', typ: 'JWT', kid })}.${encoded(payload)}`
    const signature = createSign('RSA-SHA256').update(unsigned).sign(keys().privateKey)
    return `${unsigned}.${signature.toString('base64url')}`
  }

  const verify = (token: string, audience: string): Verified => {
    const [head, body, signature] = token.split('.')
    const header = decoded(head)
    const claims = decoded(body)
    if (claims.iss !== issuer) {
      const message = `No OpenIDConnect provider found in your account for ${String(claims.iss)}`
      throw new TokenProblem('unknown-issuer', message)
    }
    const good =
      header.alg === 'RS256' &&
      createVerify('RSA-SHA256')
        .update(`${head}.${body}`)
        .verify(keys().publicKey, Buffer.from(signature ?? '', 'base64url'))
    if (!good) throw new TokenProblem('invalid', "Couldn't verify the token's signature")
    if (claims.aud !== audience) throw new TokenProblem('invalid', 'Incorrect token audience')
    const exp = Number(claims.exp)
    if (!(exp > seconds())) {
      const message = `Token expired: current date/time ${seconds()} must be before the expiration date/time ${exp}`
      throw new TokenProblem('expired', message)
    }
    const texts = Object.entries(claims).map(([name, value]) => [name, String(value)])
    const sub = String(claims.sub)
    return { iss: issuer, aud: audience, sub, exp, claims: Object.fromEntries(texts) }
  }

  return {
    issuer,
    verify,
    register(claims) {
      const requestToken = `sandbox-job-${crypto.randomUUID()}`
      jobs.set(requestToken, claims)
      return requestToken
    },
    end: (requestToken) => void jobs.delete(requestToken),
    token(requestToken, audience, lifetimeSeconds = LIFETIME_SECONDS) {
      const claims = jobs.get(requestToken)
      if (!claims) return undefined
      const iat = seconds()
      const times = { iat, nbf: iat - 300, exp: iat + lifetimeSeconds }
      const aud = audience ?? `https://github.com/${claims.repository_owner ?? 'acme'}`
      return sign({ jti: crypto.randomUUID(), ...claims, iss: issuer, aud, ...times })
    },
  }
}
