import type { Section, Written } from '#core'
import type { Store } from '#store'
import type { Target } from '../rollback/plan.ts'
import type { EcsSettings } from '../settings.ts'
import type { LiveService, TaskDefinition } from '../state.ts'

/** What a destination means for one service. */
export type Aim =
  | { readonly is: 'target'; readonly target: Target }
  | { readonly is: 'left-alone'; readonly why: string }
  /** Somebody deployed after what is undone: it is theirs (P14). */
  | { readonly is: 'superseded'; readonly why: string }
  | { readonly is: 'refused'; readonly why: string }

/** What a destination means for all services, or why there is none; with the candidates where some were compared. */
export type Aims = {
  readonly why: string
  /** What was compared, for the summary. */
  readonly sections: readonly Section[]
} & (
  | { readonly is: 'aims'; readonly of: ReadonlyMap<string, Aim> }
  | { readonly is: 'none'; readonly next: readonly string[] }
)

/** Reads a task definition, each once for all services. */
export type DefinitionOf = (name: string) => Promise<TaskDefinition | undefined>

/** What a destination is looked for with. */
export interface Given {
  readonly settings: EcsSettings
  readonly store: Store | undefined
  readonly services: readonly LiveService[]
  /** What this record did so far: our own deployments are nobody else's. */
  readonly entries?: readonly Written[]
}

/** No service has a destination, and what to do about it. */
export const none = (
  why: string,
  next: readonly string[],
  sections: readonly Section[] = [],
): Extract<Aims, { is: 'none' }> => ({ is: 'none', why, next, sections })
