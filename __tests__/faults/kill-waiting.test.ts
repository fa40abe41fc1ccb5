import { expect, test } from '@jest/globals'
import { each, killsOf, waiting, wrongWaiting } from '../support/chain/kill.ts'
import { waitingStory } from '../support/chain/story.ts'

const last = ({ steps }: Awaited<ReturnType<typeof waiting>>['partial']) => steps.at(-1)?.outcome

test('killed anywhere without consent it still waits for it, and killed anywhere with consent it still finishes', async () => {
  const end = await waiting(waitingStory)
  expect([end.partial.conclusion, last(end.partial)]).toEqual(['failure', 'partial'])
  expect([end.end.conclusion, last(end.end), end.violations]).toEqual(['success', 'done', []])
  const kills = killsOf(end.calls.length)
  expect(await each(kills, (kill) => wrongWaiting(waitingStory, kill, end))).toEqual([])
}, 1_200_000)
