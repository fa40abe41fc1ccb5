import { isPassing } from '#aws'
import { CallError, type Look, type Run, tolerant, until } from '#core'
import type { TaskClients } from './client.ts'
import { describe, type OneTask } from './observe.ts'
import type { TaskOrder } from './order.ts'
import { findOrStart } from './start.ts'

/** How running one task ended. */
export type TaskEnd =
  | {
      readonly is: 'ended'
      /** The task's id. */
      readonly task: string
      /** Of the container of the order; undefined where its program never started or was lost. */
      readonly exitCode: number | undefined
      /** ECS's words: why the task stopped, and what it says of the container. */
      readonly reason: string
      /** `EssentialContainerExited`, `TaskFailedToStart`, `UserInitiated` and the others; empty where ECS gave none. */
      readonly stopCode: string
    }
  | { readonly is: 'not-placed'; readonly why: string }
  /** Out of time: the task goes on, and a later run with the same order finds it. */
  | { readonly is: 'running'; readonly task: string; readonly seen: string }

/**
 * Runs one task to its end, or watches the one that was started for the same order before. The caller writes its journal
 * entry first (P8). Throws a `CallError` when ECS refuses.
 */
export async function runTask(run: Run, clients: TaskClients, order: TaskOrder): Promise<TaskEnd> {
  const started = await findOrStart(run, clients, order)
  if (started.is === 'not-placed') return started
  const { task } = started
  const waited = await until(run, {
    what: `task ${task.id} of ${task.taskDefinition}`,
    look: tolerant(looks(run, clients, order, task), isPassing, Number.POSITIVE_INFINITY),
  })
  return waited.is === 'found'
    ? endOf(waited.value, order)
    : { is: 'running', task: task.id, seen: waited.seen }
}

/** How often in a row ECS may not know a task that it started: its reads lag behind (kayac/ecspresso#28). */
const absences = 12
/** Looks in a row that find the container ended and ECS not ending the task. */
const lingering = 3

function looks(
  run: Run,
  clients: TaskClients,
  order: TaskOrder,
  { arn, id }: OneTask,
): () => Promise<Look<OneTask>> {
  const seen = { absent: 0, over: 0 }
  return async () => {
    const [task] = await describe(clients, order.cluster, [arn])
    seen.absent = task ? 0 : seen.absent + 1
    if (seen.absent > absences) throw lost(id)
    if (!task) return { is: 'waiting', seen: 'ECS does not list it' }
    if (hasEnded(task, order)) return { is: 'found', value: task }
    seen.over = isOver(task, order) ? seen.over + 1 : 0
    if (seen.over < lingering) return { is: 'waiting', seen: task.status }
    run.report.warning(
      `container ${order.container} of task ${id} has ended, its others run on: aws ecs stop-task --cluster ${order.cluster} --task ${id}`,
    )
    return { is: 'found', value: task }
  }
}

const containerOf = (task: OneTask, order: TaskOrder) =>
  task.containers.find(({ name }) => name === order.container)

const isOver = (task: OneTask, order: TaskOrder) => containerOf(task, order)?.exitCode !== undefined

/** Once the containers are gone, ECS still takes a while to clean up; the exit code is final before. */
function hasEnded(task: OneTask, order: TaskOrder): boolean {
  return task.status === 'STOPPED' || (task.status === 'DEPROVISIONING' && isOver(task, order))
}

function endOf(task: OneTask, order: TaskOrder): TaskEnd {
  const container = containerOf(task, order)
  const reason = [task.stoppedReason, container?.reason ?? '']
    .filter((part) => part !== '')
    .join('; ')
  const { id, stopCode } = task
  return { is: 'ended', task: id, exitCode: container?.exitCode, reason, stopCode }
}

function lost(id: string): CallError {
  const next = 'look for it in the console or in CloudTrail: what it did is not known'
  const call = { action: 'ecs:DescribeTasks', on: id, code: 'MISSING', next }
  return new CallError(call, 'ECS no longer lists the task that it started')
}
