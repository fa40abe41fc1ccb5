import type { Report } from '#core'
import { parseConnection } from './connection.ts'
import { writtenPassword } from './url.ts'

/** Every form in which a connection secret could show up: the whole text, and its password as written, decoded and encoded. */
export function secretsIn(text: string): readonly string[] {
  const parsed = parseConnection(text)
  const password = parsed.ok ? parsed.connection.password : undefined
  const written = parsed.ok ? writtenPassword(text) : undefined
  const forms = password
    ? [password, encodeURIComponent(password), JSON.stringify(password).slice(1, -1)]
    : []
  const all = [text, text.trim(), written ?? '', ...forms]
  return [...new Set(all)].filter((form) => form.trim() !== '')
}

/** Keeps a connection secret out of everything that is printed. Call it before the text is looked at in any other way. */
export function maskConnection(report: Pick<Report, 'mask'>, text: string): void {
  for (const secret of secretsIn(text)) report.mask(secret)
}

/** A message without the given secrets, for errors that quote what they were given. */
export function redact(message: string, secrets: readonly string[]): string {
  return [...secrets]
    .sort((a, b) => b.length - a.length)
    .reduce((out, secret) => out.replaceAll(secret, '***'), message)
}
