import { inLanes } from '#core'
import { type Pin, pinSchema } from './documents.ts'
import { keys } from './ids.ts'
import { changeDocument, readPin, type Store } from './store.ts'

/** The pins of the environment, released ones too. */
export async function listPins(store: Store): Promise<readonly Pin[]> {
  const folder = keys.pin(store.environment, '').replace(/\.json$/, '')
  const found = await store.objects.list(folder)
  const commits = found.map((key) => key.slice(folder.length).replace(/\.json$/, ''))
  const pins = await inLanes(16)(commits, (commit) => readPin(store, commit))
  return pins.filter((pin) => pin !== undefined)
}

/** Releases a pin; one that was released before keeps how. Answers whether it was this that released it. */
export async function releasePin(
  store: Store,
  sha: string,
  released: NonNullable<Pin['released']>,
): Promise<boolean> {
  let changed = false
  await changeDocument(store, keys.pin(store.environment, sha), { schema: pinSchema }, (pin) => {
    changed = pin.released === undefined
    return changed ? { ...pin, released } : undefined
  })
  return changed
}
