import type { PlannedCheck } from './checks.ts'

/** Takes secrets out of a text that is written down or printed. */
export type Redact = (text: string) => string

/** Headers whose values are common words, not secrets; they are left out of the evidence like all others. */
const plainHeaders = /^(accept|accept-.*|cache-control|content-.*|host|pragma|user-agent)$/i

/** Shorter values are taken for words: `true`, `GET`. */
const shortest = 8

/**
 * The values that must never be written: what headers carry (also a token without its scheme), what a query carries,
 * user and password of a URL.
 */
export function secretsOf(checks: readonly PlannedCheck[]): readonly string[] {
  return checks.flatMap((check) =>
    check.kind === 'http' || check.kind === 'assets' ? secretsOfRequest(check) : [],
  )
}

function secretsOfRequest(check: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}): readonly string[] {
  const { username, password, searchParams } = new URL(check.url)
  const carried = Object.entries(check.headers).flatMap(([name, value]) =>
    plainHeaders.test(name) ? [] : [value, ...value.split(/[\s;,=]+/)],
  )
  return [
    ...[...carried, ...searchParams.values()].filter(({ length }) => length >= shortest),
    ...[decode(username), decode(password)].filter(({ length }) => length >= 4),
  ]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Replaces every secret of these checks by `***`, the longest first. */
export function redactor(checks: readonly PlannedCheck[]): Redact {
  const secrets = [...new Set(secretsOf(checks))].sort((a, b) => b.length - a.length)
  return (text) => secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text)
}

/** A URL without user, password, values of its query and fragment. */
export function plainUrl(given: string): string {
  const url = new URL(given)
  const query = [...url.searchParams.keys()].map((name) => `${name}=***`).join('&')
  return `${url.protocol}//${url.host}${url.pathname}${query === '' ? '' : `?${query}`}`
}
