import type { Json } from '#core'
import type { PlannedCheck } from './checks.ts'

/** What one probe says of the thing it looked at: `void` carries no information and is never success nor failure. */
export type Class = 'good' | 'bad' | 'void'

/**
 * Why a bad sample may only be early. `starting`: not up, or slow; held against the release after the warm-up.
 * `old-version`: everything is fine but another version answers; judged when the window ends, because nothing is
 * broken. `in-progress`: ECS is still replacing or adding tasks; judged when the window ends.
 */
export type Late = 'starting' | 'old-version' | 'in-progress'

/** What was seen, in words fit for one line of a log. */
export interface Seen {
  readonly class: Class
  readonly late?: Late
  /** A deterministic fact against the release; needs one re-read to count. */
  readonly hard?: string
  readonly value: string
  readonly expected: string
  /** One sentence; for a good sample what made it good. */
  readonly why: string
  /** What a restore point keeps of it, to compare with after a deployment: counts, scalars, names; never contents. */
  readonly measured?: Json
}

/** One look at one check. `at` is milliseconds since the epoch when it began, `ms` how long it took. */
export interface Sample extends Seen {
  readonly at: number
  readonly ms: number
}

/** All samples of one check, oldest first. */
export interface Series {
  readonly check: string
  readonly kind: PlannedCheck['kind']
  /** Milliseconds between two looks, where they are fewer than at every poll interval. */
  readonly every?: number
  readonly samples: readonly Sample[]
}

/** Hostile text as one short printable line: control and direction-changing characters become spaces. */
export function brief(text: string, most = 80): string {
  const line = text
    .slice(0, most * 4)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  const letters = [...line]
  return letters.length > most ? `${letters.slice(0, most - 3).join('')}...` : line
}
