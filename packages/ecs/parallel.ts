/** How many calls are in flight at once: thirty services stay far below the rate limits of ECS's read calls. */
const width = 8

/** Runs `work` for each item, a few at a time; results in the order of the items. The first thing thrown is thrown. */
export async function inParallel<Item, Found>(
  items: readonly Item[],
  work: (item: Item) => Promise<Found>,
): Promise<readonly Found[]> {
  const found: Found[] = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const index = next++
      found[index] = await work(items[index] as Item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return found
}

/** Cuts a list into parts of at most `size`: the batch limits of ECS's describe calls. */
export function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
