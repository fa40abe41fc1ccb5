import { inLanes } from '#core'

/** A few calls in flight: thirty services stay far below the rate limits of ECS's read calls. */
export const inParallel = inLanes(8)

/** A read that is made once for each name: services of one family ask for the same task definition. */
export function onceEach<Found>(
  read: (name: string) => Promise<Found>,
): (name: string) => Promise<Found> {
  const asked = new Map<string, Promise<Found>>()
  return (name) => {
    const found = asked.get(name) ?? read(name)
    asked.set(name, found)
    return found
  }
}

/** Cuts a list into parts of at most `size`: the batch limits of ECS's describe calls. */
export function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
