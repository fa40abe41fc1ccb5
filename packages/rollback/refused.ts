import { noSteps, onlyText } from '#chain'
import type { Result } from '#core'
import type { Record, Store } from '#store'
import { buttonCommand, closeCommand, stopCommands } from './commands.ts'
import { documentOf, type Findings, outputsOf } from './findings.ts'
import type { PlanSettings } from './settings.ts'

/** `auto` goes on with a record whatever its destination is; a named point must be the record's own. */
export const sameDestination = (recorded: string, to: string): boolean =>
  to === 'auto' || to === 'last-verified' || to === recorded

/** An open record keeps its destination: the counts it stopped and the data it restored belong to it. */
export function elsewhere(store: Store, findings: Findings, record: Record): Result {
  const { environment } = store
  return refusedFor(
    store,
    findings,
    `the rollback ${record.id} is open and goes to ${record.to}, not to ${findings.settings.to}`,
    [
      `go on with it: ${buttonCommand(environment, {})}`,
      `or close it: ${closeCommand(environment, record.id)}`,
      `and then, to ${findings.settings.to}: ${buttonCommand(environment, { to: findings.settings.to })}`,
    ],
  )
}

/** `all` goes on with a record whatever was chosen for it, as `auto` does with its destination. */
export const sameComponents = ({ only }: Record, settings: PlanSettings): boolean =>
  settings.only === undefined || onlyText(settings.only) === onlyText(only)

/** An open record keeps its choice: what it began belongs to it. */
export function otherComponents(store: Store, findings: Findings, record: Record): Result {
  const { environment } = store
  const { only } = findings.settings
  return refusedFor(
    store,
    findings,
    `the rollback ${record.id} is open for ${onlyText(record.only)}, not for ${onlyText(only)}`,
    [
      `go on with it: ${buttonCommand(environment, {})}`,
      `or close it: ${closeCommand(environment, record.id)}`,
      `and then, for ${onlyText(only)}: ${buttonCommand(environment, { to: record.to, only })}`,
    ],
  )
}

/** Where a choice tears code and schema apart, the rest of it is the way out. */
export function waysOut(store: Store, { way, settings }: Findings): readonly string[] {
  const { only = [], profile } = way
  if (profile.torn === undefined) return []
  const both = { to: settings.to, dryRun: true, only: [...only, profile.torn] }
  return [`choose the ${profile.torn} too: ${buttonCommand(store.environment, both)}`]
}

/** A tag or a commit that means no restore point, with what each of them has instead. */
export const notFound = (
  store: Store,
  findings: Findings,
  rows: readonly (readonly string[])[],
): Result => ({
  ...refusedFor(store, findings, findings.way.destination.why),
  sections: [
    { title: 'What each restore point has', columns: ['point', 'commit that ran', 'images'], rows },
  ],
})

/** Nothing is begun: why, and what a person can do. */
export function refusedFor(
  store: Store,
  findings: Findings,
  why: string,
  first: readonly string[] = [],
): Result {
  const document = documentOf(findings, {
    choice: 'refused',
    why,
    consent: 'missing',
    operations: false,
  })
  return {
    outcome: 'refused',
    headline: `${store.environment} is not rolled back: ${why}; nothing was changed`,
    next: [
      ...first,
      'fix forward: deploy a commit with the fix',
      ...stopCommands(store.region, findings.settings.services).map(
        (command) => `or stop: ${command}`,
      ),
      `or name a restore point: ${buttonCommand(store.environment, { to: '<restore point id>' })}`,
    ],
    outputs: outputsOf(document, noSteps),
    data: document,
  }
}
