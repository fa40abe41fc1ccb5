import { InputError, type Result, type Run } from '#core'
import type { GitHub } from '#github'
import { isRecordId, readEnvironment, readRecord, type Store } from '#store'
import { close, closeByHand, closeUnopened, closeWithout } from './close.ts'
import { type PlanDocument, parsePlan } from './document.ts'
import { notify } from './notify/notify.ts'
import {
  type NotifyInputs,
  type NotifySettings,
  notifyProblems,
  notifySettings,
} from './notify/settings.ts'
import { open } from './open.ts'

/** The action's settings. */
export type ReportSettings =
  | { readonly mode: 'open'; readonly plan: PlanDocument }
  | { readonly mode: 'close'; readonly plan: PlanDocument; readonly record: string | undefined }
  | { readonly mode: 'close-by-hand'; readonly record: string; readonly reason: string }
  | { readonly mode: 'notify'; readonly notify: NotifySettings }

/** Checks how the inputs fit together. Throws `InputError` with all problems. */
export function reportSettings(
  given: NotifyInputs & {
    readonly environment: string | undefined
    readonly mode: 'open' | 'close' | 'notify'
    readonly plan: string | undefined
    readonly record: string | undefined
    readonly reason: string | undefined
  },
): ReportSettings {
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
    ...(mode === 'notify' ? notifyProblems(given) : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  if (mode === 'notify') return { mode, notify: notifySettings(given) }
  if (plan === undefined)
    return { mode: 'close-by-hand', record: record ?? '', reason: reason ?? '' }
  const document = parsePlan(plan, given.environment ?? '')
  return mode === 'open' ? { mode, plan: document } : { mode, plan: document, record }
}

/** Runs the action: opens or closes the record of a rollback, or tells of it. */
export async function rollbackReport(
  run: Run,
  { store, github }: { readonly store: Store | undefined; readonly github: GitHub | undefined },
  settings: ReportSettings,
): Promise<Result> {
  if (store === undefined)
    throw new InputError(['store: expected a bucket: records are kept there'])
  switch (settings.mode) {
    case 'open':
      return open(run, store, settings.plan)
    case 'close-by-hand':
      return closeByHand(run, store, settings.record, settings.reason)
    case 'notify':
      return notify(run, { store, github }, settings.notify)
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
