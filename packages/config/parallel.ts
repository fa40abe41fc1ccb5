/** How many calls are in flight at once: far below the rate limits of DescribeSecret and GetParameterHistory. */
const width = 6

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
