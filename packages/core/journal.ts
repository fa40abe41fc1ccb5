import type { Json } from './report.ts'

/** One mutation, written down before it is sent (P8). */
export interface Entry {
  /** The component kind: `ecs`, `rds`. */
  readonly component: string
  /** The operation's `do`: `update-service`. */
  readonly operation: string
  /** The thing it changes: a service's or instance's name. */
  readonly on: string
  /** What a resume needs to finish or undo it: ids and counts, never a secret. */
  readonly detail?: Json
}

/** An entry as it stands in the record. */
export interface Written extends Entry {
  /** UTC ISO 8601. */
  readonly at: string
  readonly run: string
}

/**
 * Where mutations are written down before they are sent, and the proof that we may still send them.
 * In a rollback it is the record, in a deployment the restore point; without a store it only prints.
 */
export interface Journal {
  /** Everything written so far, by this run and the ones before it, oldest first. */
  entries(): readonly Written[]
  /** Checks the lease, then writes the entries. Throws `LeaseLost` when another run holds the lease. */
  intend(entries: readonly Entry[]): Promise<void>
  /** Renews the lease when a minute has passed. Throws `LeaseLost`. Called by every wait. */
  beat(): Promise<void>
}
