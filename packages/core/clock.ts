/** The only source of time in the product; tests inject their own. Milliseconds everywhere. */
export interface Clock {
  now(): number
  sleep(milliseconds: number): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** Lets nothing else of this process run for so many milliseconds: for its last moment, when nothing else may. */
export function holdStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** A moment as UTC ISO 8601 with seconds: `2026-11-22T03:15:00Z`. */
export function iso(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** A span in words a person reads at 3 a.m.: `2 h 05 min`, `3 min 20 s`, `0.4 s`. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
