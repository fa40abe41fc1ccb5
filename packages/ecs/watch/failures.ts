import type { LiveTask } from '../state.ts'
import type { Class } from './classes.ts'

/**
 * Why a task ended: a class, or `asked` for one that ECS or a person ended on purpose (ServiceSchedulerInitiated: bad tasks
 * that drain, scaling).
 */
export type FailureClass =
  | Extract<Class, 'image' | 'start' | 'crash' | 'health' | 'capacity' | 'noise'>
  | 'asked'

/** How one task failed. */
export interface TaskFailure {
  readonly task: string
  readonly class: FailureClass
  /**
   * Whether it comes again: `certain` from the first on (an image that is not there), `likely` for the faults of a program or
   * its definition, `passing` for time-outs on the way to a registry or a secret, `no` for what is nobody's fault.
   */
  readonly again: 'certain' | 'likely' | 'passing' | 'no'
  /** One line: container, exit code, ECS's reason. */
  readonly cause: string
}

/** What a stopped task is judged by beside itself. */
export interface Around {
  /** When its deployment began; 0 where it is not known. */
  readonly began?: number
  /** So long, in milliseconds, health checks do not count after a task has started. */
  readonly grace?: number
}

interface Signal {
  readonly is: FailureClass
  /** Any of them; every one when left out. */
  readonly codes?: readonly string[]
  /** In the reasons of the task or its containers; anything when left out. */
  readonly text?: RegExp
  /** Only so many milliseconds after the deployment began. */
  readonly within?: number
}

/**
 * How AWS says why a task ended ("Stopped tasks error messages", Amazon ECS Developer Guide); the first that fits counts.
 * Health comes before the stop code: ECS stops a task that fails its checks with ServiceSchedulerInitiated.
 */
const signals: readonly Signal[] = [
  { is: 'health', text: /failed (ELB|container|service connect)? ?health checks?/i },
  { is: 'asked', codes: ['ServiceSchedulerInitiated', 'UserInitiated'] },
  {
    is: 'capacity',
    text: /capacity is unavailable|limit on the number of vCPUs|no (Fargate|Spot|container) capacity/i,
  },
  {
    is: 'image',
    text: /CannotPull(Container|Image)|CannotInspectContainerError|manifest unknown/i,
  },
  // The agent's own start is no fault of the definition: roles and networks need a moment after they were made.
  { is: 'noise', text: /unable to assume/i, within: 60_000 },
  { is: 'noise', text: /operations are being throttled|Rate exceeded/i },
  { is: 'start', text: /ResourceInitializationError|CannotStartContainerError|unable to assume/i },
  { is: 'noise', codes: ['SpotInterruption', 'TerminationNotice'] },
  { is: 'noise', text: /maintenance on the underlying|infrastructure (hosting|health)/i },
  { is: 'start', codes: ['TaskFailedToStart'] },
  { is: 'crash', codes: ['EssentialContainerExited'] },
]

const timedOut = /i\/o timeout|timed? ?out|connection (reset|refused)|TLS handshake/i
/** Also an archived image: it answers 404 to a pull [AWS: ECR, archiving images]. */
const gone = /not found|failed to resolve ref|\b404\b|manifest unknown|does not exist/i

/** What ECS adds to tasks by itself is in no task definition: Service Connect's proxy, GuardDuty's agent. */
export const isInjected = (container: string) =>
  /^(ecs-service-connect-|aws-guardduty-agent)/.test(container)

/** Judges why a stopped task ended; undefined for one that has not ended. */
export function failureOf(task: LiveTask, around: Around = {}): TaskFailure | undefined {
  if (task.desiredStatus !== 'STOPPED') return undefined
  const said = [task.stoppedReason, ...own(task).map((one) => one.reason)]
    .filter(Boolean)
    .join('; ')
  const is = classOf(task, said, around)
  if (is === undefined || (is === 'health' && isEarly(task, around))) return undefined
  return { task: task.id, class: is, again: againOf(is, said), cause: causeOf(task) }
}

const own = ({ containers }: LiveTask) => containers.filter(({ name }) => !isInjected(name))

function classOf(task: LiveTask, said: string, around: Around): FailureClass | undefined {
  const age = (task.stoppedAt ?? task.createdAt) - (around.began ?? 0)
  const signal = signals.find(
    ({ codes, text, within }) =>
      (codes?.includes(task.stopCode ?? '') ?? true) &&
      (text?.test(said) ?? true) &&
      (within === undefined || !around.began || age < within),
  )
  if (signal) return signal.is
  if (task.stopCode !== undefined) return 'noise'
  return own(task).some((one) => (one.exitCode ?? 0) !== 0) ? 'crash' : undefined
}

/** In the grace period a health check says nothing [AWS: healthCheckGracePeriodSeconds]. */
function isEarly({ startedAt, stoppedAt }: LiveTask, { grace = 0 }: Around): boolean {
  return startedAt !== undefined && stoppedAt !== undefined && stoppedAt - startedAt < grace
}

function againOf(is: FailureClass, said: string): TaskFailure['again'] {
  switch (is) {
    case 'noise':
    case 'asked':
    case 'capacity':
      return 'no'
    case 'image':
      if (timedOut.test(said)) return 'passing'
      return gone.test(said) ? 'certain' : 'likely'
    case 'start':
      return timedOut.test(said) ? 'passing' : 'likely'
    case 'crash':
    case 'health':
      return 'likely'
  }
}

/** The ARN of a target group says less to a person than its name. */
export const withoutArns = (text: string) =>
  text.replace(/arn:aws[\w-]*:elasticloadbalancing:[^:\s]*:\d*:targetgroup\/([^/\s]+)\/\w+/g, '$1')

function causeOf(task: LiveTask): string {
  const reason = task.stoppedReason ?? task.stopCode ?? 'ended'
  const ended = own(task)
    .filter((one) => (one.exitCode ?? 0) !== 0 || one.reason !== undefined)
    .map(({ name, exitCode, reason: why = '' }) =>
      [
        `container ${name}`,
        exitCode === undefined ? '' : `exit code ${exitCode}`,
        // ECS repeats the reason of a container as the reason of its task.
        why === reason ? '' : why,
      ]
        .filter((part) => part !== '')
        .join(', '),
    )
  return withoutArns([reason, ...ended].join('; '))
}

/** Which tasks are asked how they ended. */
export interface Of extends Around {
  readonly deployment: string
  /** Tasks that had ended before the watch began. */
  readonly known?: ReadonlySet<string> | undefined
  /** A rollback of ECS's own uses the id of the old deployment again: only tasks from then on are its. */
  readonly since?: number | undefined
}

/** The failures of one deployment's tasks. */
export function failuresOf(tasks: readonly LiveTask[], of: Of): readonly TaskFailure[] {
  return tasks
    .filter(
      (task) =>
        task.startedBy === of.deployment &&
        of.known?.has(task.id) !== true &&
        task.createdAt >= (of.since ?? 0),
    )
    .flatMap((task) => failureOf(task, of) ?? [])
    .filter((failure) => failure.class !== 'asked')
}

/**
 * How many tasks may fail before waiting longer is pointless: ECS's own circuit breaker needs minutes more, and does not
 * count tasks that crash after they were RUNNING.
 */
const budget = {
  /** An image that is not there: every task would end the same way. */
  certain: 1,
  /** A task that cannot start. */
  start: 2,
  /** Crashes and failed checks, of tasks of which none was ever healthy; fewer where fewer are desired, never the first. */
  program: { least: 2, most: 3 },
  passing: 3,
  /** Crashes beside tasks that were healthy: a loop. */
  loop: 9,
}

/** What tells that a rollout is failing: its class, and how many tasks of how many that may. */
export interface Failing {
  readonly class: Exclude<FailureClass, 'asked' | 'noise' | 'capacity'>
  readonly tasks: number
}

/** Tells whether a rollout is failing by its tasks. `healthy` is whether one of them ever was. */
export function failing(
  failures: readonly TaskFailure[],
  { desired, healthy }: { readonly desired: number; readonly healthy: boolean },
): Failing | undefined {
  const program = Math.max(budget.program.least, Math.min(budget.program.most, desired))
  const count = (fits: (one: TaskFailure) => boolean) => failures.filter(fits)
  const starts = count(({ class: is, again }) => again === 'likely' && !isProgram(is))
  const programs = count(({ class: is }) => isProgram(is))
  return [
    over(
      count(({ again }) => again === 'certain'),
      budget.certain,
    ),
    over(starts, budget.start),
    healthy ? undefined : over([...starts, ...programs], program),
    over(programs, budget.loop),
    over(
      count(({ again }) => again === 'passing'),
      budget.passing,
    ),
  ].find((found) => found !== undefined)
}

const isProgram = (is: FailureClass) => is === 'crash' || is === 'health'

function over(failures: readonly TaskFailure[], most: number): Failing | undefined {
  const is = failures.at(-1)?.class
  if (failures.length < most || is === undefined) return undefined
  if (is === 'asked' || is === 'noise' || is === 'capacity') return undefined
  return { class: is, tasks: failures.length }
}

/**
 * Whether a task was healthy once: HEALTHY by its own check, or so long RUNNING that ECS counts it as healthy: 40 s without any
 * check [AWS: minimumHealthyPercent], and behind a load balancer so long that failed checks would have ended it (two of 30 s
 * each are the defaults of a target group, taken twice).
 */
export function wasHealthy(
  task: LiveTask,
  { now, balanced, grace = 0 }: { now: number; balanced: boolean; grace?: number | undefined },
): boolean {
  if (task.health !== 'UNKNOWN') return task.health === 'HEALTHY'
  if (task.startedAt === undefined || failureOf(task, { grace })?.class === 'health') return false
  const least = balanced ? grace + 120_000 : 40_000
  return (task.stoppedAt ?? now) - task.startedAt >= least
}

/** A cause with how many tasks it ended. */
export interface Cause {
  readonly class: FailureClass
  readonly tasks: number
  readonly cause: string
}

/** The most frequent causes: those that come again before the platform's. */
export function topCauses(failures: readonly TaskFailure[], most = 2): readonly Cause[] {
  const found = new Map<string, Cause>()
  for (const { class: is, cause } of failures) {
    const same = cause.replace(/\b[0-9a-f]{32}\b/g, 'task')
    const before = found.get(same)
    found.set(same, { class: is, cause: before?.cause ?? cause, tasks: (before?.tasks ?? 0) + 1 })
  }
  const rank = ({ class: is }: Cause) => (is === 'noise' ? 1 : 0)
  return [...found.values()].sort((a, b) => rank(a) - rank(b) || b.tasks - a.tasks).slice(0, most)
}

/** `2 × container web, exit code 1`. */
export const causeText = ({ tasks, cause }: Cause) => `${tasks} × ${cause}`
