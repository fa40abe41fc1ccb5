import {
  type Consent,
  consented,
  type Decision,
  decide,
  decideConsent,
  estimateText,
  type History,
  noSteps,
  onlyText,
  ordered,
  type Steps,
  stepsOf,
  stepWords,
  tookBefore,
  withinLimits,
} from '#chain'
import { InputError, type Result, type Run, type Section, span } from '#core'
import type { Captures } from '#points'
import { findSought, type Profile, parseSought, type Records, recordsOf, type Store } from '#store'
import { buttonCommand } from './commands.ts'
import type { Comparisons } from './compare.ts'
import { findDeployment, findWay, type Known, lookNow, type Way } from './evidence.ts'
import { documentOf, type Findings, noWay, outputsOf } from './findings.ts'
import { heldByOther, takenOver } from './lease.ts'
import { alsoTakenBack } from './older.ts'
import {
  elsewhere,
  notFound,
  otherComponents,
  refusedFor,
  sameComponents,
  sameDestination,
  waysOut,
} from './refused.ts'
import { decideLeft, leftAsItIs } from './resume.ts'
import type { PlanSettings } from './settings.ts'
import { consentText, orderText } from './words.ts'

/**
 * Decides whether anything is rolled back, where to and in which order. Reads only. Its outputs switch the steps of the
 * workflow; its output `plan` is what `rollback-report` opens the record from.
 */
export async function rollbackPlan(
  run: Run,
  store: Store | undefined,
  ports: { readonly captures: Captures; readonly comparisons: Comparisons },
  settings: PlanSettings,
): Promise<Result> {
  if (store === undefined)
    throw new InputError(['store: expected a bucket: the decision is made from what it keeps'])
  const { asked, resume } = settings
  const known = await findDeployment(run, store, asked || resume)
  const left = resume ? await decideLeft(run, store, { known, settings }) : undefined
  const quiet = left && leftAsItIs(store, known, left)
  if (quiet) return quiet
  const records = recordsOf(store)
  const wished = left ?? afterDeployment(known, settings)
  const decision = isNew(known, wished)
    ? withinLimits(wished, await historyOf(store, records, known, settings))
    : wished
  const other =
    asked || resume || decision.choice === 'nothing' ? undefined : await heldByOther(run, store)
  if (other?.lease.owner === 'rollback') return takenOver(store, other)
  if (decision.choice !== 'roll-back') return withoutRollback(run, store, known, decision, settings)
  if (known.newer !== undefined && !asked && !resume) return supersededBy(store, known.newer)
  const named = await nameDestination(store, settings)
  if ('seen' in named)
    return notFound(store, { known, decision, way: noWay(named.why), settings }, named.seen)
  const now = await lookNow(run, ports.captures)
  const { comparisons } = ports
  const only = known.record ? known.record.only : settings.only
  const given = { known, now, to: named.to, only, comparisons, records }
  const way = meaning(await findWay(run, store, given), named.why)
  const result = await planned(
    run,
    store,
    { known, decision, way, settings: { ...settings, to: named.to } },
    records,
  )
  // It would be red every ten minutes until a person decides.
  return resume && result.outcome === 'refused' ? { ...result, outcome: 'unchanged' } : result
}

/** What store and verdict say of the deployment. */
const afterDeployment = (
  { before, record }: Known,
  { onInconclusive, asked, verdict }: PlanSettings,
): Decision =>
  decide({
    state: before?.deployment?.state,
    stored: before?.deployment?.verdict?.verdict,
    given: verdict,
    openRecord: record?.id,
    ...{ onInconclusive, asked },
  })

/** Whether a rollback would begin that nobody asked for. One that is open is finished, and one that was overtaken is not begun. */
const isNew = (known: Known, { choice, trigger }: Decision): boolean =>
  choice === 'roll-back' &&
  trigger !== 'button' &&
  known.record === undefined &&
  known.newer === undefined

const historyOf = async (
  store: Store,
  records: Records,
  { undone }: Known,
  { perDay }: PlanSettings,
): Promise<History> => ({
  ...{ undone, perDay },
  records: await records.latest(),
  now: store.objects.serverTime(),
})

type Named =
  | { readonly to: string; readonly why?: string }
  | { readonly why: string; readonly seen: readonly (readonly string[])[] }

/** A tag or a commit means one restore point; from here on its id is the destination, whatever is deployed meanwhile. */
async function nameDestination(store: Store, { to, services }: PlanSettings): Promise<Named> {
  const sought = parseSought(to)
  if (sought === undefined) return { to }
  const found = await findSought(store, sought, services?.names ?? [])
  return found.is === 'point' ? { to: found.point.id, why: found.why } : found
}

/** Says of a destination that was found by tag or commit why it is the one. */
function meaning(way: Way, why: string | undefined): Way {
  if (why === undefined || way.destination.is === 'none') return way
  return { ...way, destination: { ...way.destination, why } }
}

/** Somebody else's fix is never rolled back (P14). */
function supersededBy(store: Store, newer: string): Result {
  return {
    outcome: 'superseded',
    headline: `${store.environment} was deployed again since by ${newer}: nothing is rolled back`,
    next: [`look at ${newer}; to roll that one back: ${buttonCommand(store.environment, {})}`],
    outputs: { decision: 'nothing' },
  }
}

async function planned(
  run: Run,
  store: Store,
  findings: Findings,
  records: Records,
): Promise<Result> {
  const { known, decision, way, settings } = findings
  const { destination, profile } = way
  if (destination.is === 'none') return refusedFor(store, findings, destination.why)
  const resumed = known.record !== undefined
  if (known.record && !sameDestination(known.record.to, settings.to))
    return elsewhere(store, findings, known.record)
  if (known.record && !sameComponents(known.record, settings))
    return otherComponents(store, findings, known.record)
  const nothing = way.differences.length === 0 && way.profile.gone.length === 0 && !resumed
  if (nothing && profile.impossible === undefined) return nothingDiffers(store, findings)
  if (settings.consent !== undefined && settings.consent !== way.planId) {
    return refusedFor(
      store,
      findings,
      `consent was given to the plan ${settings.consent}, but the plan is now ${way.planId}: what you consented to has changed`,
      [
        `read the plan as it is now: ${buttonCommand(store.environment, { to: settings.to, dryRun: true, only: way.only })}`,
      ],
    )
  }
  if (profile.impossible !== undefined && !resumed)
    return refusedFor(store, findings, profile.impossible, waysOut(store, findings))
  const consent = consentOf(known, way, settings)
  const kind = known.record?.profile ?? profile.profile
  const steps = stepsOf(kind, consent, {
    services: settings.services !== undefined,
    config: settings.config,
    site: settings.site,
    whileWaiting: settings.whileWaiting,
    // What a killed run left half-way may look the same from here: every step of a resumed record looks for itself.
    same: resumed ? new Set() : way.same,
    only: way.only,
  })
  const document = documentOf(findings, {
    choice: 'roll-back',
    why: decision.why,
    consent,
    operations: true,
  })
  const took = tookBefore(ordered(kind, steps), await records.latest())
  return {
    outcome: run.dryRun ? 'planned' : 'done',
    headline: `${subjectOf(store, way)} goes back to ${destination.point.id}: ${decision.why}`,
    sections: sectionsOf(run, findings, { kind, consent, steps, took }),
    next:
      consent === 'missing'
        ? [
            `consent to losing ${profile.lost}: ${buttonCommand(store.environment, { consent: way.planId, to: settings.to, only: way.only })}`,
          ]
        : run.dryRun
          ? [`do it: ${buttonCommand(store.environment, { to: settings.to, only: way.only })}`]
          : [],
    outputs: outputsOf(document, steps),
    data: { ...document, order: ordered(kind, steps), steps: { ...steps } },
  }
}

function consentOf(known: Known, way: Way, settings: PlanSettings): Consent {
  const { record } = known
  const isGiven = record?.consent === 'given' || record?.consent === 'automatic'
  if (record && (isGiven || settings.resume)) return record.consent
  const needed = record ? record.consent !== 'not-needed' : way.profile.consent
  return decideConsent(needed, inAdvance(known, way, settings), {
    given: settings.consent,
    planId: way.planId,
  })
}

/**
 * Consent in advance is for the rollback of a release that nobody accepted; after its verdict customers' writes count, and so they do
 * in what an earlier deployment brought.
 */
function inAdvance(
  { before }: Known,
  { profile }: Way,
  { dataRestore }: PlanSettings,
): PlanSettings['dataRestore'] {
  if (dataRestore !== 'automatic') return dataRestore
  const own = new Set((before?.components.migrations?.pending ?? []).map(({ version }) => version))
  const others = profile.profile === 'B' && profile.added.some((version) => !own.has(version))
  return others || before?.deployment?.state === 'verified' ? 'ask' : dataRestore
}

interface Told {
  readonly kind: Profile
  readonly consent: Consent
  readonly steps: Steps
  readonly took: ReturnType<typeof tookBefore>
}

function sectionsOf(run: Run, findings: Findings, told: Told): Section[] {
  const { known, decision, way, settings } = findings
  const { destination } = way
  const { kind, consent, steps, took } = told
  const words = (step: keyof typeof stepWords) => stepWords[step]
  return [
    {
      title: 'Plan',
      columns: ['question', 'answer'],
      rows: [
        ['Why', decision.why],
        ['Taken back', `${known.undone} (commit ${(known.before?.sha ?? 'unknown').slice(0, 12)})`],
        [
          'Back to',
          destination.is === 'point'
            ? `${destination.point.id}: ${destination.why}`
            : destination.why,
        ],
        ...(way.only ? [['Only', onlyText(way.only)]] : []),
        ['Database', databaseText(kind, findings)],
        ['Consent', consentText(consent, way.planId)],
        ['Data that is lost', lostText(run, findings, told)],
        ['Order', `${kind}: ${orderText(kind, steps)}`],
        ['Time', estimateText(ordered(kind, steps), took, words)],
        ...(settings.reason === '' ? [] : [['Reason', settings.reason]]),
      ],
    },
    { title: 'What changes', columns: ['thing', 'now', 'then'], rows: way.differences },
    ...(way.stays.length > 0
      ? [{ title: 'What stays as it is', columns: ['thing', 'why'], rows: way.stays }]
      : []),
    ...alsoTakenBack(way),
    ...(way.profile.gone.length > 0
      ? [
          {
            title: 'What is gone',
            columns: ['thing', 'what to do'],
            rows: way.profile.gone.map((thing) => [thing, putBackFirst(findings)]),
          },
        ]
      : []),
  ]
}

const putBackFirst = ({ way: { destination } }: Findings) =>
  `put it back first (apply the infrastructure code of ${(destination.is === 'point' && destination.point.runs) || 'the commit that was good'}), then run again: the rest goes back now`

function databaseText(kind: Profile, { known, way: { profile } }: Findings): string {
  switch (kind) {
    case 'A':
    case 'D':
      return `untouched: ${profile.why}`
    case 'B':
      return `its schema goes back by down migrations: ${profile.why}`
    case 'C':
      return `restored from ${known.before?.deployment?.snapshot?.id ?? 'no snapshot'}: ${profile.why}`
  }
}

function lostText(
  run: Run,
  { known, way: { profile } }: Findings,
  { kind, consent }: Told,
): string {
  if (consent === 'not-needed' || !consented(consent)) return 'nothing'
  const snapshot = known.before?.deployment?.snapshot
  if (kind !== 'C' || snapshot === undefined) return profile.lost
  const ago = span(run.clock.now() - Date.parse(snapshot.at))
  return `everything written since ${snapshot.at} (${ago} ago)`
}

function withoutRollback(
  run: Run,
  store: Store,
  known: Known,
  decision: Decision,
  settings: PlanSettings,
): Result {
  const way = noWay('')
  const document = documentOf(
    { known, decision, way, settings },
    { choice: decision.choice, why: decision.why, consent: 'not-needed', operations: false },
  )
  const texts = {
    verify: 'nothing is rolled back: the release is marked verified',
    hold: 'nothing is rolled back: held',
    nothing: 'nothing to undo',
    'roll-back': '',
  }
  return {
    outcome: run.dryRun ? 'planned' : 'unchanged',
    headline: `${store.environment}: ${texts[decision.choice]}: ${decision.why}`,
    next: decision.choice === 'hold' ? [buttonCommand(store.environment, {})] : [],
    outputs: outputsOf(document, noSteps),
    data: document,
  }
}

const subjectOf = (store: Store, { only }: Way) =>
  only ? `${onlyText(only)} of ${store.environment}` : store.environment

function nothingDiffers(store: Store, findings: Findings): Result {
  const held = findings.decision.trigger === 'verdict'
  const chosen = findings.way.only ? `of what was chosen (${onlyText(findings.way.only)}) ` : ''
  const why = `${chosen}what runs is what ${findings.way.destination.is === 'point' ? findings.way.destination.point.id : ''} says: there is nothing to put back`
  const document = documentOf(findings, {
    choice: held ? 'hold' : 'nothing',
    why,
    consent: 'not-needed',
    operations: false,
  })
  return {
    outcome: 'unchanged',
    headline: `${store.environment}: ${why}`,
    next: [
      ...(held ? ['look for the cause outside this release: a dependency, the network, data'] : []),
      ...(held || findings.settings.asked
        ? [
            `to go further back, name a restore point: ${buttonCommand(store.environment, { to: '<restore point id>' })}`,
          ]
        : []),
    ],
    outputs: outputsOf(document, noSteps),
    data: document,
  }
}
