/** What is verified: a release, what was there before it, or (a baseline) whatever there is. */
export type Expect = 'released' | 'restored' | 'anything'

/** The version that must answer, or why none can be asked for. */
export type Expected =
  | { readonly is: 'known'; readonly version: string }
  | { readonly is: 'unknown'; readonly why: string }

const hex = /^[0-9a-f]{7,64}$/i

/**
 * Tells whether a service that says `seen` runs `expected`: equal texts, or commit ids of which one is the beginning
 * of the other with at least seven digits, as git shortens them.
 */
export function sameVersion(seen: string, expected: string): boolean {
  if (seen === expected) return true
  if (!hex.test(seen) || !hex.test(expected)) return false
  const [a, b] = [seen.toLowerCase(), expected.toLowerCase()]
  return a.startsWith(b) || b.startsWith(a)
}

/** A version for a person: a commit id shortened to seven digits, anything else as it is. */
export function shortVersion(version: string): string {
  return /^[0-9a-f]{40}$/i.test(version) ? version.slice(0, 7) : version
}
