import { bounded, InputError, type Result, type Run } from '#core'
import type { GitHub } from '#github'
import { isRecordId, readEnvironment, readRecord, type Store } from '#store'
import { close, closeByHand, closeUnopened, closeWithout } from './close.ts'
import { type PlanDocument, parsePlan } from './document.ts'
import { open } from './open.ts'
import { release } from './release.ts'
import { longestReason } from './settings.ts'
import { takeOver } from './takeover.ts'
import { tellClosed, tellOpened } from './tell.ts'

/** What the action is asked to do. */
export const reportModes = ['open', 'close', 'take-over', 'release'] as const
export type ReportMode = (typeof reportModes)[number]

/** The action's settings. `hubEnvironment` is what GitHub calls the environment. */
export type ReportSettings = { readonly hubEnvironment: string } & Asked

type Asked =
  | { readonly mode: 'open'; readonly plan: PlanDocument }
  | { readonly mode: 'close'; readonly plan: PlanDocument; readonly record: string | undefined }
  | { readonly mode: 'close-by-hand'; readonly record: string; readonly reason: string }
  | { readonly mode: 'take-over'; readonly settle: number }
  | { readonly mode: 'release'; readonly pin: string; readonly reason: string }

/** Checks how the inputs fit together. Throws `InputError` with all problems. */
export function reportSettings(given: {
  readonly environment: string | undefined
  readonly mode: ReportMode
  readonly plan: string | undefined
  readonly record: string | undefined
  readonly pin?: string | undefined
  readonly reason: string | undefined
  readonly settle: number
  readonly 'github-environment': string | undefined
}): ReportSettings {
  const { mode, plan, record, reason } = given
  const problems = [
    ...(given.environment === undefined ? ['environment: expected a name'] : []),
    ...(mode === 'open' && plan === undefined
      ? [
          'plan: expected the output plan of the action rollback-plan (the runner drops an output that contains a masked value: is the name of the environment, or a word of the reason, a secret?)',
        ]
      : []),
    ...(mode === 'close' && plan === undefined && record === undefined
      ? ['record: expected the id of the record to close (or plan, in the chain)']
      : []),
    ...(mode === 'close' && plan === undefined && reason === undefined
      ? ['reason: expected why the record is closed by hand']
      : []),
    ...(record !== undefined && !isRecordId(record)
      ? ['record: expected <environment>/<run id>/rollback-<n>']
      : []),
    ...pinProblems(given),
  ]
  if (problems.length > 0) throw new InputError(problems)
  const hubEnvironment = given['github-environment'] ?? given.environment ?? ''
  const why = bounded(reason ?? '', longestReason)
  if (mode === 'take-over') return { mode, settle: given.settle, hubEnvironment }
  if (mode === 'release') return { mode, pin: given.pin ?? '', reason: why, hubEnvironment }
  if (plan === undefined)
    return { mode: 'close-by-hand', record: record ?? '', reason: why, hubEnvironment }
  const document = parsePlan(plan, given.environment ?? '')
  const shared = { plan: document, hubEnvironment }
  return mode === 'open' ? { mode, ...shared } : { mode, record, ...shared }
}

/** As much of a commit as tells it from others. */
const commit = /^[0-9a-f]{7,40}$/i

function pinProblems({
  mode,
  pin,
  reason,
}: {
  readonly mode: ReportMode
  readonly pin?: string | undefined
  readonly reason: string | undefined
}): readonly string[] {
  if (mode !== 'release') return pin === undefined ? [] : ['pin: goes only with mode: release']
  return [
    ...(pin !== undefined && commit.test(pin)
      ? []
      : ['pin: expected the commit whose pin is released, at least its first 7 digits']),
    ...(reason === undefined ? ['reason: expected why the commit may be deployed again'] : []),
  ]
}

/** What the action works with. */
export interface ReportPorts {
  readonly store: Store | undefined
  readonly github: GitHub | undefined
}

/** Runs the action: opens or closes the record of a rollback and tells GitHub, takes over, or releases a pin. */
export async function rollbackReport(
  run: Run,
  { store, github }: ReportPorts,
  settings: ReportSettings,
): Promise<Result> {
  if (store === undefined)
    throw new InputError(['store: expected a bucket: records are kept there'])
  const result = await perform(run, { store, github }, settings)
  if (settings.mode === 'take-over' || settings.mode === 'release') return result
  const hub = { github, environment: settings.hubEnvironment }
  const record = result.outputs?.record
  const over = /^(planned|refused|superseded)$/.test(result.outcome)
  if (record === undefined || run.dryRun || over) return result
  if (settings.mode === 'open') await tellOpened(run, { store, hub }, record)
  else await tellClosed(run, { store, hub }, record)
  return result
}

async function perform(
  run: Run,
  { store, github }: { readonly store: Store; readonly github: GitHub | undefined },
  settings: ReportSettings,
): Promise<Result> {
  switch (settings.mode) {
    case 'open':
      return open(run, store, settings.plan)
    case 'take-over':
      return takeOver(run, store, { github, settle: settings.settle })
    case 'close-by-hand':
      return closeByHand(run, store, settings.record, settings.reason)
    case 'release':
      return release(run, store, settings)
    case 'close': {
      if (settings.plan.choice !== 'roll-back') return closeWithout(run, store, settings.plan)
      const record = settings.record ?? (await openHere(store, settings.plan))
      return record === undefined ? closeUnopened(run, store) : close(run, store, record)
    }
  }
}

/** The record that the open step of this job wrote, though its output was lost. */
async function openHere(store: Store, plan: PlanDocument): Promise<string | undefined> {
  const { open: id } = await readEnvironment(store)
  if (id === undefined || !id.startsWith(`${plan.undone}/`)) return undefined
  return (await readRecord(store, id))?.id
}
