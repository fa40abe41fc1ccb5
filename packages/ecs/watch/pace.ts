/** For so many intervals looks keep to the interval; at 5 s these are two minutes. */
const brisk = 24

/** A look that AWS throttled makes the next ones rarer, up to so many times. */
const slowest = 8

/** What the pause before the next look is judged by. */
export interface Pace {
  /** The run's poll interval, in milliseconds. */
  readonly base: number
  /** Milliseconds since the first look. */
  readonly waited: number
  /** Looks in a row that AWS throttled. */
  readonly throttled: number
  /** At least 0, below 1. */
  readonly chance: number
}

/**
 * Milliseconds until the next look: the interval for two minutes, then twice that with jitter, so that many runs do not ask in
 * the same moment. Most rollouts are over in two minutes, and what lasts longer is not seen sooner by asking more.
 */
export function pace({ base, waited, throttled, chance }: Pace): number {
  const steady = waited < brisk * base ? base : 2 * base * (0.8 + 0.4 * chance)
  return Math.round(steady * Math.min(slowest, 2 ** throttled))
}

/** A number from 0 to below 1 that is another for each run and look, and the same again for the same: a chance without a die. */
export function chanceOf(run: string, look: number): number {
  let hash = 0x811c9dc5
  for (const character of `${run}/${look}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  }
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}
