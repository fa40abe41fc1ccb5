import { type LiveService, type LiveTask, primaryOf, setsOf } from '#ecs'
import type { EcsContext } from './remember.ts'
import type { Seen } from './sample.ts'
import { bad, hard, readable } from './service-seen.ts'
import { givenUp, judgedTasks, unclear } from './sets.ts'

/** CodeDeploy gave up what it deployed: PRIMARY is what was there before. */
export function takenBack(
  service: LiveService,
  tasks: readonly LiveTask[],
  { expect, first, recorded, since }: EcsContext,
): Seen | undefined {
  if (expect !== 'released') return undefined
  const { name, taskDefinition } = service
  const newest = first.get(name)?.sets?.newest
  const given = givenUp(service, tasks, { since, recorded: recorded.get(name), newest })
  return given === undefined
    ? undefined
    : hard(
        name,
        'taken back by CodeDeploy',
        `${taskDefinition} serves, the task set of ${given} was given up: CodeDeploy went back or was stopped`,
      )
}

/** What cannot be told is no information: a good release is not taken back for it, and nothing is called good. */
function doubtful(service: LiveService, tasks: readonly LiveTask[]): Seen | undefined {
  const why = unclear(service, tasks)
  return why === undefined
    ? undefined
    : {
        class: 'void',
        value: `${service.name}: unclear`,
        expected: readable,
        why: `${service.name}: ${why}`,
      }
}

/** PRIMARY has the traffic: none of its tasks running is an outage, unless it is new and none has run yet. */
function shortOfTasks(service: LiveService, tasks: readonly LiveTask[]): Seen | undefined {
  const primary = primaryOf(service)
  if (!primary || (primary.running === primary.desired && primary.running > 0)) return undefined
  const { name } = service
  const value = `${primary.running} of ${primary.desired} running`
  const why = `${value} in the PRIMARY task set of ${primary.taskDefinition}`
  const hasRun = judgedTasks(service, tasks).some(({ startedAt }) => startedAt !== undefined)
  return primary.running === 0 && (hasRun || primary.state !== 'IN_PROGRESS')
    ? bad(name, value, why)
    : bad(name, value, why, 'in-progress')
}

/**
 * A newer task set beside PRIMARY; what was left there before the restore point is no deployment of now, nor what a rollback
 * left: ecs-rollback ends only when CodeDeploy has nothing under way.
 */
function shifting(service: LiveService, { expect, since }: EcsContext): Seen | undefined {
  if (expect === 'restored') return undefined
  const { coming, primary } = setsOf(service, since) ?? {}
  if (!coming || !primary) return undefined
  const { name } = service
  const why = `CodeDeploy deploys ${coming.taskDefinition}, ${coming.running} of ${coming.desired} running; ${primary.taskDefinition} is PRIMARY still`
  return bad(name, 'deploying', why, 'in-progress')
}

function stabilizing(service: LiveService): Seen | undefined {
  const primary = primaryOf(service)
  if (primary?.state !== 'IN_PROGRESS') return undefined
  const why = `the PRIMARY task set of ${primary.taskDefinition} is not steady yet`
  return bad(service.name, 'not steady', why, 'in-progress')
}

/** What keeps a service that CodeDeploy deploys from being complete. */
export function deploying(
  service: LiveService,
  tasks: readonly LiveTask[],
  context: EcsContext,
): Seen | undefined {
  return (
    doubtful(service, tasks) ??
    shortOfTasks(service, tasks) ??
    shifting(service, context) ??
    stabilizing(service)
  )
}
