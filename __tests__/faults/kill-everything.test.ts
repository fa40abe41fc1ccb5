import { describe, expect, test } from '@jest/globals'
import { each, killsOf, whole, wrongAfter } from '../support/chain/kill.ts'
import { type Story, story } from '../support/chain/story.ts'

describe.each<Story>([story.everything])('$name', (one) => {
  test('killed at any mutating call and run once more, it ends as if never killed', async () => {
    const end = await whole(one)
    expect(end).toMatchObject({ conclusion: 'success', violations: [] })
    expect(await each(killsOf(end.calls.length), (kill) => wrongAfter(one, kill, end))).toEqual([])
  }, 1_200_000)
})
