import type { Captured, Result, Run, Section } from '#core'
import { beforeId, changePoint, deploymentId, type LedgerState, readPoint } from '#store'
import { captureLedger, type LedgerOf } from './capture.ts'
import type { RevertSettings } from './revert-settings.ts'
import { type BackPorts, revert } from './rollback.ts'

/** What migration-revert works with. */
export type RevertPorts = BackPorts

/** The action migration-revert. */
export async function migrationRevert(
  run: Run,
  ports: RevertPorts,
  settings: RevertSettings,
): Promise<Result> {
  switch (settings.do) {
    case 'nothing':
      return { outcome: 'unchanged', headline: `${settings.why}: there is no ledger to read` }
    case 'capture':
      return capture(run, ports, settings.ledger)
    case 'revert':
      return revert(run, ports, settings)
  }
}

/** Reads the ledger; the restore point of this run gets it when it has none and the deployment has not begun. */
async function capture(
  run: Run,
  ports: Pick<RevertPorts, 'opener' | 'store'>,
  ledger: LedgerOf,
): Promise<Result> {
  const captured = await captureLedger(ports.opener, ledger, ports.store)(run)
  for (const warning of captured.warnings) run.report.warning(warning)
  if (captured.problems.length > 0) return dirty(captured)
  const { store } = ports
  if (!store)
    return show(captured, 'done', 'the ledger was read; without a store it is kept nowhere')
  const id = beforeId(deploymentId(store.environment, run.identity.runId))
  const point = await readPoint(store, id)
  if (point?.components.migrations) {
    return show(captured, 'unchanged', `${id} has the ledger already: it is kept`)
  }
  const why = whyNot(id, point?.deployment?.state)
  if (why) return refused(captured, why)
  if (run.dryRun) return show(captured, 'planned', `the ledger would be written into ${id}`)
  await changePoint(store, id, (current) =>
    current.components.migrations || whyNot(id, current.deployment?.state)
      ? undefined
      : { ...current, components: { ...current.components, migrations: captured.state } },
  )
  return show(captured, 'done', `the ledger is written into ${id}`)
}

/** A ledger that is read after the deployment began may have its migrations in it already. */
function whyNot(id: string, state: string | undefined): string | undefined {
  if (state === undefined)
    return `there is no restore point ${id}: run restore-point before this step`
  if (state === 'captured') return undefined
  return `the deployment of ${id} is ${state}: a ledger read now may have its migrations already`
}

function refused(captured: Captured<LedgerState>, why: string): Result {
  return {
    ...show(captured, 'refused', `${why}; nothing was changed`),
    next: [
      'put this step behind restore-point and before rds-snapshot-guard, then start a new run',
    ],
  }
}

function dirty(captured: Captured<LedgerState>): Result {
  return {
    ...show(captured, 'refused', `${captured.problems.join('; ')}; nothing was changed`),
    next: [
      'finish or undo the migration that failed, correct its row in the ledger, then run again',
    ],
  }
}

function show(
  captured: Captured<LedgerState>,
  outcome: Result['outcome'],
  headline: string,
): Result {
  const { state, warnings, rows } = captured
  return {
    outcome,
    headline,
    sections: [
      { title: 'Ledger', columns: ['what', 'value'], rows },
      ...pendingSection(state),
      ...(warnings.length > 0
        ? [{ title: 'Warnings', columns: ['warning'], rows: warnings.map((warning) => [warning]) }]
        : []),
    ],
    outputs: {
      applied: String(state.applied.length),
      pending: JSON.stringify(state.pending.map(({ version }) => version)),
      additive: String(state.pending.every(({ additive }) => additive)),
    },
    data: { ...state },
  }
}

function pendingSection({ pending }: LedgerState): readonly Section[] {
  if (pending.length === 0) return []
  return [
    {
      title: 'Pending migrations',
      columns: ['file', 'only adds', 'why', 'undo', 'because'],
      rows: pending.map(({ name, additive, why, undo }) => [
        name,
        additive ? 'yes' : 'no',
        why,
        undo.is,
        undo.why,
      ]),
    },
  ]
}
