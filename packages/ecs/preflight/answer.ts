import { isPassing } from '#aws'
import { CallError } from '#core'
import { inParallel } from '../parallel.ts'

/** What was found of one thing. */
export type Answer =
  | { readonly is: 'there' }
  /** It is certain that tasks cannot start with it as it is. */
  | { readonly is: 'lacking'; readonly why: string; readonly next: string }
  | { readonly is: 'doubtful'; readonly why: string; readonly next: string }
  /** The look failed: it says nothing of the thing. */
  | { readonly is: 'unseen'; readonly call: CallError }

/** It is there and can be used. */
export const there: Answer = { is: 'there' }

/** A look that failed, for lack of permission or otherwise, is doubt: what cannot be looked at may well be there. */
export async function orUnseen(look: () => Promise<Answer>): Promise<Answer> {
  try {
    return await look()
  } catch (thrown) {
    if (thrown instanceof CallError) return { is: 'unseen', call: thrown }
    throw thrown
  }
}

/** Things, each with what was found of it. */
export type Seen<Thing> = readonly (readonly [Thing, Answer])[]

/**
 * Looks at groups of things, a few at a time. Once the far side is silent, nobody waits for it again: what is left is unseen
 * as well.
 */
export async function inspectGroups<Thing>(
  groups: readonly (readonly Thing[])[],
  look: (things: readonly Thing[]) => Promise<Seen<Thing>>,
): Promise<Seen<Thing>> {
  let silent: CallError | undefined
  const parts = await inParallel(groups, async (things): Promise<Seen<Thing>> => {
    if (silent !== undefined) {
      const answer = { is: 'unseen', call: silent } as const
      return things.map((thing) => [thing, answer])
    }
    const seen = await look(things)
    const failed = seen.flatMap(([, answer]) => (answer.is === 'unseen' ? [answer.call] : []))
    silent ??= failed.find(isPassing)
    return seen
  })
  return parts.flat()
}

/** Looks at things one by one. */
export const inspectEach = <Thing>(
  things: readonly Thing[],
  look: (thing: Thing) => Promise<Answer>,
): Promise<Seen<Thing>> =>
  inspectGroups(
    things.map((thing) => [thing]),
    async ([thing]) => (thing === undefined ? [] : [[thing, await orUnseen(() => look(thing))]]),
  )

/** Groups things by a text. */
export function groupBy<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}
