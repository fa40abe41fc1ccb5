import type { Image } from './images.ts'

/** How a program ended; `signal` is set when something killed it. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** What one look at a program's health check path gave. */
export type Probe =
  | { readonly kind: 'answer'; readonly status: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'refused'; readonly detail: string }

/** One container to start. */
export interface StartRequest {
  /** The reference that the task definition names, for fakes and messages. */
  readonly reference: string
  readonly image: Image
  /** The full command line; nothing is passed through a shell. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Receives standard output and standard error. */
  readonly logFile: string
  /** The loopback port on which the program is expected to listen, if it listens at all. */
  readonly port?: number
}

/** A started container. */
export interface Running {
  readonly pid?: number
  /**
   * Resolves when the program's start has shown itself: its port accepts, or it ended, or enough real time has gone.
   * The simulated cloud is compressed in time, a program's start is not.
   */
  readonly settled: Promise<void>
  readonly exited: Promise<Exit>
  /** Asks the program to end, and kills it after `graceMs` of simulated time; resolves when it is gone. */
  stop(graceMs: number): Promise<void>
  /** Only fakes answer here; a real program is asked over HTTP. */
  probe?(path: string): Promise<Probe>
}

/** Where containers run. `start` rejects with a CannotStart error when there is nothing to execute. */
export interface Runtime {
  /** A free port on 127.0.0.1. */
  port(): Promise<number>
  start(request: StartRequest): Promise<Running>
  /** Kills everything that still runs. */
  close(): Promise<void>
}

/** The exit code that a container reports: a killed one has 128 plus the signal's number. */
export function exitCode(exit: Exit, signalNumbers: Readonly<Record<string, number>>): number {
  if (exit.code !== null) return exit.code
  return 128 + (signalNumbers[exit.signal ?? ''] ?? 0)
}
