import { setSecret } from '@actions/core'
import { type Result, scrub } from '#core'

/** The secrets of this process, longest first when applied, so that a part never unmasks the whole. */
export interface Secrets {
  add(secret: string): void
  scrub(text: string): string
}

/**
 * Collects secrets and registers them with the runner: the whole, each line, what lies in it as JSON under a telling name, and each
 * of these as it may be spelled, because the runner masks exact strings only (actions/runner#2232).
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
      for (const one of [secret, ...secret.split(/\r?\n/), ...leavesOf(secret)])
        for (const spelled of spellings(one)) keep(spelled)
    },
    scrub: (text) =>
      scrub(
        text,
        [...known].sort((a, b) => b.length - a.length),
      ),
  }
}

const spellings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  ...(secret.length < shortest ? [] : base64Of(secret)),
]

/** A part of a secret, or its base64, that is shorter says too little and would blank out too much. */
const shortest = 8

/** As a whole, and as it stands inside something longer: behind one byte more, two or none, without the last bytes, which mix with what follows. */
function base64Of(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const inside = [0, 1, 2].map((skip) => {
    const rest = bytes.subarray(skip)
    return rest.subarray(0, rest.length - (rest.length % 3)).toString('base64')
  })
  return [bytes.toString('base64'), bytes.toString('base64url'), ...inside]
}

const telling = /pass|pwd|secret|token|api_?key|access_?key|private_?key|credential/i

/** Values in a JSON text whose names say that they are secret; the others may be names of regions and databases, which show everywhere. */
function leavesOf(text: string): readonly string[] {
  try {
    return leaves(JSON.parse(text), '').filter((leaf) => leaf.length >= shortest)
  } catch {
    return []
  }
}

function leaves(value: unknown, name: string): readonly string[] {
  if (typeof value === 'string') return telling.test(name) ? [value, ...value.split(/\r?\n/)] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) =>
    leaves(one, Array.isArray(value) ? name : key),
  )
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
