import { iso, messageOf, type Run, type Section } from '#core'
import { type Containment, containment, type GitHub } from '#github'
import { listPins, type Pin, releasePin, type Store } from '#store'

/** A commit that was verified healthy, and the restore point that says so. */
export interface Verified {
  readonly sha: string
  readonly point: string
}

/**
 * Releases every pin whose commit is in the history of a commit that was verified healthy: what made it bad is mended there. Tells
 * what became of each; never fails, because a pin that stays harms nobody.
 */
export async function releaseFixed(
  run: Run,
  store: Store,
  github: GitHub | undefined,
  verified: Verified,
): Promise<readonly Section[]> {
  try {
    const pins = (await listPins(store)).filter((pin) => pin.released === undefined)
    if (pins.length === 0) return []
    const rows: string[][] = []
    let failed: string | undefined
    for (const pin of pins) {
      const what: string =
        failed ??
        (await become(run, store, github, { pin, verified }).catch((thrown) => {
          failed = `stays: ${messageOf(thrown)}`
          return failed
        }))
      rows.push([pin.sha.slice(0, 12), pin.record, what])
    }
    return [{ title: 'Pins', columns: ['commit', 'rolled back by', 'pin'], rows }]
  } catch (thrown) {
    return [{ title: 'Pins', text: `pins stay as they are: ${messageOf(thrown)}` }]
  }
}

interface Pair {
  readonly pin: Pin
  readonly verified: Verified
}

async function become(
  run: Run,
  store: Store,
  github: GitHub | undefined,
  { pin, verified }: Pair,
): Promise<string> {
  const short = verified.sha.slice(0, 12)
  if (pin.sha === verified.sha) return 'stays: it is the commit that was verified'
  if (github === undefined)
    return 'stays: without a token GitHub cannot be asked whether the commit is contained'
  const stands: { readonly [is in Containment]: string } = {
    contained: `released: contained in ${short}`,
    missing: `stays: not contained in ${short}`,
    unknown: `stays: GitHub cannot compare it with ${short}`,
  }
  const is = await containment(github, { commit: pin.sha, head: verified.sha })
  if (is === 'contained')
    await releasePin(store, pin.sha, {
      at: iso(run.clock.now()),
      by: run.identity.actor,
      why: `contained in ${verified.sha}, verified as ${verified.point}`,
    })
  return stands[is]
}
