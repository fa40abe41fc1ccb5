import { iso, type Moment, type Reached, type Section, type Written } from '#core'
import { isAlive, type LiveService, type LiveTask } from '../state.ts'
import { type Expectation, provenTasks } from './judge.ts'

/** The three moments of a service on its way back, as far as the looks saw them. */
export interface Moments {
  readonly badTrafficEnded?: Moment
  readonly capacityRestored?: Moment
  readonly steady?: Moment
}

/** What one look found, and which deployment is the good one. */
export interface Found {
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  readonly expected: Expectation
  /** The id of our deployment, where only it is good: what was there before has the same task definition. */
  readonly only: string | undefined
}

/**
 * Brings the moments up to one look. What is so keeps the time of the first look that saw it; what is not so any more loses it.
 * A service that desires no task says nothing of capacity.
 */
export function lookedAt(
  moments: Moments,
  found: Found,
  look: { readonly at: number; readonly first: boolean },
): Moments {
  const since = (so: boolean, before: Moment | undefined): Moment =>
    so ? (before ?? { at: iso(look.at), already: look.first }) : null
  const ended = badTrafficEnded(found)
  return {
    badTrafficEnded: since(ended, moments.badTrafficEnded),
    ...(found.service.desired > 0 && {
      capacityRestored: since(isRestored(found), moments.capacityRestored),
      steady: since(ended && isSteady(found), moments.steady),
    }),
  }
}

const isOther = ({ expected, only }: Found, one: { id: string; taskDefinition: string }) =>
  only === undefined ? one.taskDefinition !== expected.taskDefinition : one.id !== only

const isOtherTask = (found: Found, { startedBy, taskDefinition }: LiveTask) =>
  isOther(found, { id: startedBy, taskDefinition })

/** A task that is DEACTIVATING gets no new request; ECS counts it as not running (ECS, task life cycle). */
function badTrafficEnded(found: Found): boolean {
  const { service, tasks } = found
  const counted = service.rollouts.some((one) => isOther(found, one) && one.running > 0)
  const seen = tasks.some((task) => task.status === 'RUNNING' && isOtherTask(found, task))
  return !counted && !seen
}

function isRestored(found: Found): boolean {
  const tasks = found.tasks.filter((task) => !isOtherTask(found, task))
  return provenTasks(tasks, found.expected) >= found.service.desired
}

/** ECS lists a deployment until its last task has stopped. */
function isSteady(found: Found): boolean {
  const { service, tasks } = found
  const ours = service.rollouts.every((one) => !isOther(found, one) && one.state === 'COMPLETED')
  const draining = tasks.some((task) => isAlive(task) && isOtherTask(found, task))
  return ours && !draining && service.running === service.desired
}

/** Whether this rollback changed the service: what it never touched says nothing of when it came back. */
export const isTouched = (entries: readonly Written[], service: string): boolean =>
  entries.some(({ component, on }) => component === 'ecs' && on === service)

/** The moments of a service by the name that a record keeps them under. */
export const reachedBy = (service: string, moments: Moments): Reached => ({
  thing: `ecs ${service}`,
  ...moments,
})

function clock(moment: Moment | undefined): string {
  if (moment === undefined) return ''
  if (moment === null) return 'not seen'
  return moment.already ? `before ${moment.at.slice(11)}` : moment.at.slice(11)
}

/** The three moments apart: users are well from the first, the service from the last. */
export function momentsTable(all: readonly Reached[]): readonly Section[] {
  if (all.length === 0) return []
  return [
    {
      title: 'When (UTC)',
      columns: ['service', 'bad traffic ended', 'capacity restored', 'steady'],
      rows: all.map((one) => [
        one.thing.replace(/^ecs /, ''),
        clock(one.badTrafficEnded),
        clock(one.capacityRestored),
        clock(one.steady),
      ]),
    },
  ]
}
