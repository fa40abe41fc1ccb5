/**
 * Makes a map over items with `width` of them in work at once: results in the order of the items. The first thing thrown
 * is thrown, and nothing more is begun.
 */
export function inLanes(width: number) {
  return async <Item, Found>(
    items: readonly Item[],
    work: (item: Item) => Promise<Found>,
  ): Promise<readonly Found[]> => {
    const found: Found[] = []
    let next = 0
    let stopped = false
    const lane = async () => {
      while (next < items.length && !stopped) {
        const index = next++
        found[index] = await work(items[index] as Item).catch((thrown: unknown) => {
          stopped = true
          throw thrown
        })
      }
    }
    await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
    return found
  }
}
