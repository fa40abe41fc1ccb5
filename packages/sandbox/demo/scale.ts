/** A stretch of time or of a drawing. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Maps one stretch to another, evenly. */
export function linear(domain: Span, range: Span): (value: number) => number {
  const length = domain.to - domain.from
  const by = length === 0 ? 0 : (range.to - range.from) / length
  return (value) => range.from + (value - domain.from) * by
}

const STEPS = [1, 2, 5]

/** Round numbers within a stretch, at most `most` of them, with the smallest of the steps 1, 2, 5, 10, 20, … that allows it. */
export function ticks({ from, to }: Span, most: number): readonly number[] {
  if (!(to > from) || most < 1) return []
  const power = 10 ** Math.floor(Math.log10((to - from) / most))
  const step = [...STEPS, 10, 20]
    .map((one) => one * power)
    .find((one) => Math.floor(to / one) - Math.ceil(from / one) + 1 <= most)
  if (step === undefined) return []
  const first = Math.ceil(from / step)
  const count = Math.floor(to / step) - first + 1
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toFixed(6)))
}

const INTERVALS = [500, 1000, 2000, 5000, 10_000]

/** The shortest round interval, in milliseconds, that cuts a stretch into at most `most` parts. */
export const intervalOf = ({ from, to }: Span, most: number): number =>
  INTERVALS.find((one) => (to - from) / one <= most) ?? 60_000

/** One attempt as it was measured. */
export interface Measured {
  readonly at: number
  readonly ok: boolean
  /** The release that answered, if one did. */
  readonly release?: string
}

/** What was measured in one interval. */
export interface Bin extends Span {
  readonly ok: number
  readonly failed: number
  /** How many answers came from which release; those that name none are not in it. */
  readonly releases: ReadonlyMap<string, number>
}

/** Counts attempts by intervals of equal length, the last one shorter if need be; what lies outside is left out. */
export function binned(
  measured: readonly Measured[],
  { from, to }: Span,
  every: number,
): readonly Bin[] {
  const drafts = Array.from({ length: Math.max(0, Math.ceil((to - from) / every)) }, () => ({
    ok: 0,
    failed: 0,
    releases: new Map<string, number>(),
  }))
  for (const { at, ok, release } of measured) {
    const draft = at < to ? drafts[Math.floor((at - from) / every)] : undefined
    if (!draft) continue
    draft[ok ? 'ok' : 'failed'] += 1
    if (release === undefined) continue
    draft.releases.set(release, (draft.releases.get(release) ?? 0) + 1)
  }
  return drafts.map((draft, index) => {
    const begins = from + index * every
    return { from: begins, to: Math.min(to, begins + every), ...draft }
  })
}
