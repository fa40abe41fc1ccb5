import type { Hide, Operation, Put } from './plan.ts'

/** The parts of a restore in their order. */
export interface Phases {
  /** What documents ask for comes first: nobody may get a page whose chunks are not there. */
  readonly assets: readonly Put[]
  readonly files: readonly Put[]
  readonly documents: readonly Put[]
  /** Behind the invalidation: a new worker that still finds the old page at an edge keeps it for good. */
  readonly workers: readonly Put[]
  /** Last: until then somebody may have a page that leads there. */
  readonly hides: readonly Hide[]
}

/** Sorts operations into the order of a restore. Pure. */
export function phasesOf(operations: readonly Operation[]): Phases {
  const puts = (kind: Put['kind']) =>
    operations.filter((one): one is Put => one.do !== 'hide' && one.kind === kind)
  return {
    assets: puts('asset'),
    files: puts('file'),
    documents: puts('document'),
    workers: puts('service-worker'),
    hides: operations.filter((one): one is Hide => one.do === 'hide'),
  }
}
