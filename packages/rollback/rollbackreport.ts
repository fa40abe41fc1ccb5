import { InputError, type Result, type Run } from '#core'
import type { GitHub } from '#github'
import { readEnvironment, readRecord, type Store } from '#store'
import { close, closeByHand, closeUnopened, closeWithout } from './close.ts'
import type { PlanDocument } from './document.ts'
import { notify } from './notify/notify.ts'
import { open } from './open.ts'
import { release } from './release.ts'
import type { ReportSettings } from './report-settings.ts'
import { takeOver } from './takeover.ts'
import { tellClosed, tellOpened } from './tell.ts'

/** What the action works with. */
export interface ReportPorts {
  readonly store: Store | undefined
  readonly github: GitHub | undefined
}

/** Runs the action: opens or closes the record of a rollback and shows it on GitHub, takes over, releases a pin, or tells of a record. */
export async function rollbackReport(
  run: Run,
  { store, github }: ReportPorts,
  settings: ReportSettings,
): Promise<Result> {
  if (store === undefined)
    throw new InputError(['store: expected a bucket: records are kept there'])
  const result = await perform(run, { store, github }, settings)
  const hub = { github, environment: settings.hubEnvironment }
  const record = result.outputs?.record
  const over = /^(planned|refused|superseded)$/.test(result.outcome)
  if (record === undefined || run.dryRun || over) return result
  switch (settings.mode) {
    case 'open':
      await tellOpened(run, { store, hub }, record)
      return result
    case 'close':
    case 'close-by-hand':
      await tellClosed(run, { store, hub }, record)
      return result
    case 'take-over':
    case 'release':
    case 'notify':
      return result
  }
}

async function perform(
  run: Run,
  { store, github }: ReportPorts & { readonly store: Store },
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
