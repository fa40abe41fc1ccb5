import type { Outcome } from './outcome.ts'

/** What a person sees while an action runs. The action package prints it; tests record it. */
export interface Report {
  /** One plain line. */
  info(line: string): void
  /** One line that a person should notice. */
  warning(line: string): void
  /** Keeps a value out of every log, summary and report from now on. */
  mask(secret: string): void
}

/** One part of a job summary. Cells are plain text: the renderer escapes them. */
export type Section =
  | { readonly title: string; readonly text: string }
  | {
      readonly title: string
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }

/** Data that can be written as JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** How an action ended, with everything a person or the next step needs to know of it. */
export interface Result {
  readonly outcome: Outcome
  /** One sentence: what happened to what. */
  readonly headline: string
  readonly sections?: readonly Section[]
  /** What to do next, one command or sentence each; required after anything that did not pass. */
  readonly next?: readonly string[]
  /** Outputs beside `outcome` and `report`. Ids, never ARNs, never secrets. */
  readonly outputs?: Readonly<Record<string, string>>
  /** The machine-readable body of the report file. */
  readonly data?: Json
}
