/** An attempt of a workflow run; its latest one where no number is given. */
export interface RunAttempt {
  readonly run: string
  readonly attempt?: number
}

/**
 * Whether an attempt of a run can still do anything. `unknown`: nobody has heard of such a run, or nobody could be asked. Doubt is
 * never an end.
 */
export type Life =
  | { readonly is: 'alive'; readonly status: string }
  | { readonly is: 'ended'; readonly conclusion: string }
  | {
      readonly is: 'unknown'
      readonly why: string
      /** GitHub answered, and has no such run: it was deleted, or is another repository's. */
      readonly missing?: true
    }
