// Which calls a workflow run made, by step, from the gateway's log and the run's own times.

/** A call in the gateway's log, as far as counting needs it. */
export interface Counted {
  /** ISO time. */
  readonly at: string
  readonly service: string
  readonly operation: string
  readonly mutating: boolean
}

/** The beginning of a step. */
export interface Began {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly job: string
  readonly name: string
}

/** How often each operation was called, the most frequent first. */
export function byOperation(calls: readonly Counted[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { service, operation } of calls) {
    const name = `${service}:${operation}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
}

/** The calls of each step: those from its beginning up to the next step's. Steps of a run never overlap. */
export function byStep<C extends Counted>(
  calls: readonly C[],
  steps: readonly Began[],
): ReadonlyMap<Began, readonly C[]> {
  const sorted = steps.toSorted((a, b) => a.at - b.at)
  return new Map(
    sorted.map((step, index) => {
      const until = sorted[index + 1]?.at ?? Number.POSITIVE_INFINITY
      const within = calls.filter(({ at }) => {
        const time = Date.parse(at)
        return step.at <= time && time < until
      })
      return [step, within]
    }),
  )
}

/** One line per service: how many calls, how many of them change something. */
export function byService(
  calls: readonly Counted[],
): readonly { readonly service: string; readonly calls: number; readonly mutating: number }[] {
  const services = [...new Set(calls.map(({ service }) => service))].sort()
  return services.map((service) => {
    const own = calls.filter((one) => one.service === service)
    return { service, calls: own.length, mutating: own.filter((one) => one.mutating).length }
  })
}
