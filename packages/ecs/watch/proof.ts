import { span } from '#core'
import { isAlive, type Rollout, revisionOf, shiftsTraffic } from '../state.ts'
import { gateText } from './gate.ts'
import { prove } from './judge.ts'
import type { End, Progress } from './progress.ts'
import type { Sight } from './sights.ts'
import { protectedIn, trafficMissing } from './signs.ts'
import { doubted, end, fail, type Next, type Step, wait } from './step.ts'

const toleratedDoubts = 3

/** The deployment that is watched, and what a look found beside its service. */
export interface Ours {
  readonly rollout: Rollout
  readonly sight: Sight
}

/** Judges whether P13 holds, or whether waiting may make it hold. */
export function judgeProof(step: Step, one: Progress, ours: Ours): Next {
  const { service, watch } = one
  const { rollout } = ours
  const taskDefinition = one.watched.target
  const complete = rollout.state !== 'IN_PROGRESS'
  const proof = prove(service, one.tasks, { taskDefinition, containers: one.expected ?? [] })
  if (proof.is === 'wrong') return fail(one, { class: 'calm', why: proof.why })
  const unproven = { ...one, proven: undefined }
  if (!complete) {
    return proof.is === 'proven' && enders(one).length > 0
      ? judgeDraining(step, one)
      : wait({ ...unproven, draining: undefined }, countsOf(one, ours))
  }
  if (service.desired < watch.atLeast) {
    return wait(unproven, `${service.desired} tasks are desired, not yet ${watch.atLeast}`)
  }
  if (service.desired === 0 && watch.stopped) return judgeStopped(one)
  switch (proof.is) {
    case 'proven':
      return judgeProven(step, one, ours)
    case 'waiting':
      return wait(unproven, `${proof.why}${protection(one, rollout)}`)
    case 'unknown':
      return doubt(unproven, proof.why)
  }
}

/** What is not known may be known to the next look; after a few of them it is doubt, and doubt is never success. */
function doubt(one: Progress, why: string): Next {
  const doubts = one.doubts + 1
  const next = { ...one, doubts }
  return doubts > toleratedDoubts
    ? end(next, { outcome: 'inconclusive', class: 'calm', why })
    : wait(next, why)
}

function countsOf(one: Progress, { rollout, sight }: Ours): string {
  const { desired } = one.service
  const gate = shiftsTraffic(one.service) && sight.deployment ? gateText(sight.deployment) : ''
  const counts = `${rollout.running} of ${desired} tasks of ${rollout.taskDefinition} run, ${rollout.state}`
  const shortage = one.shortage ? `; no place for a task: ${one.shortage.says}` : ''
  return `${[counts, gate].filter(Boolean).join(', ')}${shortage}${protection(one, rollout)}`
}

function protection({ service }: Progress, rollout: Rollout): string {
  const others = service.rollouts.some((one) => one.id !== rollout.id && one.running > 0)
  const event = others ? protectedIn(service, rollout) : undefined
  return event ? `; ${event.message}` : ''
}

/** P13 holds. It counts when ECS sends all traffic there, and after it has held as long as was asked for. */
function judgeProven(step: Step, one: Progress, { rollout, sight }: Ours): Next {
  const { service, watch } = one
  if (service.strategy !== 'ROLLING') {
    if (sight.unread.deployment !== undefined) {
      return { progress: doubted(step, one, sight.unread.deployment) }
    }
    const { deployment } = sight
    if (deployment === undefined) return wait(one, 'it is not known where the traffic goes')
    const missing = trafficMissing(deployment, revisionOf(service, rollout.id))
    if (missing !== undefined) return wait({ ...one, proven: undefined }, missing)
  }
  const proven = one.proven ?? { since: step.run.clock.now() }
  const held = step.run.clock.now() - proven.since
  const { stable = 0 } = step.patience
  const says = `${one.watched.target} runs on all ${service.desired} tasks`
  return held < stable
    ? wait({ ...one, proven }, `${says}, for ${span(held)} of ${span(stable)}`)
    : end(one, { outcome: watch.proven, why: says })
}

/** Tasks of other task definitions that get no request any more and still end. */
const enders = ({ tasks, watched }: Progress) =>
  tasks.filter((task) => isAlive(task) && task.taskDefinition !== watched.target)

/** Deregistration delay of a target group and stop time-out of a container, both by default, and a little more. */
const longestDrain = 300_000 + 30_000 + 30_000

/** Seconds until the last of some ending tasks should be gone: an estimate. */
function drainLeft(step: Step, one: Progress, since: number): number {
  const began = Math.max(since, ...enders(one).map((task) => task.stoppingAt ?? since))
  return Math.max(0, Math.ceil((began + longestDrain - step.run.clock.now()) / 1000))
}

/** Users are well already: old tasks may end longer than it is worth to wait, and the next steps are told that they do. */
function judgeDraining(step: Step, one: Progress): Next {
  const draining = one.draining ?? { since: step.run.clock.now() }
  const next = { ...one, draining }
  const left = drainLeft(step, next, draining.since)
  return left > 0 ? wait(next, drainText(one, left)) : end(next, drained(next))
}

const drainText = (one: Progress, left: number) => {
  const count = enders(one).length
  const still = `${count} old ${count === 1 ? 'task is' : 'tasks are'} still ending`
  return `${one.watched.target} runs on all ${one.service.desired} tasks; ${still}${left > 0 ? `, for about ${left} s` : ''}`
}

/** How a watch ends whose only open end is old tasks: traffic is right, and nobody says that they are gone. */
export const drained = (one: Progress): End => ({
  outcome: one.watch.proven,
  class: 'draining',
  why: drainText(one, 0),
})

function judgeStopped(one: Progress): Next {
  const alive = one.tasks.filter(isAlive).length
  return alive > 0
    ? wait(one, `${alive} tasks are ending`)
    : end(one, {
        outcome: one.watch.proven,
        why: 'prepared, stopped: mode start finishes it',
      })
}
