import type { Copy, Hide, Operation } from './plan.ts'

/** The parts of a restore in their order. */
export interface Phases {
  /** What documents ask for comes first: nobody may get a page whose chunks are not there. */
  readonly assets: readonly Copy[]
  readonly files: readonly Copy[]
  readonly documents: readonly Copy[]
  /** Behind the invalidation: a new worker that still finds the old page at an edge keeps it for good. */
  readonly workers: readonly Copy[]
  /** Last: until then somebody may have a page that leads there. */
  readonly hides: readonly Hide[]
}

/** Sorts operations into the order of a restore. Pure. */
export function phasesOf(operations: readonly Operation[]): Phases {
  const copies = (kind: Copy['kind']) =>
    operations.filter((one): one is Copy => one.do === 'copy' && one.kind === kind)
  return {
    assets: copies('asset'),
    files: copies('file'),
    documents: copies('document'),
    workers: copies('service-worker'),
    hides: operations.filter((one): one is Hide => one.do === 'hide'),
  }
}
