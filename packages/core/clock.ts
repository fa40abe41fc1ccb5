/** The only source of time in the product; tests inject their own. Milliseconds everywhere. */
export interface Clock {
  now(): number
  sleep(milliseconds: number): Promise<void>
}

/** The machine's clock. It is set once, when the process starts: a correction of the machine's time in between moves no deadline and no window. */
export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** The answer's time has whole seconds and was on its way: less than this says nothing about a clock. */
const exact = 5_000

/** A clock set by a server's: moments of two machines and of AWS are compared, and each machine has its own idea of the time. */
export function setBy(clock: Clock, serverTime: number): Clock {
  const behind = serverTime - clock.now()
  if (serverTime === 0 || Math.abs(behind) < exact) return clock
  return { now: () => clock.now() + behind, sleep: clock.sleep }
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
