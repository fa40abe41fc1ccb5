import { isPassing } from '#aws'
import { CallError, iso, messageOf, span } from '#core'
import { observeServices, observeTasks, serviceOf } from '../observe.ts'
import { inquire } from '../report/inquiry.ts'
import { fingerprintText, servingText } from '../report/serving.ts'
import {
  isCodeDeployed,
  type LiveService,
  type LiveTask,
  type Revision,
  type Rollout,
} from '../state.ts'
import { causeText, failing, isInjected, topCauses, wasHealthy } from './failures.ts'
import { agreedDigests, type ExpectedContainer } from './judge.ts'
import { lookedAt } from './moments.ts'
import {
  conclude,
  failuresIn,
  mergeEvents,
  mergeTasks,
  type Progress,
  sinceOf,
} from './progress.ts'
import { judgeProof, type Ours } from './proof.ts'
import { afterLook, standing } from './rollout.ts'
import type { Sight } from './sights.ts'
import { deadlockIn, type Sign, shortageIn, verdictOn } from './signs.ts'
import { doubted, end, fail, forbidden, type Next, type Step, tookSince, wait } from './step.ts'

/** Every twelfth look reads tasks even when nothing seems to have changed: a minute at first. */
const tasksEvery = 12
const toleratedAbsent = 3

/** One look at one service. What cannot be read is doubt about this service, and never stops the watch of the others. */
export async function advance(step: Step, one: Progress, sight: Sight): Promise<Progress> {
  const { service, unread } = sight
  if (unread.deployment !== undefined) {
    step.warn(`${one.watch.service.name}: ECS's own verdict is not read: ${unread.deployment}`)
  }
  try {
    const next = service
      ? await judge(step, seeing(one, service, sight), sight)
      : missing(one, sight)
    return 'end' in next ? await settle(step, next) : next.progress
  } catch (thrown) {
    if (isPassing(thrown)) return { ...one, seen: `cannot look: ${messageOf(thrown)}` }
    return doubted(step, one, forbidden(thrown).why)
  }
}

const seeing = (one: Progress, service: LiveService, { deployment }: Sight): Progress => ({
  ...one,
  service,
  absent: 0,
  looks: one.looks + 1,
  events: mergeEvents(one.events, service.events),
  deployment: deployment ?? one.deployment,
})

/**
 * Ends a watch. One that did not end well gets a last look: at its tasks and events, for the causes and for what serves now,
 * and at all that the screen of an on-call engineer shows.
 */
async function settle(step: Step, next: Extract<Next, { end: unknown }>): Promise<Progress> {
  const { progress, end: how } = next
  if (how.outcome === 'done' || how.outcome === 'unchanged') {
    return { ...progress, ended: conclude(progress, how, tookSince(step)) }
  }
  const events = await withEvents(step, progress).catch(unread)
  const seen = 'unread' in events ? progress : events
  const tasks = await withTasks(step, seen, true).catch(unread)
  const why = 'unread' in tasks ? `${how.why}; its tasks are not known: ${tasks.unread}` : how.why
  const last = withMoments(step, 'unread' in tasks ? seen : tasks)
  const told = { ...how, why: how.class === 'undone' ? `${why}; ${fingerprints(last)}` : why }
  const ended = conclude(last, told, tookSince(step))
  const evidence = await inquire(step, ended, last.watched)
  return { ...last, ended: { ...ended, evidence } }
}

/** The tasks were read after the service: what ECS says of them may have come in between. */
async function withEvents(step: Step, one: Progress): Promise<Progress> {
  const { name } = one.service
  const found = await observeServices(step.clients, { cluster: step.cluster, names: [name] })
  const service = serviceOf(found, name)
  return service ? { ...one, events: mergeEvents(one.events, service.events) } : one
}

/** Both versions by what they are made of: names may be the same. */
function fingerprints({ service, tasks, expected = [] }: Progress): string {
  return `wanted ${fingerprintText(expected) || 'digests that nobody recorded'}; now ${servingText(service, tasks)}`
}

/** A last look that fails takes nothing from what is known already; its reason is shown in its place. */
function unread(thrown: unknown): { readonly unread: string } {
  if (!(thrown instanceof CallError)) throw thrown
  return { unread: `${thrown.message}; ${thrown.next}` }
}

function missing(one: Progress, { absent: found }: Sight): Next {
  const absent = one.absent + 1
  const next = { ...one, absent }
  // A read that lags shows no service; one that shows it draining or deleted does not lag.
  const certain = found !== undefined && found.is !== 'MISSING'
  return certain || absent > toleratedAbsent
    ? fail(next, {
        class: 'vanished',
        why: `it is not an ACTIVE service any more: ${found?.why ?? 'ECS does not list it'}`,
      })
    : wait(next, 'ECS does not list the service')
}

async function judge(step: Step, one: Progress, sight: Sight): Promise<Next> {
  const stands = standing(one.service, one.watched)
  const next = { ...one, watched: afterLook(one.watched, stands) }
  const { target } = one.watched
  switch (stands.is) {
    case 'missing':
      return wait(next, `ECS still shows ${stands.shows}`)
    case 'failed':
      return fail(next, { class: 'verdict', why: `its rollout failed: ${stands.why}` })
    case 'vanished':
      return fail(next, { class: 'vanished', why: stands.why })
    case 'undone': {
      const back = stands.by.taskDefinition
      const bad = back === one.watch.service.taskDefinition
      const why = bad
        ? `undone: the service is back on the BAD version ${back}, which serves now; ECS gave up on ${target}`
        : `undone: the service is back on ${back}, which serves now; ECS gave up on ${target}`
      return fail(next, { class: 'undone', why })
    }
    case 'superseded': {
      const { taskDefinition, id, createdAt } = stands.by
      const why = `somebody else deployed ${taskDefinition} (${id}) at ${iso(createdAt)}; it is left alone`
      return end(next, { outcome: 'superseded', class: 'superseded', why })
    }
    case 'ours':
      return judgeOurs(step, next, { rollout: stands.rollout, sight })
  }
}

async function judgeOurs(step: Step, one: Progress, ours: Ours): Promise<Next> {
  const { service } = one
  const { rollout, sight } = ours
  const looked = withShortage(step, await withNews(step, one, rollout), rollout)
  const failures = failuresIn(looked)
  const bad = failing(failures, { desired: service.desired, healthy: isHealthy(step, looked) })
  if (bad) {
    const [top] = topCauses(failures.filter((one) => one.class === bad.class))
    return fail(looked, {
      class: bad.class,
      why: `its tasks fail: ${top ? causeText(top) : `${bad.tasks} tasks`}`,
    })
  }
  const sign = verdictOf(looked, ours) ?? deadlockIn(service, rollout) ?? tooLong(step, looked)
  if (sign) return fail(looked, sign, adviceOn(sign))
  const complete = rollout.state !== 'IN_PROGRESS'
  if (complete && sight.unread.revision !== undefined && looked.expected === undefined) {
    return { progress: doubted(step, looked, sight.unread.revision) }
  }
  const expected =
    looked.expected ?? revisedDigests(sight.revision) ?? digestsOfSet(service, looked.tasks)
  return judgeProof(step, withMoments(step, { ...looked, expected }), ours)
}

/** What may have changed is read: tasks only after a change, and ended ones only when something failed or all seems done. */
async function withNews(step: Step, one: Progress, rollout: Rollout): Promise<Progress> {
  const { service } = one
  const ready = rollout.state !== 'IN_PROGRESS' && service.running === service.desired
  const signature = `${rollout.state} ${rollout.failedTasks} ${service.running}/${service.pending} ${service.events[0]?.id}`
  const due = one.looks % tasksEvery === 0 || one.draining !== undefined
  if (!ready && !due && signature === one.signature) return one
  const failed = rollout.failedTasks > one.counted
  const read = await withTasks(step, one, failed || ready)
  return { ...read, signature, counted: rollout.failedTasks }
}

/** ECS counts failures anew when a task was healthy, so that fewer of them are no fewer failures. */
async function withTasks(step: Step, one: Progress, stopped: boolean): Promise<Progress> {
  const first = one.known === undefined
  const tasks = await observeTasks(
    step.clients,
    { cluster: step.cluster, service: one.service.name },
    {
      stopped: stopped || first,
      also: one.tasks.filter((task) => task.status !== 'STOPPED').map(({ id }) => id),
    },
  )
  const ended = tasks.filter((task) => task.desiredStatus === 'STOPPED').map((task) => task.id)
  return { ...one, tasks: mergeTasks(one.tasks, tasks), known: one.known ?? new Set(ended) }
}

function isHealthy(step: Step, one: Progress): boolean {
  const { service, tasks, watched } = one
  const balanced = service.balanced.length > 0
  const at = { now: step.run.clock.now(), balanced, grace: service.grace }
  const from = sinceOf(one)
  return tasks.some(
    (task) =>
      task.startedBy === watched.deployment && task.createdAt >= from && wasHealthy(task, at),
  )
}

/** ECS's own verdict, where it was read and is about what is watched. */
function verdictOf({ deployment, watched }: Progress, { rollout }: Ours): Sign | undefined {
  if (deployment === undefined) return undefined
  const goesBack = deployment.arn === watched.takesBack
  const number = rollout.id.split('/').at(-1)
  const isOurs = deployment.target?.endsWith(`/${number}`) === true
  return isOurs || goesBack ? verdictOn(deployment, { goesBack }) : undefined
}

/** Notices that there is no place for tasks: warns once, and counts the time until there is. */
function withShortage(step: Step, one: Progress, rollout: Rollout): Progress {
  const { service } = one
  const event = shortageIn(service, rollout)
  const wants = rollout.running + service.pending < service.desired
  if (!event || !wants) return { ...one, shortage: undefined }
  const since = one.shortage?.since ?? step.run.clock.now()
  step.warn(`${service.name}: ${event.message}`)
  return { ...one, shortage: { since, says: event.message } }
}

function tooLong({ run, patience }: Step, { shortage, service }: Progress): Sign | undefined {
  const waited = shortage ? run.clock.now() - shortage.since : 0
  if (!shortage || patience.capacity === undefined || waited < patience.capacity) return undefined
  const found = `${service.running} of ${service.desired} tasks`
  return {
    class: 'capacity',
    why: `for ${span(waited)} there has been no place for a task (${found} run): ${shortage.says}`,
  }
}

function adviceOn(sign: Sign): readonly string[] | undefined {
  if (sign.class !== 'capacity') return undefined
  return sign.why.includes('minimumHealthyPercent')
    ? [
        'raise maximumPercent or lower minimumHealthyPercent of the service (aws ecs update-service --deployment-configuration), then run again',
      ]
    : [
        'make room (capacity provider, instances, the quota of vCPUs, free addresses in the subnets), then run again',
      ]
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

/** The digests that ECS fixed for a deployment when it began; undefined while it does not say. */
function revisedDigests(revision: Revision | undefined): readonly ExpectedContainer[] | undefined {
  const complete = revision?.containers.every(({ digest }) => digest !== undefined)
  return revision && complete ? revision.containers : undefined
}

/** A task set has no service revision that would have fixed its digests: those on which all its tasks agree count. */
function digestsOfSet(
  service: LiveService,
  tasks: readonly LiveTask[],
): readonly ExpectedContainer[] | undefined {
  const set = service.taskSets?.find(({ status }) => status === 'PRIMARY')
  const own = tasks.filter(({ startedBy, status }) => startedBy === set?.id && status === 'RUNNING')
  const [first] = own
  if (!isCodeDeployed(service) || !first || own.length < service.desired) return undefined
  const names = first.containers.map(({ name }) => name).filter((name) => !isInjected(name))
  return agreedDigests(names, own)
}
