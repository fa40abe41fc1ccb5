/** The sandbox's time: wall-clock timestamps, but every delay of the simulated cloud divided by `scale`. */

/** A cancellable timer. */
export interface Timer {
  cancel(): void
}

/** Simulated time. `now` is milliseconds since the epoch; delays are in simulated milliseconds. */
export interface Clock {
  now(): number
  after(milliseconds: number, run: () => void | Promise<void>): Timer
  sleep(milliseconds: number): Promise<void>
  /** Simulated milliseconds since a moment of `now`. */
  since(moment: number): number
  /** The moment of `now` that is so many simulated milliseconds ahead. */
  ahead(milliseconds: number): number
}

/** A clock on real timers in which a delay of 90 s with `scale` 30 takes 3 s. */
export function realClock(scale = 1): Clock {
  const after: Clock['after'] = (milliseconds, run) => {
    const handle = setTimeout(() => void run(), milliseconds / scale)
    return { cancel: () => clearTimeout(handle) }
  }
  return {
    now: () => Date.now(),
    after,
    sleep: (milliseconds) => new Promise((resolve) => void after(milliseconds, resolve)),
    since: (moment) => (Date.now() - moment) * scale,
    ahead: (milliseconds) => Date.now() + milliseconds / scale,
  }
}

/** A clock that only moves when told to; timers run in order of their due time. */
export interface VirtualClock extends Clock {
  /** Moves time forward, running each timer that becomes due, in order, and letting its promises settle. */
  advance(milliseconds: number): Promise<void>
}

/** A virtual clock. `sleep` advances it by itself, so a test that waits 30 minutes takes milliseconds. */
export function virtualClock(start = Date.UTC(2026, 10, 22, 3, 0, 0)): VirtualClock {
  let time = start
  let sequence = 0
  let pending: { due: number; order: number; run: () => void | Promise<void> }[] = []
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  const after: Clock['after'] = (milliseconds, run) => {
    const entry = { due: time + Math.max(0, milliseconds), order: sequence++, run }
    pending.push(entry)
    return {
      cancel: () => {
        pending = pending.filter((other) => other !== entry)
      },
    }
  }

  const advance = async (milliseconds: number) => {
    const end = time + milliseconds
    await settle()
    for (;;) {
      const due = pending
        .filter((entry) => entry.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0]
      if (!due) break
      pending = pending.filter((entry) => entry !== due)
      time = Math.max(time, due.due)
      await due.run()
      await settle()
    }
    time = Math.max(time, end)
  }

  return {
    now: () => time,
    after,
    sleep: advance,
    since: (moment) => time - moment,
    ahead: (milliseconds) => time + milliseconds,
    advance,
  }
}
