import type { Fault } from '../../../packages/sandbox/index.ts'
import { eventually } from '../../../packages/sandbox/sample/index.ts'
import type { JobEnd } from '../chain/job.ts'
import { type Broken, picture, rollBack } from './town.ts'

/** Which call of the rollback its process does not survive. */
export type Mark = Pick<Fault, 'service' | 'operation' | 'match' | 'nth'> & {
  readonly when: 'before' | 'after'
}

/** Runs the rollback job whose process is killed (SIGKILL) at a call, if it comes that far. */
export function killed(at: Broken, mark: Mark, attempt = 1): Promise<JobEnd> {
  const { account, town } = at
  town.sandbox.faults.set([{ effect: 'kill', pid: 'caller', account, ...mark }])
  return rollBack(at, attempt)
}

/** Runs it once more in peace. */
export function again(at: Broken, attempt: number): Promise<JobEnd> {
  at.town.sandbox.faults.clear()
  return rollBack(at, attempt)
}

/** The services of release 1, as they ran before a bad one. */
export const servicesBefore = [
  'acme-api-gateway:1 2/2',
  'acme-event-processor:1 1/1',
  'acme-action-workers:1 1/1',
]

/** A look at everything as soon as nothing is on its way any more. */
export const rest = (at: Broken) =>
  eventually('a steady company', async () => {
    const found = await picture(at)
    const steady = found.services.every(
      ({ deployments, tasks }) => deployments === 1 && new Set(tasks.split('/')).size === 1,
    )
    return steady ? found : undefined
  })
