import { InputError, type Verdict } from '#core'
import type { EnvironmentConfig } from '#inputs'

/** What rollback-plan is asked. */
export interface PlanSettings {
  /** The verdict the workflow passed on; undefined when it is empty. */
  readonly verdict: Verdict | undefined
  readonly to: string
  /** The plan id that a person consents to. */
  readonly consent: string | undefined
  /** True when a person pressed the Rollback button. */
  readonly asked: boolean
  /** True for the scheduled workflow: it finishes what ended runs left, and nothing that waits for a person. */
  readonly resume: boolean
  readonly reason: string
  readonly onInconclusive: 'hold' | 'roll-back'
  /** So many rollbacks within 24 hours may begin without a person. */
  readonly perDay: number
  readonly dataRestore: 'ask' | 'automatic' | 'never'
  readonly whileWaiting: 'stopped' | 'running'
  /** The ECS services of the environment, if it has any. */
  readonly services: EnvironmentConfig['services']
  /** Whether the environment names secrets or parameters, and a site. */
  readonly config: boolean
  readonly site: boolean
}

const destination =
  /^(auto|last-verified|[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[A-Za-z0-9._-]+\/(before|after))$/

/** Merges inputs over the configuration. Throws `InputError` with all problems. */
export function planSettings(
  given: {
    readonly environment: string | undefined
    readonly verdict: Verdict | undefined
    readonly to: string
    readonly consent: string | undefined
    readonly asked: boolean
    readonly resume: boolean
    readonly reason: string | undefined
    readonly 'on-inconclusive': 'hold' | 'roll-back' | undefined
  },
  config: EnvironmentConfig | undefined,
): PlanSettings {
  const problems = [
    ...(given.environment === undefined ? ['environment: expected a name'] : []),
    ...(config === undefined
      ? ['config: expected a configuration file that names the environment']
      : []),
    ...(destination.test(given.to)
      ? []
      : [
          `to: expected auto, last-verified or a restore point id such as production/123/after, got ${JSON.stringify(given.to)}`,
        ]),
    ...(given.resume && (given.asked || given.consent !== undefined || given.to !== 'auto')
      ? ['resume: goes without asked, consent and to: nobody is asked']
      : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  return {
    verdict: given.verdict,
    to: given.to,
    consent: given.consent,
    asked: given.asked,
    resume: given.resume,
    reason: given.reason ?? '',
    onInconclusive: given['on-inconclusive'] ?? config?.['on-inconclusive'] ?? 'hold',
    perDay: config?.['automatic-rollbacks-per-day'] ?? 2,
    dataRestore: config?.database?.['data-restore'] ?? 'ask',
    whileWaiting: config?.database?.['while-waiting'] ?? 'stopped',
    services: config?.services,
    config: config?.secrets !== undefined || config?.parameters !== undefined,
    site: config?.site !== undefined,
  }
}
