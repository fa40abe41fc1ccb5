import { InputError, type Result, type Run } from '#core'
import { afterId, beforeId, deploymentId, isPointId, type Store } from '#store'
import { captureAfter } from './after.ts'
import { captureBefore, gate, type Ports } from './before.ts'
import { list, show } from './list.ts'

export type Mode = 'gate' | 'capture' | 'list' | 'show'

/** The action's settings. */
export interface Settings {
  readonly mode: Mode
  readonly point: 'before' | 'after'
  /** The restore point to show; this run's `after` when left out. */
  readonly id: string | undefined
  /** The record of the rollback whose `after` is taken. */
  readonly record: string | undefined
  /** The deployment whose `after` is taken; this run's when left out. */
  readonly deployment: string | undefined
}

/** Checks how the inputs fit together. Throws `InputError` with all problems. */
export function settings(given: {
  readonly mode: Mode
  readonly point: 'before' | 'after'
  readonly id: string | undefined
  readonly record: string | undefined
  readonly deployment: string | undefined
  readonly environment: string | undefined
}): Settings {
  const { mode, point, id, record, deployment, environment } = given
  const strange = deployment !== undefined && !isDeploymentOf(deployment, environment ?? '')
  const problems = [
    ...(environment === undefined
      ? ['environment: expected a name: restore points belong to an environment']
      : []),
    ...(id !== undefined && mode !== 'show' ? ['id: goes only with mode: show'] : []),
    ...(record !== undefined && point === 'before' ? ['record: goes only with point: after'] : []),
    ...(deployment !== undefined && (point === 'before' || record !== undefined)
      ? ['deployment: goes only with point: after, and without record']
      : []),
    ...(strange ? ['deployment: expected <environment>/<run id> of this environment'] : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  return { mode, point, id, record, deployment }
}

const isDeploymentOf = (id: string, environment: string): boolean =>
  id.startsWith(`${environment}/`) && isPointId(beforeId(id))

/** Runs the action: gate, capture, list or show. Throws `InputError` when no store is named. */
export async function restorePoint(
  run: Run,
  store: Store | undefined,
  ports: Ports,
  { mode, point, id, record, deployment: given }: Settings,
): Promise<Result> {
  if (store === undefined) {
    throw new InputError([
      'store: expected a bucket: restore points are kept there (input store, or store in the configuration file)',
    ])
  }
  const deployment = given ?? deploymentId(store.environment, run.identity.runId)
  switch (mode) {
    case 'gate':
      return gate(run, store, ports)
    case 'capture':
      return point === 'before'
        ? captureBefore(run, store, ports)
        : captureAfter(run, store, ports, { deployment, record })
    case 'list':
      return list(run, store, ports.button)
    case 'show':
      return show(store, id ?? afterId(deployment))
  }
}
