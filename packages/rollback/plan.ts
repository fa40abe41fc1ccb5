import {
  type Consent,
  consented,
  type Decision,
  decide,
  decideConsent,
  estimateText,
  noSteps,
  ordered,
  type Steps,
  stepsOf,
  stepWords,
  tookBefore,
} from '#chain'
import { InputError, type Result, type Run, type Section, span } from '#core'
import type { Captures } from '#points'
import { latestRecords, type Profile, type Record, type Store } from '#store'
import { buttonCommand, closeCommand, stopCommands } from './commands.ts'
import type { Comparisons } from './compare.ts'
import type { PlanDocument } from './document.ts'
import { findDeployment, findWay, type Known, lookNow, type Way } from './evidence.ts'
import { heldByOther, takenOver } from './lease.ts'
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
  const { asked, resume, onInconclusive } = settings
  const known = await findDeployment(run, store, asked || resume)
  const left = resume ? await decideLeft(run, store, { known, settings }) : undefined
  const quiet = left && leftAsItIs(store, known, left)
  if (quiet) return quiet
  const decision =
    left ??
    decide({
      state: known.before?.deployment?.state,
      stored: known.before?.deployment?.verdict?.verdict,
      given: settings.verdict,
      openRecord: known.record?.id,
      ...{ onInconclusive, asked },
    })
  const other =
    asked || resume || decision.choice === 'nothing' ? undefined : await heldByOther(run, store)
  if (other?.lease.owner === 'rollback') return takenOver(store, other)
  if (decision.choice !== 'roll-back') return withoutRollback(run, store, known, decision, settings)
  if (known.newer !== undefined && !asked && !resume) return supersededBy(store, known.newer)
  const now = await lookNow(run, ports.captures)
  const { comparisons } = ports
  const way = await findWay(run, store, { known, now, to: settings.to, comparisons })
  const result = await planned(run, store, { known, decision, way, settings })
  // It would be red every ten minutes until a person decides.
  return resume && result.outcome === 'refused' ? { ...result, outcome: 'unchanged' } : result
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

interface Findings {
  readonly known: Known
  readonly decision: Decision
  readonly way: Way
  readonly settings: PlanSettings
}

async function planned(run: Run, store: Store, findings: Findings): Promise<Result> {
  const { known, decision, way, settings } = findings
  const { destination, profile } = way
  if (destination.is === 'none') return refusedFor(store, findings, destination.why)
  const resumed = known.record !== undefined
  if (known.record && !sameDestination(known.record.to, settings.to))
    return elsewhere(store, findings, known.record)
  const nothing = way.differences.length === 0 && way.profile.gone.length === 0 && !resumed
  if (nothing && profile.impossible === undefined) return nothingDiffers(store, findings)
  if (settings.consent !== undefined && settings.consent !== way.planId) {
    return refusedFor(
      store,
      findings,
      `consent was given to the plan ${settings.consent}, but the plan is now ${way.planId}: what you consented to has changed`,
      [
        `read the plan as it is now: ${buttonCommand(store.environment, { to: settings.to, dryRun: true })}`,
      ],
    )
  }
  if (profile.impossible !== undefined && !resumed)
    return refusedFor(store, findings, profile.impossible)
  const consent = consentOf(known, way, settings)
  const kind = known.record?.profile ?? profile.profile
  const steps = stepsOf(kind, consent, {
    services: settings.services !== undefined,
    config: settings.config,
    site: settings.site,
    whileWaiting: settings.whileWaiting,
    // What a killed run left half-way may look the same from here: every step of a resumed record looks for itself.
    same: resumed ? new Set() : way.same,
  })
  const document = documentOf(findings, {
    choice: 'roll-back',
    why: decision.why,
    consent,
    operations: true,
  })
  const took = tookBefore(ordered(kind, steps), await latestRecords(store))
  return {
    outcome: run.dryRun ? 'planned' : 'done',
    headline: `${store.environment} goes back to ${destination.point.id}: ${decision.why}`,
    sections: sectionsOf(run, findings, { kind, consent, steps, took }),
    next:
      consent === 'missing'
        ? [
            `consent to losing ${profile.lost}: ${buttonCommand(store.environment, { consent: way.planId, to: settings.to })}`,
          ]
        : run.dryRun
          ? [`do it: ${buttonCommand(store.environment, { to: settings.to })}`]
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
  return decideConsent(needed, inAdvance(known, settings), {
    given: settings.consent,
    planId: way.planId,
  })
}

/** Consent in advance is for the rollback of a release that nobody accepted; after its verdict customers' writes count. */
const inAdvance = (
  { before }: Known,
  { dataRestore }: PlanSettings,
): PlanSettings['dataRestore'] =>
  dataRestore === 'automatic' && before?.deployment?.state === 'verified' ? 'ask' : dataRestore

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
  const way: Way = {
    destination: { is: 'none', why: '' },
    profile: {
      ...{ profile: 'A', why: '', schema: 'unknown', consent: false, lost: 'nothing' },
      ...{ added: [], removed: [], gone: [] },
    },
    planId: '',
    differences: [],
    same: new Set(),
    stays: [],
  }
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

/** `auto` goes on with a record whatever its destination is; a named point must be the record's own. */
const sameDestination = (recorded: string, to: string): boolean =>
  to === 'auto' || to === 'last-verified' || to === recorded

/** An open record keeps its destination: the counts it stopped and the data it restored belong to it. */
function elsewhere(store: Store, findings: Findings, record: Record): Result {
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

function refusedFor(
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

function nothingDiffers(store: Store, findings: Findings): Result {
  const held = findings.decision.trigger === 'verdict'
  const why = `what runs is what ${findings.way.destination.is === 'point' ? findings.way.destination.point.id : ''} says: there is nothing to put back`
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

function documentOf(
  { known, decision, way, settings }: Findings,
  rest: Pick<PlanDocument, 'choice' | 'why' | 'consent' | 'operations'>,
): PlanDocument {
  return {
    version: 1,
    ...rest,
    trigger: decision.trigger,
    undone: known.undone,
    from: known.before?.sha ?? '',
    to: way.destination.is === 'point' ? way.destination.point.id : '',
    profile: known.record?.profile ?? way.profile.profile,
    planId: way.planId,
    reason: settings.reason === '' ? decision.why : settings.reason,
    ...(known.record ? { record: known.record.id } : {}),
    ...(settings.resume && { resumes: true as const }),
  }
}

function outputsOf(document: PlanDocument, steps: Steps) {
  return {
    decision: document.choice,
    deployment: document.undone,
    destination: document.to,
    profile: document.profile,
    'plan-id': document.planId,
    consent: document.consent,
    plan: JSON.stringify(document),
    ...Object.fromEntries(Object.entries(steps).map(([step, runs]) => [step, String(runs)])),
    site: sitePlace(document.profile, steps),
  }
}

/** Where in the order the front end stands: consumers go back before providers, but behind a database that goes back. */
function sitePlace(profile: Profile, { site }: Steps): 'first' | 'last' | 'false' {
  if (!site) return 'false'
  return profile === 'B' || profile === 'C' ? 'last' : 'first'
}
