import { InputError, iso, type Result, type Run } from '#core'
import { listPins, type Pin, releasePin, type Store } from '#store'

/** Releases a pin by hand: a person says why its commit may be deployed again. Needs no lease, for nothing that runs changes. */
export async function release(
  run: Run,
  store: Store,
  { pin: given, reason }: { readonly pin: string; readonly reason: string },
): Promise<Result> {
  const pin = onlyPin(store, await listPins(store), given)
  if (pin.released !== undefined) return releasedBefore(pin, pin.released)
  if (run.dryRun)
    return { outcome: 'planned', headline: `the pin of ${pin.sha} would be released: ${reason}` }
  const { actor } = run.identity
  const at = iso(run.clock.now())
  await releasePin(store, pin.sha, { at, by: actor, why: reason })
  return {
    outcome: 'done',
    headline: `${pin.sha} may be deployed to ${store.environment} again: ${actor} released its pin: ${reason}`,
    sections: [{ title: 'Pin', columns: ['what', 'value'], rows: rowsOf(pin) }],
    next: ['start a new run of that commit: a re-run of the one that was rolled back is refused'],
  }
}

const releasedBefore = (pin: Pin, { at, by, why }: NonNullable<Pin['released']>): Result => ({
  outcome: 'unchanged',
  headline: `the pin of ${pin.sha} was released at ${at} by ${by}: ${why}`,
})

/** The pin that a person names by the beginning of its commit. Throws `InputError` with the pins that hold. */
function onlyPin(store: Store, pins: readonly Pin[], given: string): Pin {
  const found = pins.filter(({ sha }) => sha.startsWith(given.toLowerCase()))
  if (found[0] !== undefined && found.length === 1) return found[0]
  if (found.length > 1)
    throw new InputError([
      `pin: ${given} is the beginning of ${found.map(({ sha }) => sha).join(' and ')}: give more of it`,
    ])
  const holding = pins.filter(({ released }) => released === undefined)
  const which = holding.map(({ sha, record }) => `${sha} (${record})`).join(', ')
  throw new InputError([
    `pin: no pin of ${store.environment} begins with ${given}; ${which === '' ? 'no commit is pinned' : `pinned are ${which}`}`,
  ])
}

const rowsOf = (pin: Pin): string[][] => [
  ['Commit', pin.sha],
  ['Rolled back by', pin.record],
  ['Why', pin.reason],
  ['Pinned', `${pin.at} by ${pin.by}`],
]
