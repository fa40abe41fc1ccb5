import { inLanes } from '#core'
import {
  listPins,
  newestPoints,
  type Point,
  readRecord,
  type Store,
  type Record as StoredRecord,
  stillVerified,
} from '#store'
import type { Image } from './fingerprint.ts'

/** What the store knows of what is good and what is bad; empty without a store. */
export interface Knowledge {
  /** The newest points, verified or not. */
  readonly points: readonly Point[]
  readonly verified: readonly Point[]
  /** Task definitions that a rollback took away and whose commit is pinned. */
  readonly bad: readonly KnownBad[]
  /** Pinned commits. */
  readonly pinned: readonly string[]
}

/** A task definition that is known to be bad for a service. */
export interface KnownBad {
  readonly service: string
  readonly taskDefinition: string
  readonly why: string
}

/** What ran in one service, as a point says. */
export interface Ran {
  readonly point: string
  readonly taskDefinition: string
  /** The number of the service revision, where the point has it. */
  readonly serviceRevision?: string | undefined
  readonly containers: readonly Image[]
}

/** Nothing is known. */
const noKnowledge: Knowledge = { points: [], verified: [], bad: [], pinned: [] }

/** Reads what the store knows: the newest hundred points, and every pin that holds with its record. */
export async function readKnowledge(store: Store | undefined): Promise<Knowledge> {
  if (store === undefined) return noKnowledge
  const [points, pins] = await Promise.all([newestPoints(store), listPins(store)])
  const held = pins.filter(({ released }) => released === undefined)
  const records = await inLanes(8)([...new Set(held.map(({ record }) => record))], (id) =>
    readRecord(store, id),
  )
  return {
    points,
    verified: stillVerified(points),
    bad: records.flatMap((record) => (record === undefined ? [] : takenBackBy(record))),
    pinned: held.map(({ sha }) => sha),
  }
}

/** What a rollback took services from; never what it took them to. */
function takenBackBy({ id, journal }: StoredRecord): readonly KnownBad[] {
  const moves = journal.flatMap((entry) => {
    const move = moveOf(entry)
    return move === undefined ? [] : [{ ...move, service: entry.on }]
  })
  return moves
    .filter(({ service, from }) => !moves.some((one) => one.service === service && one.to === from))
    .map(({ service, from }) => ({ service, taskDefinition: from, why: `${id} took it back` }))
}

function moveOf({
  component,
  detail,
}: StoredRecord['journal'][number]): { readonly from: string; readonly to: string } | undefined {
  if (component !== 'ecs' || typeof detail !== 'object' || detail === null) return undefined
  const { from, to } = detail as { readonly from?: unknown; readonly to?: unknown }
  const moved = typeof from === 'string' && typeof to === 'string' && from !== to
  return moved ? { from, to } : undefined
}

/** What ran in a service by some points, in their order. */
export function ranIn(points: readonly Point[], cluster: string, service: string): readonly Ran[] {
  return points.flatMap(({ id, components }) => {
    const state =
      components.ecs?.cluster === cluster
        ? components.ecs.services.find(({ name }) => name === service)
        : undefined
    if (state === undefined) return []
    const { taskDefinition, serviceRevision, containers } = state
    return [{ point: id, taskDefinition, serviceRevision, containers }]
  })
}
