import type { LiveService, Rollout, ServiceDeployment, ServiceEvent } from '../state.ts'
import type { Class } from './classes.ts'

/** What a service's events and ECS's own verdict say of a rollout: pure. */

/** An end of a watch: its class and one clause. */
export interface Sign {
  readonly class: Class
  readonly why: string
}

/** Events since a deployment began. Texts of AWS are matched loosely: they change without notice. */
const since = (events: readonly ServiceEvent[], began: number) =>
  events.filter(({ at }) => at >= began)

const noPlace =
  /unable to place a task|capacity is unavailable|limit on the number of vCPUs|unable to (start|launch) a task because/i

/** The newest event that says that there is no place for tasks; undefined when none does. */
export function shortageIn(service: LiveService, rollout: Rollout): ServiceEvent | undefined {
  return since(service.events, rollout.createdAt).find(({ message }) => noPlace.test(message))
}

const percentDeadlock = /because of the service deployment configuration/i

/** The percentages leave ECS no move: it waits for ever, and so would we [AWS: service event messages]. */
export function deadlockIn(service: LiveService, rollout: Rollout): Sign | undefined {
  const { events, percent, desired } = service
  const [event] = since(events, rollout.createdAt).filter(({ message }) =>
    percentDeadlock.test(message),
  )
  if (!event) return undefined
  const numbers = percent
    ? `minimumHealthyPercent ${percent.least} and maximumPercent ${percent.most} of ${counted(desired)} leave no room to start or stop one`
    : 'minimumHealthyPercent and maximumPercent leave no room to start or stop a task'
  return { class: 'capacity', why: `the rollout cannot move: ${numbers}` }
}

const counted = (desired: number) => `${desired} desired ${desired === 1 ? 'task' : 'tasks'}`

/** Tasks that nobody may end: they go on serving [AWS: task scale-in protection]. */
export function protectedIn(service: LiveService, rollout: Rollout): ServiceEvent | undefined {
  return since(service.events, rollout.createdAt).find(({ message }) =>
    /under protection/i.test(message),
  )
}

/** Why load balancers found tasks unhealthy, as the events say it, each once: `Health checks failed with these codes: [502]`. */
export function healthReasons(events: readonly ServiceEvent[]): readonly string[] {
  const reasons = events.flatMap(
    ({ message }) => /is unhealthy in .*? due to \(reason (.*?)\)\.?$/.exec(message)?.[1] ?? [],
  )
  return [...new Set(reasons)]
}

/** Whether an event hints at something that only the service deployment tells of. */
export const hintsAtVerdict = ({ message }: ServiceEvent) =>
  /deployment failed|rolling back|alarm|circuit breaker/i.test(message)

const ended = ['ROLLBACK_FAILED', 'STOPPED']
const goingBack = ['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL']

/**
 * What ECS's own verdict means for the deployment that is watched. `goesBack` where ECS's rollback is what is watched: then
 * its breaker and alarms are why it began, and only its own failure counts.
 */
export function verdictOn(
  deployment: ServiceDeployment,
  { goesBack }: { readonly goesBack: boolean },
): Sign | undefined {
  const { status, breaker, alarms } = deployment
  const says = verdictText(deployment)
  if (ended.includes(status)) return { class: 'verdict', why: `ECS ended it: ${says}` }
  if (goesBack) return undefined
  if (goingBack.includes(status)) {
    return { class: 'undone', why: `undone: ECS takes the rollback back: ${says}` }
  }
  if (breaker?.status === 'TRIGGERED' || alarms?.triggered.length) {
    return { class: 'verdict', why: `ECS gives it up: ${says}` }
  }
  return undefined
}

/** ECS's own verdict in one line: status, reason, breaker, alarms. */
export function verdictText({ status, why, breaker, alarms }: ServiceDeployment): string {
  return [
    [status, why.replace(/\.$/, '')].filter(Boolean).join(': '),
    ...(breaker && breaker.status !== 'DISABLED' && breaker.status !== ''
      ? [`circuit breaker ${breaker.status}, ${breaker.failures} of ${breaker.threshold} failures`]
      : []),
    ...(alarms?.triggered.length ? [`alarms that went off: ${alarms.triggered.join(', ')}`] : []),
    ...(alarms?.triggered.length === 0 && alarms.names?.length
      ? [`alarms ${alarms.status || 'watched'}: ${alarms.names.join(', ')}`]
      : []),
  ].join('; ')
}

/** Production traffic that does not reach a revision yet, in words; undefined when all of it does, or nothing is shifted. */
export function trafficMissing(
  { traffic }: Pick<ServiceDeployment, 'traffic'>,
  revision: string | undefined,
): string | undefined {
  if (traffic === undefined || revision === undefined) return undefined
  const weight = traffic[revision] ?? 0
  return weight === 100 ? undefined : `${weight} of 100 percent of the traffic reach it`
}
