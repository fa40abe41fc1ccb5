import type { Only } from '#chain'
import { bounded, InputError, type Verdict } from '#core'
import type { EnvironmentConfig } from '#inputs'
import { componentNames, destinationForms, isDestination } from '#store'

/** What rollback-plan is asked. */
export interface PlanSettings {
  /** The verdict the workflow passed on; undefined when it is empty. */
  readonly verdict: Verdict | undefined
  readonly to: string
  /** What alone goes back; everything, or what an open record says, when undefined. */
  readonly only: Only
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

/** So many characters of a reason are kept: it is a sentence, and stands in records, pins, summaries and messages. */
export const longestReason = 500

const shown = (given: string) => JSON.stringify(bounded(given, 80))

/** Reads `all` or a list of components; undefined when it is neither. All of them are the same as `all`. */
export function parseComponents(given: string): { readonly only: Only } | undefined {
  const words = given.split(',').map((word) => word.trim())
  if (words.length === 1 && words[0] === 'all') return { only: undefined }
  const chosen = componentNames.filter((name) => words.includes(name))
  if (words.some((word) => !(componentNames as readonly string[]).includes(word))) return undefined
  return { only: chosen.length === componentNames.length ? undefined : chosen }
}

/** Merges inputs over the configuration. Throws `InputError` with all problems. */
export function planSettings(
  given: {
    readonly environment: string | undefined
    readonly verdict: Verdict | undefined
    readonly to: string
    readonly components: string
    readonly consent: string | undefined
    readonly asked: boolean
    readonly resume: boolean
    readonly reason: string | undefined
    readonly 'on-inconclusive': 'hold' | 'roll-back' | undefined
  },
  config: EnvironmentConfig | undefined,
): PlanSettings {
  const chosen = parseComponents(given.components)
  const problems = [
    ...(given.environment === undefined ? ['environment: expected a name'] : []),
    ...(config === undefined
      ? ['config: expected a configuration file that names the environment']
      : []),
    ...(isDestination(given.to)
      ? []
      : [`to: expected ${destinationForms}, got ${shown(given.to)}`]),
    ...(given.to.startsWith('tag:') && config !== undefined && config.services === undefined
      ? ['to: tag: is looked for in the images of services, and the configuration names none']
      : []),
    ...(chosen === undefined
      ? [
          `components: expected all, or some of ${componentNames.join(', ')} separated by commas, got ${shown(given.components)}`,
        ]
      : []),
    ...(given.resume && (given.asked || given.consent !== undefined || given.to !== 'auto')
      ? ['resume: goes without asked, consent and to: nobody is asked']
      : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  return {
    verdict: given.verdict,
    to: given.to,
    only: chosen?.only,
    consent: given.consent === undefined ? undefined : bounded(given.consent, 80),
    asked: given.asked,
    resume: given.resume,
    reason: bounded(given.reason ?? '', longestReason),
    onInconclusive: given['on-inconclusive'] ?? config?.['on-inconclusive'] ?? 'hold',
    perDay: config?.['automatic-rollbacks-per-day'] ?? 2,
    dataRestore: config?.database?.['data-restore'] ?? 'ask',
    whileWaiting: config?.database?.['while-waiting'] ?? 'stopped',
    services: config?.services,
    config: config?.secrets !== undefined || config?.parameters !== undefined,
    site: config?.site !== undefined,
  }
}
