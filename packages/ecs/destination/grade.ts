import { span } from '#core'
import { tagOf } from '#store'
import type { Grade } from '../rollback/plan.ts'
import { familyOf, type LiveService, type Revision, type ServiceDeployment } from '../state.ts'
import { commitTokens, isCommit } from './commits.ts'
import { codeOf, compareCode, sameRelease } from './fingerprint.ts'
import type { History } from './history.ts'
import type { KnownBad, Ran } from './knowledge.ts'

/** Something that a service may go back to, with everything that speaks for and against it. */
export interface Candidate {
  readonly revision: Revision
  /** When ECS began to deploy it, and the next one; 0 where it is not known, or has not happened. */
  readonly from: number
  readonly until: number
  /** ECS's own verdict on its deployment. */
  readonly says: string
  readonly grade: Grade
  /** Why this grade. */
  readonly why: string
  /** Why it is not eligible; empty when it is. */
  readonly against: readonly string[]
  /** The same without its grade, which is asked of nothing that a person named. */
  readonly objections: readonly string[]
}

/** What candidates are judged by. */
export interface Judging {
  readonly service: LiveService
  readonly history: History
  /** What verified points say ran in this service. */
  readonly verified: readonly Ran[]
  readonly bad: readonly KnownBad[]
  readonly pinned: readonly string[]
  readonly undone: Undone
  readonly minGrade: Grade
  readonly minSoak: number
  /** The family that a destination is of. */
  readonly family: string
  readonly now: number
}

/** What is undone, as far as ECS's history shows it. */
export interface Undone {
  /** Undefined where ECS has no deployment of the service. */
  readonly bad: Revision | undefined
  /** Its deployment. */
  readonly deployment: ServiceDeployment | undefined
  /** The codes that somebody, or a rollback of ours, went back from. */
  readonly left: ReadonlySet<string>
  /** What was put back already, over the bad one: a repeated run must not go forth again. */
  readonly returned: Revision | undefined
}

const order: readonly Grade[] = ['G0', 'G1', 'G2', 'G3']

/** Tells whether a grade is at least another. */
export const atLeast = (grade: Grade, least: Grade) => order.indexOf(grade) >= order.indexOf(least)

/** Best grade first, then the newest. */
export const byGrade = (one: Candidate, other: Candidate) =>
  order.indexOf(other.grade) - order.indexOf(one.grade) || other.from - one.from

/** A deployment with what it deployed. */
interface Step {
  readonly deployment: ServiceDeployment
  readonly revision: Revision
  readonly code: string | undefined
}

/**
 * Finds what is undone: the deployment that was named, else the newest. Where the newest brought back images that had run before
 * something else, it is itself a rollback, and the bad one is what lay between: so the second run does not go forth again to
 * the bad release (kubernetes/website#6921 is `undo` twice). What was left and came again, without having served for long, is no return.
 */
export function undoneOf(history: History, minSoak: number, named?: ServiceDeployment): Undone {
  const steps = stepsOf(history)
  const left = new Set<string>()
  let between: readonly Step[] = []
  for (const [index, step] of steps.entries()) {
    between = returnedOver(steps, index, left)
    for (const { code } of between) if (code !== undefined) left.add(code)
    const next = steps[index + 1]?.deployment.createdAt ?? Number.POSITIVE_INFINITY
    const served = next - step.deployment.finishedAt
    const soaked = step.deployment.status === 'SUCCESSFUL' && served >= minSoak
    if (
      step.code !== undefined &&
      next !== Number.POSITIVE_INFINITY &&
      soaked &&
      isAgain(steps, index)
    ) {
      left.delete(step.code)
    }
  }
  const newest = steps.at(-1)
  if (named !== undefined) {
    const step = steps.find(({ deployment }) => deployment.arn === named.arn)
    return { bad: step?.revision, deployment: named, left, returned: undefined }
  }
  const over = between.at(-1)
  if (over === undefined || newest === undefined) {
    return { bad: newest?.revision, deployment: newest?.deployment, left, returned: undefined }
  }
  return { bad: over.revision, deployment: over.deployment, left, returned: newest.revision }
}

/** Whether a step's images had been deployed before. */
const isAgain = (steps: readonly Step[], index: number) =>
  steps.slice(0, index).some(({ code }) => code === steps[index]?.code)

/**
 * The steps that a step went back over; none when it went forth, or came again to what had been left. Steps in a row with the
 * same images are one: a restart changes nothing.
 */
function returnedOver(
  steps: readonly Step[],
  index: number,
  left: ReadonlySet<string>,
): readonly Step[] {
  const code = steps[index]?.code
  if (code === undefined || left.has(code)) return []
  const other = steps.slice(0, index).findLastIndex((step) => step.code !== code)
  const last = steps.slice(0, Math.max(0, other)).findLastIndex((step) => step.code === code)
  return last < 0 ? [] : steps.slice(last + 1, other + 1)
}

/** Oldest first. */
function stepsOf({ deployments, revisions }: History): readonly Step[] {
  return [...deployments].reverse().flatMap((deployment) => {
    const revision = revisions.find(({ arn }) => arn === deployment.target)
    return revision ? [{ deployment, revision, code: codeOf(revision.containers) }] : []
  })
}

/** Judges every revision that the history has, newest first. */
export function judgeCandidates(judging: Judging): readonly Candidate[] {
  return judging.history.revisions.map((revision) => judge(judging, revision))
}

function judge(judging: Judging, revision: Revision): Candidate {
  const { history } = judging
  const own = history.deployments.filter(({ target }) => target === revision.arn)
  const latest = own[0]
  const graded = gradeOf(judging, revision)
  const from = latest?.createdAt ?? revision.createdAt
  const found = objections(judging, revision, latest)
  return {
    revision,
    from,
    until: nextAfter(history, from),
    says: saysOf(history, revision, latest),
    ...graded,
    objections: found,
    against: [
      ...found,
      ...(atLeast(graded.grade, judging.minGrade)
        ? []
        : [`${graded.grade} is below min-grade ${judging.minGrade}`]),
    ],
  }
}

function saysOf(history: History, { arn }: Revision, own: ServiceDeployment | undefined): string {
  const returned = history.deployments.some(({ rolledBackTo }) => rolledBackTo === arn)
  return [own?.status ?? 'not in its history', ...(returned ? ['ECS went back to it'] : [])].join(
    ', ',
  )
}

/** When the next deployment after a moment began; 0 when none did. */
const nextAfter = ({ deployments }: History, moment: number): number =>
  deployments.findLast(({ createdAt }) => createdAt > moment)?.createdAt ?? 0

type Graded = Pick<Candidate, 'grade' | 'why'>

/** The best that is known of a release: of this revision, or of others with the same task definition and images. */
function gradeOf(judging: Judging, revision: Revision): Graded {
  const verified = judging.verified.find(
    ({ containers }) => compareCode(containers, revision.containers) === 'same',
  )
  if (verified) return { grade: 'G3', why: `${verified.point} is verified with these images` }
  const { returned } = judging.undone
  const again = (one: Revision) =>
    // A copy with fixed digests is of another task definition.
    revision.arn === returned?.arn && compareCode(one.containers, revision.containers) === 'same'
  const grades = judging.history.revisions
    .filter((one) => one.arn === revision.arn || sameRelease(one, revision) || again(one))
    .map((one) => ecsGrade(judging, one))
  return grades.reduce((best, one) => (atLeast(best.grade, one.grade) ? best : one), unknown)
}

/** What ECS's history proves of one revision. */
function ecsGrade({ history, minSoak, now }: Judging, { arn }: Revision): Graded {
  const { deployments } = history
  const back = deployments.find(
    ({ rolledBackTo, status }) => rolledBackTo === arn && status === 'ROLLBACK_SUCCESSFUL',
  )
  if (back) return { grade: 'G2', why: 'ECS itself went back to it, and that succeeded' }
  const own = deployments.find(({ target, status }) => target === arn && status === 'SUCCESSFUL')
  if (!own) return ranBefore(history, arn, minSoak) ?? unknown
  if (own.earlySuccess && !isFull(own)) {
    return {
      grade: 'G0',
      why: `its SUCCESSFUL came early (earlySuccessCriteria), with ${own.tasks?.running ?? 0} of ${own.tasks?.requested ?? 0} tasks`,
    }
  }
  const until = nextAfter(history, own.createdAt) || now
  const served = own.finishedAt === 0 ? 0 : until - own.finishedAt
  return served >= minSoak
    ? { grade: 'G2', why: `it served ${span(served)} before the next deployment` }
    : { grade: 'G1', why: `SUCCESSFUL, and served only ${span(Math.max(0, served))}` }
}

const unknown: Graded = { grade: 'G0', why: 'ECS has no successful deployment of it' }

/**
 * What alone was replaced by the oldest deployment of a complete list had served since before the list begins: a service that was
 * deployed once a quarter has nothing else to show.
 */
function ranBefore({ deployments, since }: History, arn: string, minSoak: number) {
  const oldest = deployments.at(-1)
  const [source, ...others] = oldest?.sources ?? []
  if (oldest === undefined || since === undefined || others.length > 0) return undefined
  const isOlder = source === arn && !deployments.some(({ target }) => target === arn)
  const served = oldest.createdAt - since
  return isOlder && served >= minSoak
    ? ({
        grade: 'G2',
        why: `it had served more than ${span(served)} before the oldest deployment that ECS lists`,
      } as const)
    : undefined
}

const isFull = ({ tasks }: ServiceDeployment) =>
  tasks !== undefined && tasks.requested > 0 && tasks.running >= tasks.requested

/** Everything that forbids a revision, apart from its grade. */
function objections(
  judging: Judging,
  revision: Revision,
  own: ServiceDeployment | undefined,
): readonly string[] {
  return [
    ...againstBad(judging, revision),
    ...neverCompleted(judging, revision, own),
    ...knownBad(judging, revision),
    ...(familyOf(revision.taskDefinition) === judging.family
      ? []
      : [`it is not of the family ${judging.family}`]),
    ...unbalanced(judging.service, revision),
  ]
}

function againstBad({ undone }: Judging, revision: Revision): readonly string[] {
  const { bad, deployment, returned } = undone
  if (bad === undefined) return ['nobody knows what is undone']
  if (revision.arn === bad.arn) return ['it is what is undone']
  switch (compareCode(revision.containers, bad.containers)) {
    case 'same':
      return ['its images are those of what is undone']
    case 'unknown':
      return ['nobody knows whether its images differ from what is undone']
    case 'different': {
      const later = revision.createdAt > (deployment?.createdAt ?? bad.createdAt)
      return later && revision.arn !== returned?.arn ? ['it came after what is undone'] : []
    }
  }
}

const ended: Readonly<Record<string, string>> = {
  STOPPED: 'its deployment was stopped',
  STOP_REQUESTED: 'its deployment is being stopped',
  ROLLBACK_REQUESTED: 'ECS is asked to take it back',
  ROLLBACK_IN_PROGRESS: 'ECS takes it back',
  ROLLBACK_SUCCESSFUL: 'ECS took it back',
  ROLLBACK_FAILED: 'ECS gave up on it',
}

/** A release whose deployments all failed; one that another deployment brought up is not judged by the one that failed. */
function neverCompleted(
  { history, undone }: Judging,
  revision: Revision,
  own: ServiceDeployment | undefined,
): readonly string[] {
  const good = history.deployments.some(
    ({ target, rolledBackTo, status }) =>
      rolledBackTo === revision.arn || (target === revision.arn && status === 'SUCCESSFUL'),
  )
  if (own === undefined || good || revision.arn === undone.returned?.arn) return []
  const why = ended[own.status]
  return [why ?? `its deployment is ${own.status}`]
}

function knownBad(judging: Judging, revision: Revision): readonly string[] {
  const { bad, service, verified, pinned, undone, history } = judging
  const of = bad.filter((one) => one.service === service.name)
  const named = of.find(({ taskDefinition }) => taskDefinition === revision.taskDefinition)
  if (named) return [`known to be bad: ${named.why}`]
  const tags = revision.containers.flatMap(({ image }) => commitTokens(tagOf(image) ?? ''))
  const pin = pinned.find((sha) => tags.some((token) => isCommit(token, sha)))
  if (pin !== undefined) return [`commit ${pin.slice(0, 12)} is pinned: it was rolled back`]
  const proven = verified.some(
    ({ containers }) => compareCode(containers, revision.containers) === 'same',
  )
  if (proven || revision.arn === undone.returned?.arn) return []
  const alike = history.revisions.find(
    (one) =>
      of.some(({ taskDefinition }) => taskDefinition === one.taskDefinition) &&
      compareCode(one.containers, revision.containers) === 'same',
  )
  if (alike) return [`its images are those of ${alike.taskDefinition}, which is known to be bad`]
  const code = codeOf(revision.containers)
  return code !== undefined &&
    undone.left.has(code) &&
    compareCode(revision.containers, undone.bad?.containers ?? []) !== 'same'
    ? ['the service went back from it before']
    : []
}

function unbalanced({ balanced }: LiveService, { containers }: Revision): readonly string[] {
  const gone = balanced.filter((name) => !containers.some((one) => one.name === name))
  return containers.length === 0 || gone.length === 0
    ? []
    : [`it lacks container ${gone.join(', ')}, to which the load balancer sends traffic`]
}
