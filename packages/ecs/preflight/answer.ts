import { CallError } from '#core'

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

/** Groups things by a text. */
export function groupBy<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}
