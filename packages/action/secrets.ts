import { setSecret } from '@actions/core'
import { type Result, scrub } from '#core'

/** The secrets of this process, longest first when applied, so that a part never unmasks the whole. */
export interface Secrets {
  add(secret: string): void
  scrub(text: string): string
}

/**
 * Collects secrets and registers them with the runner: the whole, each line and its URL-encoded form, because the
 * runner masks exact strings only (actions/runner#2232).
 */
export function secrets(): Secrets {
  const known = new Set<string>()
  const keep = (secret: string) => {
    if (secret.length < 4 || known.has(secret)) return
    known.add(secret)
    if (process.env.GITHUB_ACTIONS === 'true') setSecret(secret)
  }
  return {
    add: (secret) => {
      keep(secret)
      for (const line of secret.split(/\r?\n/)) keep(line)
      keep(encodeURIComponent(secret))
      keep(JSON.stringify(secret).slice(1, -1))
    },
    scrub: (text) =>
      scrub(
        text,
        [...known].sort((a, b) => b.length - a.length),
      ),
  }
}

/**
 * A result without secrets, text by text: escaping for Markdown or JSON changes a secret, and what was changed is not
 * found afterwards.
 */
export function withoutSecrets(result: Result, secrets: Pick<Secrets, 'scrub'>): Result {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return secrets.scrub(value)
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, clean(part)]))
  }
  return clean(result) as Result
}
