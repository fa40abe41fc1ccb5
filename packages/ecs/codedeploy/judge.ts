import { counted } from '../report/table.ts'
import type { Target } from '../rollback/plan.ts'
import { isAlive, type LiveService, type LiveTask, type TaskSet } from '../state.ts'
import { agreedDigests, type ExpectedContainer, type Proof, prove } from '../watch/judge.ts'
import type { Shift } from './observe.ts'
import { type CodeDeployment, isActive, primarySet } from './state.ts'

/** What one look at a service and the deployment that is watched found. */
export interface Looked {
  readonly service: LiveService
  readonly tasks: readonly LiveTask[]
  /** Undefined where nothing of CodeDeploy's is watched: the service is there already. */
  readonly deployment: CodeDeployment | undefined
  readonly shift: Shift
  /** Only tasks that this deployment made count: what was there before has the same task definition. */
  readonly anew?: boolean
}

/** What a look says of the way back. */
export type Judged =
  | { readonly is: 'waiting'; readonly seen: string }
  /** The traffic has not come to the target yet; CodeDeploy says it is finished all the same. */
  | { readonly is: 'elsewhere'; readonly serves: string }
  | { readonly is: 'proof'; readonly set: TaskSet; readonly proof: Proof; readonly drains: string }

/** The tasks of a task set. */
export const tasksOfSet = (set: TaskSet, tasks: readonly LiveTask[]) =>
  tasks.filter(({ startedBy }) => startedBy === set.id)

/**
 * The digests that the tasks of a set should run: those that a restore point recorded, else those on which all of them
 * agree. A set has no service revision that would have fixed them.
 */
export function expectedOf(
  { definition, recorded }: Target,
  tasks: readonly LiveTask[],
): readonly ExpectedContainer[] {
  if (recorded) return recorded
  return agreedDigests(
    definition.containers.map(({ name }) => name),
    tasks,
  )
}

/** Judges P13 for a service with task sets: on every task of the primary set, once it has all of the traffic. */
export function judge(looked: Looked, target: Target): Judged {
  const { service, tasks, deployment, shift } = looked
  const set = primarySet(service)
  const { name } = target.definition
  const old = looked.anew === true && set?.deployment !== deployment?.id
  if (!set || old || set.taskDefinition !== name) {
    if (deployment && isActive(deployment)) return { is: 'waiting', seen: stepText(looked) }
    return { is: 'elsewhere', serves: set?.taskDefinition ?? service.taskDefinition }
  }
  // PRIMARY serves production traffic [AWS: TaskSet]; CodeDeploy shows how much of it while it shifts.
  const weight = shift.weights.get(set.id) ?? 100
  if (weight < 100) return { is: 'waiting', seen: `${weight} % of the traffic reach ${name}` }
  const open = shift.steps.find(({ status }) => status === 'InProgress' || status === 'Pending')
  if (deployment && isActive(deployment) && open) {
    return { is: 'waiting', seen: `${name} has all traffic, ${open.name} is ${open.status}` }
  }
  const own = tasksOfSet(set, tasks)
  const proof = prove({ ...service, running: set.running }, own, {
    taskDefinition: name,
    containers: expectedOf(target, own),
  })
  return { is: 'proof', set, proof, drains: drainText(service, tasks, set) }
}

function stepText({ deployment, shift, service }: Looked): string {
  const at = shift.steps.findLast(({ status }) => status === 'InProgress')?.name
  const shares = (service.taskSets ?? []).map((set) => {
    const weight = shift.weights.get(set.id)
    const traffic = weight === undefined ? '' : `, ${weight} % of the traffic`
    return `${set.taskDefinition} ${set.running}/${set.desired}${traffic}`
  })
  const steps = [deployment?.status, at].filter(Boolean).join(', ')
  return `${deployment?.id} is ${steps}: ${shares.join('; ')}`
}

function drainText(service: LiveService, tasks: readonly LiveTask[], set: TaskSet): string {
  const alive = tasks.filter((task) => isAlive(task) && task.startedBy !== set.id).length
  const others = (service.taskSets ?? []).filter(({ id }) => id !== set.id)
  if (alive === 0) return ''
  const names = others.map(({ taskDefinition }) => taskDefinition).join(', ')
  return `; ${counted(alive, 'task')} of ${names || 'an older task set'} without traffic still there: CodeDeploy ends them after the wait of its deployment group`
}
