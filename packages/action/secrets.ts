import { setSecret } from '@actions/core'
import { scrub } from './text.ts'

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
    if (process.env['GITHUB_ACTIONS'] === 'true') setSecret(secret)
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
