/** What a judge says of a look. Doubt is never health. */
export const verdicts = ['healthy', 'inconclusive', 'error', 'unhealthy'] as const
export type Verdict = (typeof verdicts)[number]

/** Joins verdicts: the worst counts, and nothing measured is `inconclusive`. */
export function worst(parts: readonly Verdict[]): Verdict {
  if (parts.length === 0) return 'inconclusive'
  return verdicts[Math.max(...parts.map((verdict) => verdicts.indexOf(verdict)))] ?? 'error'
}
