import { inLanes } from '#core'

/** A few calls in flight: thirty services stay far below the rate limits of ECS's read calls. */
export const inParallel = inLanes(8)

/** Cuts a list into parts of at most `size`: the batch limits of ECS's describe calls. */
export function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
