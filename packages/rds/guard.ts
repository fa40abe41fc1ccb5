import { iso, type Result, type Run } from '#core'
import { beforeId, deploymentId, moveDeployment, readPoint, type Store } from '#store'
import type { RdsClients } from './client.ts'
import { restore } from './rollback.ts'
import type { AppliedReader } from './scene.ts'
import type { GuardSettings } from './settings.ts'
import { takeSnapshot } from './snapshot.ts'

/** What rds-snapshot-guard works with. */
export interface GuardPorts {
  readonly clients: RdsClients
  readonly store: Store | undefined
  /** Reads the versions in the ledger; undefined when no migrations are named. */
  readonly applied: AppliedReader | undefined
}

/** The action rds-snapshot-guard: a snapshot before a deployment's migrations, or the restore of one. */
export function guard(run: Run, ports: GuardPorts, settings: GuardSettings): Promise<Result> {
  switch (settings.do) {
    case 'nothing':
      return passOver(run, ports.store, settings.why)
    case 'snapshot':
      return takeSnapshot(run, { ...ports, ...settings })
    case 'restore':
      return restore(run, { ...ports, settings })
  }
}

/** Without a database there is nothing to guard; the deployment begins all the same. */
async function passOver(run: Run, store: Store | undefined, why: string): Promise<Result> {
  const { runId } = run.identity
  const id = store && beforeId(deploymentId(store.environment, runId))
  const point = store && id ? await readPoint(store, id) : undefined
  if (store && id && point?.deployment?.state === 'captured' && !run.dryRun) {
    await moveDeployment(store, id, {
      state: 'deploying',
      why,
      at: iso(run.clock.now()),
      run: runId,
    })
  }
  return { outcome: 'unchanged', headline: `${why}: there is nothing to guard` }
}
