import { describe, expect, test } from '@jest/globals'
import { inLanes } from '#core'

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when told to, and what is in work. */
function workshop() {
  const open = new Map<number, { end(): void; fail(): void }>()
  let most = 0
  const work = (item: number) =>
    new Promise<string>((resolve, reject) => {
      const close = (then: () => void) => {
        open.delete(item)
        then()
      }
      open.set(item, {
        end: () => close(() => resolve(`${item} done`)),
        fail: () => close(() => reject(new Error(`${item} failed`))),
      })
      most = Math.max(most, open.size)
    })
  return { open, work, most: () => most }
}

describe('work in lanes', () => {
  test.each([
    [0, 3],
    [1, 3],
    [7, 3],
    [7, 20],
  ])('of %i items is %i at a time, with results in their order', async (count, width) => {
    const { open, work, most } = workshop()
    const items = Array.from({ length: count }, (_, index) => index)
    const all = inLanes(width)(items, work)
    await settle()
    while (open.size > 0) {
      // The newest first, so that the order of ends is not the order of items.
      ;[...open.values()].at(-1)?.end()
      await settle()
    }
    expect(await all).toEqual(items.map((item) => `${item} done`))
    expect(most()).toBe(Math.min(count, width))
  })

  test('throws what is thrown first, and begins nothing after it', async () => {
    const { open, work } = workshop()
    const all = inLanes(2)([1, 2, 3, 4], work)
    const ended = expect(all).rejects.toThrow('1 failed')
    await settle()
    open.get(1)?.fail()
    await settle()
    open.get(2)?.end()
    await ended
    await settle()
    expect([...open.keys()]).toEqual([])
  })
})
