import { isPassing } from '#aws'
import { CallError, iso, type Look, messageOf, type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { observeServices, observeTasks, serviceOf } from '../observe.ts'
import type { Target } from '../rollback/plan.ts'
import type { LiveService, LiveTask } from '../state.ts'
import {
  causeText,
  failing,
  failuresOf,
  type TaskFailure,
  topCauses,
  wasHealthy,
} from '../watch/failures.ts'
import { provenTasks } from '../watch/judge.ts'
import type { Moments } from '../watch/moments.ts'
import { type End, type Ended, mergeTasks } from '../watch/progress.ts'
import { expectedOf, type Judged, judge, type Looked, tasksOfSet } from './judge.ts'
import { deploymentsOf, observeDeployments, observeShift } from './observe.ts'
import { type CodeDeployment, isActive, primarySet, type Seen } from './state.ts'

/** What a service's way back does now. */
export type Stage =
  /** A stop was sent; once it has ended its own way back is watched (`watch`), or the target is deployed (`update`). */
  | { readonly is: 'stopping'; readonly deployment: string; readonly after: 'watch' | 'update' }
  /** A deployment is watched; none where the service is there already. */
  | { readonly is: 'watching'; readonly deployment: string | undefined }

/** One service on its way back. */
export interface Way {
  readonly service: LiveService
  readonly target: Target
  readonly seen: Seen
  readonly proven: 'done' | 'unchanged'
  /** A recorded stop is open: no task is desired on purpose. */
  readonly stopped: boolean
  /** A restart: only the tasks of the deployment that is watched count. */
  readonly anew: boolean
  readonly stage: Stage
}

/** What a call led to: what is watched from now on, or why there is nothing. */
export type Moved =
  | { readonly is: 'moved'; readonly target: Target; readonly stage: Stage }
  | { readonly is: 'failed'; readonly why: string; readonly next: string }
  /** Somebody else's deployment is under way in the group: theirs stays (P14). */
  | { readonly is: 'taken'; readonly why: string }

/** How one service ended, and where it was led: a copy has a name of its own. */
export type Came = Ended & { readonly target: Target }

/** What is kept of a way between two looks. */
export interface Step extends Way {
  readonly tasks: readonly LiveTask[]
  /** Tasks that had ended before; undefined until the first look. */
  readonly known: ReadonlySet<string> | undefined
  readonly looks: number
  readonly doubts: number
  readonly moments: Moments
  readonly said: string
  /** Set while a deployment waits for somebody's approval. */
  readonly approval: string | undefined
  readonly ended?: Came
}

/** What a watch needs. */
export interface Watching {
  readonly run: Run
  readonly clients: EcsClients
  readonly cluster: string
  /** Deploys the target, when what was stopped does not lead there by itself. */
  readonly deploy: (step: Step) => Promise<Moved>
}

/** How many looks may miss what ECS or CodeDeploy has to show: reads lag behind writes. */
const tolerated = 3

/** A way before its first look. */
export const beginning = (way: Way): Step => ({
  ...way,
  tasks: [],
  known: way.proven === 'done' && way.stage.is === 'watching' ? new Set() : undefined,
  looks: 0,
  doubts: 0,
  moments: {},
  said: '',
  approval: undefined,
})

/** The command by which a person lets a deployment go on: never sent by us (P1). */
const continueCommand = (deployment: string) =>
  `aws deploy continue-deployment --deployment-id ${deployment} --deployment-wait-type READY_WAIT`

/** Watches all services that CodeDeploy takes back, in one wait, until each has ended. */
export async function watchWays(
  watching: Watching,
  steps: readonly Step[],
): Promise<readonly Came[]> {
  const { run } = watching
  const started = run.clock.now()
  let all = steps
  const took = () => run.clock.now() - started
  const look = async (): Promise<Look<true>> => {
    all = await advanceAll(watching, all, took())
    const open = all.filter(({ ended }) => !ended)
    if (open.length === 0) return { is: 'found', value: true }
    const seen = open.map(({ service, said }) => `${service.name}: ${said}`)
    return { is: 'waiting', seen: seen.join('; ') }
  }
  if (all.length > 0) {
    await until(run, {
      what: `CodeDeploy, ${all.map(({ service }) => service.name).join(', ')}`,
      look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
    })
  }
  return all.map((one) => one.ended ?? outOfTime(one, took()))
}

function outOfTime(one: Step, took: number) {
  const last = one.said || 'nothing'
  const why = `out of time; seen last: ${last}`
  const next = one.approval === undefined ? [] : [`to approve it: ${continueCommand(one.approval)}`]
  return endOf(one, { outcome: 'inconclusive', why, next }, took)
}

async function advanceAll(
  watching: Watching,
  all: readonly Step[],
  took: number,
): Promise<readonly Step[]> {
  const open = all.filter(({ ended }) => !ended)
  const { clients, cluster } = watching
  const names = open.map(({ service }) => service.name)
  const ids = open.flatMap(({ stage }) => stage.deployment ?? [])
  const [observed, deployments] = await Promise.all([
    observeServices(clients, { cluster, names }),
    observeDeployments(clients, [...new Set(ids)]),
  ])
  return Promise.all(
    all.map(async (one) => {
      if (one.ended) return one
      const deployment = deployments.find(({ id }) => id === one.stage.deployment)
      const service = serviceOf(observed, one.service.name)
      const step = { ...one, service: service ?? one.service, looks: one.looks + 1 }
      return (await advance(watching, step, deployment).catch(doubted(one))).as(took)
    }),
  )
}

/** What a look makes of a step. */
interface Next {
  as(took: number): Step
}

const wait = (step: Step, said: string): Next => ({ as: () => ({ ...step, said }) })

const end = (step: Step, given: End): Next => ({
  as: (took) => ({ ...step, ended: endOf(step, given, took) }),
})

function endOf(step: Step, given: End, took: number): Came {
  const { service, tasks, target, moments } = step
  const set = primarySet(service)
  const failures = failuresIn(step)
  return {
    name: service.name,
    target,
    ...given,
    took,
    service,
    tasks,
    causes: topCauses(failures),
    noise: failures.filter(({ class: is }) => is === 'noise').length,
    events: service.events,
    expected: expectedOf(target, set ? tasksOfSet(set, tasks) : []),
    moments,
  }
}

/** A read that may not be made is doubt about this service, and ends only its watch. */
const doubted = (step: Step) => (thrown: unknown) => {
  if (!(thrown instanceof CallError)) throw thrown
  if (isPassing(thrown)) return wait(step, `cannot look: ${messageOf(thrown)}`)
  const why = `cannot be proven: ${thrown.message}; ${thrown.next}`
  return end(step, { outcome: 'inconclusive', class: 'unseen', why })
}

function advance(
  watching: Watching,
  step: Step,
  deployment: CodeDeployment | undefined,
): Promise<Next> {
  const { stage } = step
  return stage.is === 'stopping'
    ? afterStop(watching, step, { stage, deployment })
    : watch(watching, step, deployment)
}

async function afterStop(
  watching: Watching,
  step: Step,
  of: {
    readonly stage: Extract<Stage, { is: 'stopping' }>
    readonly deployment: CodeDeployment | undefined
  },
): Promise<Next> {
  const { stage, deployment } = of
  if (!deployment || isActive(deployment)) {
    return wait(step, `${stage.deployment} is being stopped (${deployment?.status ?? 'unseen'})`)
  }
  const { undoneBy } = deployment
  if (undoneBy !== undefined) {
    const next: Stage =
      stage.after === 'watch'
        ? { is: 'watching', deployment: undoneBy }
        : { is: 'stopping', deployment: undoneBy, after: 'update' }
    const said = `CodeDeploy goes back from ${stage.deployment} by ${undoneBy}`
    return wait({ ...step, stage: next, looks: 0 }, said)
  }
  // The deployment that goes back may appear a moment after its cause has ended.
  if (stage.after === 'watch' && deployment.status !== 'Succeeded' && step.looks <= tolerated) {
    return wait(step, `${stage.deployment} is ${deployment.status}`)
  }
  const next = await watching.deploy(step)
  if (next.is === 'failed') {
    return end(step, { outcome: 'failed', class: 'refused', why: next.why, next: [next.next] })
  }
  if (next.is === 'taken') {
    return end(step, { outcome: 'superseded', class: 'superseded', why: next.why })
  }
  const { target, stage: then } = next
  const known = step.known ?? new Set<string>()
  return wait({ ...step, target, stage: then, looks: 0, known }, `deployed by ${then.deployment}`)
}

async function watch(
  { run, clients, cluster }: Watching,
  before: Step,
  deployment: CodeDeployment | undefined,
): Promise<Next> {
  const { name } = before.service
  const [tasks, shift] = await Promise.all([
    observeTasks(clients, { cluster, service: name }),
    deployment
      ? observeShift(clients, { deployment: deployment.id, cluster, service: name })
      : { weights: new Map<string, number>(), steps: [] },
  ])
  const step = { ...withTasks(before, tasks), approval: undefined }
  const looked = { service: step.service, tasks, deployment, shift, anew: step.anew }
  if (deployment && ['Failed', 'Stopped'].includes(deployment.status)) {
    return end(step, lost(step, deployment))
  }
  if (deployment?.status === 'Ready') return parked(run, before, step, deployment.id)
  const failed = failingOf(run, step, deployment)
  if (failed) return end(step, failed)
  const judged = judge(looked, step.target)
  return conclude(clients, { ...step, moments: momentsOf(run, step, { looked, judged }) }, judged)
}

function withTasks(step: Step, tasks: readonly LiveTask[]): Step {
  const ended = tasks.filter((task) => task.desiredStatus === 'STOPPED').map(({ id }) => id)
  return { ...step, tasks: mergeTasks(step.tasks, tasks), known: step.known ?? new Set(ended) }
}

/** The failures of tasks of the target; those of what drains say nothing. */
function failuresIn({ service, tasks, target, known }: Step) {
  const sets = (service.taskSets ?? []).filter(
    ({ taskDefinition }) => taskDefinition === target.definition.name,
  )
  return sets.flatMap(({ id }) =>
    failuresOf(tasks, { deployment: id, known, grace: service.grace ?? 0 }),
  )
}

/** The second deterministic failure is enough: CodeDeploy itself goes on trying for an hour. */
function failingOf(run: Run, step: Step, deployment: CodeDeployment | undefined): End | undefined {
  const { service, tasks, target } = step
  const failures: readonly TaskFailure[] = failuresIn(step)
  const at = { now: run.clock.now(), balanced: service.balanced.length > 0, grace: service.grace }
  const own = tasks.filter(({ taskDefinition }) => taskDefinition === target.definition.name)
  const healthy = own.some((task) => wasHealthy(task, at))
  const bad = failing(failures, { desired: service.desired, healthy })
  if (!bad) return undefined
  const [top] = topCauses(failures.filter((one) => one.class === bad.class))
  const why = `its tasks fail: ${top ? causeText(top) : `${bad.tasks} tasks`}`
  if (!deployment || !isActive(deployment)) return { outcome: 'failed', class: bad.class, why }
  return {
    outcome: 'failed',
    class: bad.class,
    why: `${why}; ${deployment.id} goes on trying and moves no traffic`,
    next: [`to end it: aws deploy stop-deployment --deployment-id ${deployment.id}`],
  }
}

function lost({ target }: Step, { id, status, why, undoneBy }: CodeDeployment): End {
  const said = [`${id} is ${status}`, why].filter(Boolean).join(': ')
  return undoneBy === undefined
    ? { outcome: 'failed', why: `the deployment of ${target.definition.name} ended: ${said}` }
    : {
        outcome: 'failed',
        class: 'undone',
        why: `undone: CodeDeploy gave up on ${target.definition.name} and puts back what was there before (${undoneBy}); ${said}`,
      }
}

/** Approval is a person's (P1): it is said once, with the command, and waited for until the deadline. */
function parked(run: Run, before: Step, step: Step, deployment: string): Next {
  const { name } = step.service
  if (before.approval === undefined) {
    run.report.warning(
      `${name}: ${deployment} is Ready and waits for approval, as its deployment group wants it. To let it go on: ${continueCommand(deployment)}`,
    )
  }
  return wait({ ...step, approval: deployment }, `${deployment} is Ready and waits for approval`)
}

async function conclude(clients: EcsClients, step: Step, judged: Judged): Promise<Next> {
  const { target, service, proven } = step
  const { name } = target.definition
  switch (judged.is) {
    case 'waiting':
      return wait(step, judged.seen)
    case 'elsewhere':
      return step.looks <= tolerated
        ? wait(step, `ECS still shows ${judged.serves}`)
        : end(step, await whose(clients, step, judged.serves))
    case 'proof': {
      const { proof, set, drains } = judged
      if (proof.is === 'wrong') return end(step, { outcome: 'failed', why: proof.why })
      if (proof.is === 'waiting') return wait({ ...step, doubts: 0 }, proof.why)
      if (proof.is === 'unknown') return unknown(step, proof.why)
      const why = `${name} runs on all ${service.desired} tasks of ${set.id}, which has all traffic${drains}`
      return end(step, { outcome: proven, why })
    }
  }
}

function unknown(step: Step, why: string): Next {
  if (step.service.desired === 0 && step.stopped) {
    return end(step, { outcome: step.proven, why: 'prepared, stopped: mode start finishes it' })
  }
  const doubts = step.doubts + 1
  return doubts > tolerated
    ? end(step, { outcome: 'inconclusive', why })
    : wait({ ...step, doubts }, why)
}

/** Whose version serves, when CodeDeploy is finished and it is not ours. */
async function whose(clients: EcsClients, step: Step, serves: string): Promise<End> {
  const { stage, seen, target } = step
  const all = await deploymentsOf(clients, seen.group)
  const ours = all.find(({ id }) => id === stage.deployment)
  const later = all.find((one) => ours && one.createdAt > ours.createdAt)
  if (later?.undoes === stage.deployment && later) {
    return {
      outcome: 'failed',
      class: 'undone',
      why: `undone: CodeDeploy gave up on ${target.definition.name} and put ${serves} back (${later.id})`,
    }
  }
  return later
    ? {
        outcome: 'superseded',
        class: 'superseded',
        why: `somebody else deployed ${serves} (${later.id}); it is left alone`,
      }
    : {
        outcome: 'failed',
        class: 'calm',
        why: `CodeDeploy is finished, and ECS shows ${serves} as primary`,
      }
}

function momentsOf(
  run: Run,
  step: Step,
  { looked, judged }: { readonly looked: Looked; readonly judged: Judged },
): Moments {
  const { service, tasks, deployment } = looked
  const since = (so: boolean, before: Moments['steady']) =>
    so ? (before ?? { at: iso(run.clock.now()), already: step.looks <= 1 }) : null
  const set = judged.is === 'proof' ? judged.set : undefined
  const own = set ? tasksOfSet(set, tasks) : []
  const containers = expectedOf(step.target, own)
  const taskDefinition = step.target.definition.name
  const good = set ? provenTasks(own, { taskDefinition, containers }) : 0
  const over = (service.taskSets ?? []).length === 1 && !(deployment && isActive(deployment))
  return {
    badTrafficEnded: since(set !== undefined, step.moments.badTrafficEnded),
    ...(service.desired > 0 && {
      capacityRestored: since(good >= service.desired, step.moments.capacityRestored),
      steady: since(set !== undefined && over, step.moments.steady),
    }),
  }
}
