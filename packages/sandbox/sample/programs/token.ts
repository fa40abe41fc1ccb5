import { createHmac, timingSafeEqual } from 'node:crypto'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const signature = (text: string, secret: string) =>
  createHmac('sha256', secret).update(text).digest('base64url')

/** A signed token (JWT, HS256) of a customer. */
export function signedToken(customer: string, secret: string): string {
  const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ sub: customer })}`
  return `${text}.${signature(text, secret)}`
}

/** The customer whom a bearer token names, or undefined when it was not signed with `secret`. */
export function customerOf(authorization: string | undefined, secret: string): string | undefined {
  const [head, body, given = ''] = (/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '').split('.')
  const expected = Buffer.from(signature(`${head}.${body}`, secret))
  const shown = Buffer.from(given)
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return undefined
  const claims: { sub?: unknown } = JSON.parse(Buffer.from(body ?? '', 'base64url').toString())
  return typeof claims.sub === 'string' ? claims.sub : undefined
}
