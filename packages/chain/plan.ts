import type { Profile } from '#store'
import { orders, type Step } from './matrix.ts'
import { isChosen, type Only } from './only.ts'

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

/** Decides consent to losing data: only where something is lost, and only the exact plan id gives it. */
export function decideConsent(
  needed: boolean,
  dataRestore: 'ask' | 'automatic' | 'never',
  { given, planId }: { readonly given: string | undefined; readonly planId: string },
): Consent {
  if (!needed) return 'not-needed'
  if (dataRestore === 'never') return 'never'
  if (given === planId) return 'given'
  return dataRestore === 'automatic' ? 'automatic' : 'missing'
}

/** Whether data may be touched: nothing is lost, or somebody consented. */
export const consented = (consent: Consent) => consent !== 'missing' && consent !== 'never'

/** Which steps of the rollback run; the order is the profile's. */
export type Steps = Readonly<Record<Step, boolean>>

/** What the environment has, and what of it differs from the destination. */
export interface Parts {
  readonly services: boolean
  readonly config: boolean
  readonly site: boolean
  readonly whileWaiting: 'stopped' | 'running'
  /** Components that are as they were there. A part that a resumed record may have left half-way is never one of them. */
  readonly same: ReadonlySet<'services' | 'config' | 'site'>
  /** What alone goes back. */
  readonly only: Only
}

const none: Steps = {
  stop: false,
  migrations: false,
  config: false,
  restore: false,
  code: false,
  readers: false,
  start: false,
  site: false,
  verify: false,
}

/** No step at all. */
export const noSteps = none

/**
 * The steps of a profile. Without consent what is safe is undone: writers are stopped (or everything is left running, as
 * `while-waiting` says), code, configuration and front end go back behind them; no data is touched, nothing is started and nothing
 * is verified.
 */
export function stepsOf(profile: Profile, consent: Consent, parts: Parts): Steps {
  const { services, whileWaiting, same, only } = parts
  const differs = (name: 'services' | 'config' | 'site') => isChosen(only, name) && !same.has(name)
  const may = consented(consent)
  const data = profile === 'B' || profile === 'C'
  if (data && !may && whileWaiting === 'running') return none
  const stop = data && services
  const config = parts.config && differs('config')
  return {
    stop,
    migrations: profile === 'B' && may,
    config,
    restore: profile === 'C' && may,
    // Stopped services are looked at whatever differs: each must stand on the destination's code before it is started.
    code: services && (stop || differs('services')),
    readers: config && services,
    start: stop && may,
    site: parts.site && differs('site'),
    verify: may,
  }
}

/** The steps that run, in their order. */
export const ordered = (profile: Profile, steps: Steps): readonly Step[] =>
  orders[profile].filter((step) => steps[step])
