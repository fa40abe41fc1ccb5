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

/** A bar of a chart, or a milestone where it has no end. Times are ISO, UTC. */
export interface Bar {
  readonly label: string
  readonly from: string
  readonly to?: string
  /** `bad` what did not end well. */
  readonly is: 'good' | 'bad' | 'moment'
}

/** What happened when, by thing. Names are plain text: the renderer makes them harmless. */
export interface Chart {
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[]
}

/** One part of a job summary. Cells are plain text: the renderer escapes them. */
export type Section =
  | { readonly title: string; readonly text: string }
  | { readonly title: string; readonly chart: Chart }
  /** Pages to look at. The renderer makes a link only of what is plainly an address. */
  | {
      readonly title: string
      readonly links: readonly { readonly text: string; readonly url: string }[]
    }
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

/**
 * When something became true, ISO, UTC: the first look that saw it. `already` when that was the first look of all, and an earlier
 * attempt may know better; null when it was looked for and is not so.
 */
export type Moment = { readonly at: string; readonly already: boolean } | null

/** How far one thing that users meet has come back. What is left out was not looked for. */
export interface Reached {
  /** `ecs web`, `site s3://acme-frontend`. */
  readonly thing: string
  readonly badTrafficEnded?: Moment
  readonly capacityRestored?: Moment
  readonly steady?: Moment
}

/** Rows that are gone, counted before they went: of a table, or with a value in a column of one (`orders.note`). */
export interface LostRows {
  readonly table: string
  readonly rows: number
}

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
  /** What stays although it passed, and a person has to know: one sentence each, with its command. A record keeps it. */
  readonly leaves?: readonly string[]
  /** What a record keeps of the way back. */
  readonly reached?: readonly Reached[]
  readonly lost?: readonly LostRows[]
  /** The machine-readable body of the report file. */
  readonly data?: Json
}
