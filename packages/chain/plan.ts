import type { Profile } from '#store'

/** What consent is given to: ids only, never estimates, times or counts, so that it stays the same until the facts change. */
export interface Subject {
  readonly resourceId: string
  readonly snapshot: string
  readonly destination: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** The text whose hash is the plan id. */
export function subjectText(subject: Subject): string {
  const { resourceId, snapshot, destination, added, removed } = subject
  return JSON.stringify([resourceId, snapshot, destination, [...added].sort(), [...removed].sort()])
}

export type Consent = 'not-needed' | 'given' | 'automatic' | 'missing' | 'never'

/** Decides consent to restoring data: only profile C needs it, and only the exact plan id gives it. */
export function decideConsent(
  profile: Profile,
  dataRestore: 'ask' | 'automatic' | 'never',
  { given, planId }: { readonly given: string | undefined; readonly planId: string },
): Consent {
  if (profile === 'A') return 'not-needed'
  if (dataRestore === 'never') return 'never'
  if (given === planId) return 'given'
  return dataRestore === 'automatic' ? 'automatic' : 'missing'
}

/** Whether the data may be restored. */
export const consented = (consent: Consent) => consent === 'given' || consent === 'automatic'

/** Which steps of the rollback run, in the order of the workflow. */
export interface Steps {
  readonly stop: boolean
  readonly restore: boolean
  readonly code: boolean
  readonly start: boolean
  readonly verify: boolean
}

/**
 * The steps of a profile. Without consent what is safe is undone: writers are stopped (or left running, as
 * `while-waiting` says) and code goes back behind them; nothing is started and nothing is verified.
 */
export function stepsOf(
  profile: Profile,
  consent: Consent,
  environment: { readonly services: boolean; readonly whileWaiting: 'stopped' | 'running' },
): Steps {
  const { services, whileWaiting } = environment
  if (profile === 'A') {
    return { stop: false, restore: false, code: services, start: false, verify: true }
  }
  const restore = consented(consent)
  const stop = services && (restore || whileWaiting === 'stopped')
  return { stop, restore, code: services && stop, start: stop && restore, verify: restore }
}
