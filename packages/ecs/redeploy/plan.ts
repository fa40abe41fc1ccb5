import { iso, type Written } from '#core'
import { isStopped, lastConfigChange, lastSent } from '../recorded.ts'
import { type LiveService, primaryOf, unsupported } from '../state.ts'

/** What restarting one service takes. */
export type RedeployPlan =
  | { readonly is: 'deploy'; readonly service: LiveService; readonly why: string }
  /** Sent before by this run, or under way: watched and not repeated. */
  | {
      readonly is: 'attach'
      readonly service: LiveService
      readonly deployment: string
      readonly before: readonly string[]
      readonly why: string
    }
  /** Only in the rollback of a record: its tasks are new enough, or it has none. */
  | { readonly is: 'unchanged'; readonly service: LiveService; readonly why: string }
  | { readonly is: 'refused'; readonly service: LiveService; readonly why: string }

/** What restarting a service is judged by beside the service. */
export interface Before {
  /** What was done so far; of a record where one is given. */
  readonly entries: readonly Written[]
  readonly runId: string
  /** True in the rollback of a record: what has read the configuration that the record put back is left as it is. */
  readonly recorded: boolean
  /** When config-rollback ended in the record; undefined where it did not. */
  readonly configEnded: number | undefined
}

/**
 * Plans a new deployment of what a service runs: pure. One that this run sent already is not sent again, unless
 * configuration changed after it.
 */
export function planRedeploy(service: LiveService, before: Before): RedeployPlan {
  const { entries, runId } = before
  const foreign = unsupported(service)
  if (foreign !== undefined) return { is: 'refused', service, why: foreign }
  if (service.desired === 0) return withoutTask(service, before)
  const sent = lastSent(entries, service.name, 'redeploy')
  const primary = primaryOf(service)
  const arrived = sent && primary && !sent.before.includes(primary.id)
  const outdated = sent && sent.index < (lastConfigChange(entries)?.index ?? -1)
  if (arrived && !outdated && (sent.run === runId || primary.state === 'IN_PROGRESS')) {
    const { id: deployment, state } = primary
    return { is: 'attach', service, deployment, before: sent.before, why: `sent before, ${state}` }
  }
  const why = readAlready(service, before)
  if (primary === undefined || why === undefined) {
    return { is: 'deploy', service, why: `new tasks of ${service.taskDefinition}` }
  }
  const { id: deployment } = primary
  return primary.state === 'IN_PROGRESS'
    ? { is: 'attach', service, deployment, before: others(service, deployment), why }
    : { is: 'unchanged', service, why }
}

/** The ids of a service's deployments. */
export const idsOf = (service: LiveService) => service.rollouts.map(({ id }) => id)
const others = (service: LiveService, deployment: string) =>
  idsOf(service).filter((id) => id !== deployment)

/** Tasks that do not run yet read what is current when they start. */
function withoutTask(service: LiveService, { entries, recorded }: Before): RedeployPlan {
  if (!recorded) {
    return { is: 'refused', service, why: 'it desires no task: mode start brings them back' }
  }
  const why = isStopped(entries, service.name)
    ? 'this record stopped it: its tasks read what is current when mode start brings them back'
    : 'it desires no task: the next ones read what is current'
  return { is: 'unchanged', service, why }
}

/**
 * Why the deployment that a service has began after the last change of configuration in the record; undefined when it did
 * not, or nobody can say. By the order of the journal where the record deployed it, else by the time at which
 * config-rollback had ended: the entry of a change is older than the change.
 */
function readAlready(service: LiveService, before: Before): string | undefined {
  const { entries, recorded, configEnded } = before
  const change = lastConfigChange(entries)
  const primary = primaryOf(service)
  if (!recorded || !change || !primary || primary.state === 'FAILED') return undefined
  const own = (['way-back', 'redeploy'] as const)
    .flatMap((operation) => lastSent(entries, service.name, operation) ?? [])
    .some((sent) => sent.index > change.index && !sent.before.includes(primary.id))
  if (own) return `this record deployed it after it had put the configuration back (${primary.id})`
  // The record keeps whole seconds.
  const over = configEnded === undefined || configEnded < change.at ? undefined : configEnded + 1000
  return over !== undefined && primary.createdAt >= over
    ? `deployed at ${iso(primary.createdAt)}, after the configuration was put back`
    : undefined
}
