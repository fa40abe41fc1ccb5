import { isPassing } from '#aws'
import { CallError, messageOf, type Outcome, type Run } from '#core'
import type { EcsClients } from './client.ts'
import { failuresOf, isFailing, topCauses } from './failures.ts'
import { gateOf } from './gate.ts'
import { type ExpectedContainer, prove } from './judge.ts'
import { lookedAt } from './moments.ts'
import { observeRevisions, observeServiceDeployments, observeTasks } from './observe.ts'
import { conclude, type Progress } from './progress.ts'
import { afterLook, standing } from './rollout.ts'
import { isAlive, type LiveService, type Rollout, revisionOf, shiftsTraffic } from './state.ts'

/** Every sixth look reads tasks even when nothing seems to have changed: half a minute at the usual pace. */
const tasksEvery = 6
const tolerated = { doubts: 3, absent: 3 }

/** What every step of a watch needs. */
export interface Step {
  readonly run: Run
  readonly clients: EcsClients
  readonly cluster: string
  readonly started: number
}

/** One look at one service. What cannot be read is doubt about this service, and never stops the watch of the others. */
export async function advance(
  step: Step,
  one: Progress,
  service: LiveService | undefined,
): Promise<Progress> {
  try {
    const next = service ? await judge(step, { ...one, service, absent: 0 }) : missing(one)
    return 'end' in next ? await settle(step, next) : next.progress
  } catch (thrown) {
    if (isPassing(thrown)) return { ...one, seen: `cannot look: ${messageOf(thrown)}` }
    return doubted(step, one, forbidden(thrown).why)
  }
}

/** A read that will not succeed by itself: its message with what to do. Passing faults and bugs are thrown on. */
export function forbidden(thrown: unknown): { readonly why: string } {
  if (!(thrown instanceof CallError) || isPassing(thrown)) throw thrown
  return { why: `${thrown.message}; ${thrown.next}` }
}

/** Ends a watch whose service cannot be read. */
export const doubted = (step: Step, one: Progress, why: string): Progress => ({
  ...one,
  ended: conclude(
    one,
    { outcome: 'inconclusive', why: `cannot be proven: ${why}` },
    tookSince(step),
  ),
})

const tookSince = (step: Step) => step.run.clock.now() - step.started

type Next =
  | { readonly progress: Progress }
  | {
      readonly progress: Progress
      readonly end: { readonly outcome: Outcome; readonly why: string }
    }

const wait = (progress: Progress, seen: string): Next => ({ progress: { ...progress, seen } })
const end = (progress: Progress, outcome: Outcome, why: string): Next => ({
  progress,
  end: { outcome, why },
})

/**
 * Ends a watch. One that did not end well gets a last look: at its tasks, for the causes and for what serves now, and at
 * ECS's own verdict.
 */
async function settle(step: Step, next: Extract<Next, { end: unknown }>): Promise<Progress> {
  const { progress, end } = next
  if (end.outcome === 'done' || end.outcome === 'unchanged') {
    return { ...progress, ended: conclude(progress, end, tookSince(step)) }
  }
  const [tasks, says] = await Promise.all([
    withTasks(step, progress).catch(unread),
    verdictOf(step, progress.service).catch(unread),
  ])
  const why = 'unread' in tasks ? `${end.why}; its tasks are not known: ${tasks.unread}` : end.why
  const last = withMoments(step, 'unread' in tasks ? progress : tasks)
  const ended = conclude(last, { ...end, why }, tookSince(step))
  return { ...last, ended: { ...ended, ecsSays: 'unread' in says ? says.unread : says.verdict } }
}

/** A last look that fails takes nothing from what is known already; its reason is shown in its place. */
function unread(thrown: unknown): { readonly unread: string } {
  if (!(thrown instanceof CallError)) throw thrown
  return { unread: `${thrown.message}; ${thrown.next}` }
}

/** What ECS itself says of the service's current deployment: `ROLLBACK_IN_PROGRESS: the circuit breaker …`. */
async function verdictOf(step: Step, service: LiveService): Promise<{ readonly verdict: string }> {
  if (service.serviceDeployment === undefined) return { verdict: '' }
  const [found] = await observeServiceDeployments(step.clients, [service.serviceDeployment])
  return { verdict: [found?.status, found?.why].filter(Boolean).join(': ') }
}

function missing(one: Progress): Next {
  const absent = one.absent + 1
  const next = { ...one, absent }
  return absent > tolerated.absent
    ? end(next, 'failed', 'it is not an ACTIVE service any more')
    : wait(next, 'ECS does not list the service')
}

async function judge(step: Step, one: Progress): Promise<Next> {
  const stands = standing(one.service, one.watched)
  const next = { ...one, watched: afterLook(one.watched, stands), looks: one.looks + 1 }
  switch (stands.is) {
    case 'missing':
      return wait(next, `ECS still shows ${stands.shows}`)
    case 'failed':
      return end(next, 'failed', `its rollout failed: ${stands.why}`)
    case 'vanished':
      return end(next, 'failed', stands.why)
    case 'undone':
      return end(
        next,
        'failed',
        `undone: ECS gave up on ${one.watched.target} and put ${stands.by.taskDefinition} back, which serves now`,
      )
    case 'superseded':
      return end(
        next,
        'superseded',
        `somebody else deployed ${stands.by.taskDefinition} (${stands.by.id}); it is left alone`,
      )
    case 'ours':
      return judgeOurs(step, next, stands.rollout)
  }
}

async function judgeOurs(step: Step, one: Progress, rollout: Rollout): Promise<Next> {
  const { service } = one
  const ready = rollout.state !== 'IN_PROGRESS' && service.running === service.desired
  const signature = `${rollout.state} ${rollout.failedTasks} ${service.running}/${service.pending} ${service.events[0]?.id}`
  const read = ready || signature !== one.signature || one.looks % tasksEvery === 0
  const looked = read ? { ...(await withTasks(step, one)), signature } : one
  const failures = failuresOf(looked.tasks, rollout.id, looked.known)
  if (isFailing(failures)) {
    return end(looked, 'failed', `its tasks fail: ${topCauses(failures)[0] ?? ''}`)
  }
  const complete = rollout.state !== 'IN_PROGRESS'
  const expected =
    looked.expected ?? (complete ? await revisedDigests(step, service, rollout) : undefined)
  const gate = complete || !shiftsTraffic(service) ? '' : await gateOf(step.clients, service)
  const counts = [
    `${rollout.running} of ${service.desired} tasks of ${rollout.taskDefinition} run`,
    rollout.state,
    ...(gate === '' ? [] : [gate]),
  ].join(', ')
  return judgeProof(withMoments(step, { ...looked, expected }), { counts, complete })
}

/** What this look says of the way back; nothing before the first one that saw our deployment. */
function withMoments(step: Step, one: Progress): Progress {
  if (!one.watched.seen) return one
  const { target, deployment, forced } = one.watched
  const found = {
    service: one.service,
    tasks: one.tasks,
    expected: { taskDefinition: target, containers: one.expected ?? [] },
    only: forced ? deployment : undefined,
  }
  const look = { at: step.run.clock.now(), first: one.looks <= 1 }
  return { ...one, moments: lookedAt(one.moments, found, look) }
}

function judgeProof(
  one: Progress,
  at: { readonly counts: string; readonly complete: boolean },
): Next {
  const { service, watch } = one
  const taskDefinition = one.watched.target
  const proof = prove(service, one.tasks, { taskDefinition, containers: one.expected ?? [] })
  if (proof.is === 'wrong') return end(one, 'failed', proof.why)
  if (!at.complete) return wait(one, at.counts)
  if (service.desired < watch.atLeast) {
    return wait(one, `${service.desired} tasks are desired, not yet ${watch.atLeast}`)
  }
  if (service.desired === 0 && watch.stopped) return judgeStopped(one)
  switch (proof.is) {
    case 'proven':
      return end(one, watch.proven, `${taskDefinition} runs on all ${service.desired} tasks`)
    case 'waiting':
      return wait(one, proof.why)
    case 'unknown': {
      const doubts = one.doubts + 1
      const next = { ...one, doubts }
      return doubts > tolerated.doubts
        ? end(next, 'inconclusive', proof.why)
        : wait(next, proof.why)
    }
  }
}

function judgeStopped(one: Progress): Next {
  const alive = one.tasks.filter(isAlive).length
  return alive > 0
    ? wait(one, `${alive} tasks are ending`)
    : end(one, one.watch.proven, 'prepared, stopped: mode start finishes it')
}

async function withTasks(step: Step, one: Progress): Promise<Progress> {
  const tasks = await observeTasks(step.clients, {
    cluster: step.cluster,
    service: one.service.name,
  })
  const ended = tasks.filter((task) => task.desiredStatus === 'STOPPED').map((task) => task.id)
  return { ...one, tasks, known: one.known ?? new Set(ended) }
}

/** The digests that ECS fixed for a deployment when it began; undefined while it does not say. */
async function revisedDigests(
  step: Step,
  service: LiveService,
  rollout: Rollout,
): Promise<readonly ExpectedContainer[] | undefined> {
  const arn = revisionOf(service, rollout.id)
  if (arn === undefined) return undefined
  const [revision] = await observeRevisions(step.clients, [arn])
  const complete = revision?.containers.every(({ digest }) => digest !== undefined)
  return revision && complete ? revision.containers : undefined
}
