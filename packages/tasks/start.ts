import { type Failure, RunTaskCommand, type RunTaskCommandInput } from '@aws-sdk/client-ecs'
import { call, codeOf, isPassing, shortName } from '#aws'
import { CallError, type Run, tolerant, until } from '#core'
import type { TaskClients } from './client.ts'
import { findStarted, type OneTask, type Place, placeOf, toTask } from './observe.ts'
import type { TaskOrder } from './order.ts'

/** What became of the wish to start a task. */
export type Started =
  | { readonly is: 'started'; readonly task: OneTask }
  | { readonly is: 'not-placed'; readonly why: string }

/**
 * Finds the task that an earlier run started for this order, or starts it. An answer that got lost leads to a look at
 * what ECS runs, not to a second task: the client token makes the repeats of the SDK one request, `startedBy` those of
 * later runs.
 */
export async function findOrStart(
  run: Run,
  clients: TaskClients,
  order: TaskOrder,
): Promise<Started> {
  const known = await findStarted(clients, order)
  if (known) {
    run.report.info(`task ${known.id} was started for this before: it is watched, not repeated`)
    return { is: 'started', task: known }
  }
  const place = await placeOf(clients, order)
  if (!place) {
    const why = `there is no ACTIVE service ${order.service} in cluster ${order.cluster} whose network its task could use`
    return { is: 'not-placed', why }
  }
  return start(run, clients, order, place)
}

async function start(
  run: Run,
  clients: TaskClients,
  order: TaskOrder,
  place: Place,
): Promise<Started> {
  const name = shortName(order.taskDefinition)
  try {
    const answer = await call(clients.ecs, new RunTaskCommand(inputOf(order, place)), name)
    const [task] = answer.tasks ?? []
    return task
      ? { is: 'started', task: toTask(task) }
      : { is: 'not-placed', why: whyNot(answer.failures ?? []) }
  } catch (thrown) {
    if (!isPassing(thrown)) throw explained(thrown, name)
    const task = await lookForStarted(run, clients, order)
    if (!task) throw thrown
    return { is: 'started', task }
  }
}

function inputOf(order: TaskOrder, place: Place): RunTaskCommandInput {
  const environment = Object.entries(order.environment ?? {}).map(([name, value]) => ({
    name,
    value,
  }))
  const override = { name: order.container, command: [...order.command], environment }
  return {
    ...place,
    cluster: order.cluster,
    taskDefinition: order.taskDefinition,
    count: 1,
    startedBy: order.startedBy,
    clientToken: order.clientToken,
    overrides: { containerOverrides: [override] },
  }
}

/** ECS answers 200 and lists why a task found no place: `RESOURCE:MEMORY`, `AGENT`, capacity. */
function whyNot(failures: readonly Failure[]): string {
  const reasons = failures.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': '))
  return [...new Set(reasons)].filter(Boolean).join('; ') || 'ECS gave no reason'
}

/** Names the permission that RunTask needs beside its own, which is the one that is usually missing. */
function explained(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof CallError)) return thrown
  const next = nextOf(thrown, name)
  if (next === undefined) return thrown
  const { action, on, code } = thrown
  const message = thrown.cause instanceof Error ? thrown.cause.message : thrown.message
  return new CallError({ action, on, code, next }, message, thrown.cause)
}

function nextOf(thrown: CallError, name: string): string | undefined {
  if (/iam:PassRole/i.test(thrown.message)) {
    return `grant iam:PassRole on the task role and the execution role of ${name} to the role of this job (condition iam:PassedToService: ecs-tasks.amazonaws.com)`
  }
  return codeOf(thrown) === 'ConflictException'
    ? 'a task with another command, environment or network has this client token already: look what it did before this one is started under another name'
    : undefined
}

/** ECS may show a new task a little late, so it is looked for more than once. */
async function lookForStarted(
  run: Run,
  clients: TaskClients,
  order: TaskOrder,
): Promise<OneTask | undefined> {
  const look = async () => {
    const task = await findStarted(clients, order)
    return task
      ? ({ is: 'found', value: task } as const)
      : ({ is: 'waiting', seen: 'no such task' } as const)
  }
  const waited = await until(run, {
    what: `ECS's answer was lost, looking whether ${order.startedBy} was started`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
    within: 3 * run.pollInterval,
  })
  return waited.is === 'found' ? waited.value : undefined
}
