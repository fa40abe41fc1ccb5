import { describe, expect, test } from '@jest/globals'
import {
  type Again,
  again,
  broken,
  dies,
  differences,
  first,
  rest,
  type Story,
  stories,
} from '../../support/chain/story.ts'

/** `npm run check:faults` tries everything; in `npm run check` each call is tried once. */
const all = process.env.FAULTS === 'all'

interface Kill {
  readonly k: number
  readonly when: 'before' | 'after'
  readonly how: Again
}

function killsOf(calls: number): readonly Kill[] {
  const ks = Array.from({ length: calls }, (_, index) => index + 1)
  const chosen = process.env.FAULT_K ? ks.filter((k) => k === Number(process.env.FAULT_K)) : ks
  if (!all)
    return chosen.map((k) => ({
      k,
      when: k === calls ? 'after' : 'before',
      how: k % 2 === 0 ? 'the job again' : 'the button',
    }))
  return chosen.flatMap((k) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['the job again', 'the button'] as const).map((how) => ({ k, when, how })),
    ),
  )
}

async function whole(story: Story) {
  const at = await broken(story)
  const rolling = first(at)
  const { conclusion } = await rolling.end
  const end = { conclusion, picture: await rest(at), calls: rolling.machine.mutations }
  await at.close()
  return end
}

describe.each(stories)('$name', (story) => {
  test('killed at any mutating call and run once more, it ends as if never killed', async () => {
    const { conclusion, picture, calls } = await whole(story)
    expect(conclusion).toBe('success')
    const wrong: string[] = []
    for (const { k, when, how } of killsOf(calls.length)) {
      const at = await broken(story)
      const killed = await first(at, dies(k, when)).end
      const second = await again(at, how)
      const differ = [...differences(await rest(at), picture), ...at.violations]
      await at.close()
      const { service, operation, path } = calls[k - 1] ?? {}
      const name = `${k} ${when} ${service}:${operation} ${path}, then ${how}`
      if (killed.conclusion !== 'killed') wrong.push(`${name}: ${killed.conclusion}, not killed`)
      if (second.conclusion !== 'success')
        wrong.push(
          `${name}: ended ${second.conclusion}\n    ${second.lines.slice(-4).join('\n    ')}`,
        )
      if (differ.length > 0) wrong.push(`${name}:\n    ${differ.join('\n    ')}`)
    }
    expect(wrong).toEqual([])
  }, 1_200_000)
})
