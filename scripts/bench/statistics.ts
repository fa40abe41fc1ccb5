// The arithmetic of a comparison on a noisy machine: two things measured in turn, compared pair by pair.

/** Two series that were measured in turn, compared. */
export interface Comparison {
  /** The medians of each series, in its own unit. */
  readonly ours: number
  readonly theirs: number
  /** The median of ours / theirs over the pairs, and its lower and upper quartile. */
  readonly ratio: number
  readonly low: number
  readonly high: number
  /** `same` when the quartiles of the ratio have 1 between them: the noise is larger than the difference. */
  readonly says: 'less' | 'more' | 'same'
}

/** The value below which a share `at` (0 to 1) of the values lies, interpolated between neighbours. Throws without values. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new Error('There is no value to judge.')
  return below + (above - below) * (place - Math.floor(place))
}

/** The middle value. Throws without values. */
export const median = (values: readonly number[]) => quantile(values, 0.5)

/** Compares two series pair by pair, so that what slows the whole machine for a while slows both. Throws when they differ in length. */
export function compare(ours: readonly number[], theirs: readonly number[]): Comparison {
  if (ours.length !== theirs.length) throw new Error('The series are not pairs.')
  const ratios = ours.map((value, at) => value / (theirs[at] ?? Number.NaN))
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)]
  const says = high < 1 ? 'less' : low > 1 ? 'more' : 'same'
  return { ours: median(ours), theirs: median(theirs), ratio: median(ratios), low, high, says }
}

/** Rounds in which everybody takes a turn and another begins each time: `AB BA AB …`, `ABC BCA CAB …`. */
export function inTurn<T>(rounds: number, all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: rounds }, (_, round) => {
    const first = round % all.length
    return [...all.slice(first), ...all.slice(0, first)]
  })
}
