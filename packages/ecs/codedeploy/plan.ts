import type { Written } from '#core'
import { type SentChange, sentChanges } from '../recorded.ts'
import { type Known, obstacleTo, type ServicePlan, type Target } from '../rollback/plan.ts'
import type { LiveService } from '../state.ts'
import {
  bringsOf,
  builtAppSpec,
  type CodeDeployKnown,
  type CodeDeployment,
  isActive,
  primarySet,
  type Seen,
  taskDefinitionIn,
  withTaskDefinition,
} from './state.ts'

/** Plans the rollback of a service that CodeDeploy deploys: pure. `stop` and `update` are CodeDeploy's here. */
export function planCodeDeployed(
  service: LiveService,
  target: Target,
  known: Pick<Known, 'entries' | 'codeDeploy'>,
): ServicePlan {
  const refused = (why: string) => ({ is: 'refused', service, why }) as const
  const { found, runId = '' } = known.codeDeploy ?? {}
  const obstacle = obstacleTo(service, target)
  if (obstacle !== undefined) return refused(obstacle)
  if (!found) return refused('CodeDeploy deploys it, and nothing is known of how')
  if ('why' in found) return refused(found.why)
  if (appSpecFor(service, found, target.definition.arn) === undefined) {
    return refused(
      'CodeDeploy shows no AppSpec of its deployments, and the service has no load balancer of which to make one',
    )
  }
  const sent = changesOf(known.entries, service.name)
  const foreign = foreignIn(found, { sent, runId })
  const active = found.deployments.find(isActive)
  if (active) return planActive({ service, target, seen: found, foreign }, active)
  return planQuiet({ service, target, seen: found, foreign }, sent)
}

interface Situation {
  readonly service: LiveService
  readonly target: Target
  readonly seen: Seen
  /** What somebody else began after this rollback had. */
  readonly foreign: readonly CodeDeployment[]
}

function planActive(situation: Situation, active: CodeDeployment): ServicePlan {
  const { service, target, seen, foreign } = situation
  const { id: deployment } = active
  const { name } = target.definition
  const brings = bringsOf(service, active)
  if (brings === name) {
    const why = active.undoes
      ? `CodeDeploy goes back from ${active.undoes} to ${name} already (${deployment})`
      : `${deployment} deploys ${name} already`
    return { is: 'attach', service, target, deployment, why }
  }
  if (foreign.includes(active)) {
    const why = `${deployment} of ${brings ?? 'something'} was begun by somebody else after this rollback had begun`
    return { is: 'superseded', service, why }
  }
  const back = active.undoes === undefined && wouldGoTo(service, seen, active) === name
  return {
    is: 'stop',
    service,
    target,
    deployment,
    after: back ? 'watch' : 'update',
    why: back
      ? `${deployment} is under way, and CodeDeploy goes back to ${name} when it is stopped`
      : `${deployment} is under way, and CodeDeploy would go elsewhere: it is stopped first, then the destination is deployed`,
  }
}

/** `family:revision` to which CodeDeploy goes back from a deployment: what was there before it. */
function wouldGoTo(service: LiveService, seen: Seen, active: CodeDeployment): string | undefined {
  const others = (service.taskSets ?? []).filter(
    (set) => set.deployment !== active.id && set.status !== 'DRAINING',
  )
  const original =
    others.length === 1 ? others[0] : others.find(({ status }) => status === 'PRIMARY')
  if (original) return original.taskDefinition
  const good = seen.deployments.find(({ id }) => id === seen.group.lastGood)
  return taskDefinitionIn(good?.appSpec)
}

function planQuiet(situation: Situation, sent: readonly SentChange[]): ServicePlan {
  const { service, target, seen, foreign } = situation
  const { name } = target.definition
  const primary = primarySet(service)
  const [newest] = seen.deployments
  if (primary?.taskDefinition === name) {
    const deployment = newest?.id ?? ''
    const why = newest?.undoes
      ? `CodeDeploy went back from ${newest.undoes} by itself (${newest.id})`
      : `it runs ${name}`
    return { is: 'unchanged', service, target, deployment, why }
  }
  const serves = primary?.taskDefinition ?? service.taskDefinition
  const theirs = foreign.find((one) => bringsOf(service, one) === serves)
  const found = sent.some(({ from }) => from === serves)
  if (theirs && !found) {
    const why = `${serves} was deployed by somebody else after this rollback had begun (${theirs.id})`
    return { is: 'superseded', service, why }
  }
  return { is: 'update', service, target, force: false, why: target.why }
}

const changesOf = (entries: readonly Written[], service: string) =>
  sentChanges(entries, service, ['stop-deployment', 'create-deployment'])

/** How a deployment of ours begins its description: with the run that made it. */
export const markOf = (runId: string, count: number) => `rollback-actions ${runId}.${count}`

/** Tells whether a deployment is one of ours: by its mark, of this run or of one that the record names. */
export function isOurs(
  deployment: CodeDeployment,
  of: { readonly sent: readonly SentChange[]; readonly runId: string },
): boolean {
  const { description } = deployment
  const runs = new Set([of.runId, ...of.sent.map(({ run }) => run.split('/')[0] ?? run)])
  return [...runs].some((run) => description.startsWith(`rollback-actions ${run}.`))
}

/** Deployments of people that are newer than the newest of ours, or than what our record saw before its first change. */
function foreignIn(
  { deployments }: Seen,
  of: { readonly sent: readonly SentChange[]; readonly runId: string },
): readonly CodeDeployment[] {
  const ours = deployments.find((one) => isOurs(one, of))
  const [first] = of.sent
  const since = (one: CodeDeployment) => {
    if (first) return !first.before.includes(one.id)
    // Outside GitHub every run has the same id, and so says nothing of which one it was.
    return of.runId !== 'local' && ours !== undefined && one.createdAt > ours.createdAt
  }
  return deployments.filter((one) => since(one) && one.undoes === undefined && !isOurs(one, of))
}

/** The AppSpec that deploys a task definition: the last one that can be read with only this changed, else a new one. */
export function appSpecFor(service: LiveService, seen: Seen, arn: string): string | undefined {
  const last = seen.deployments.find(({ appSpec }) => taskDefinitionIn(appSpec) !== undefined)
  return last?.appSpec === undefined
    ? builtAppSpec(service, arn)
    : withTaskDefinition(last.appSpec, arn)
}

/** How a deployment of ours ends its description that only restarts a service. */
export const ANEW = 'anew'

/** What is in the way of restarting a service by CodeDeploy, or the restart of ours that is under way. Pure. */
export function restartOf(
  service: LiveService,
  { found, runId }: CodeDeployKnown,
  entries: readonly Written[],
): { readonly why: string } | { readonly deployment: string } | undefined {
  if (!found) return { why: 'CodeDeploy deploys it, and nothing is known of how' }
  if ('why' in found) return found
  const active = found.deployments.find(isActive)
  if (!active) return undefined
  const ours = isOurs(active, { sent: sentChanges(entries, service.name), runId })
  return ours && active.description.endsWith(` ${ANEW}`)
    ? { deployment: active.id }
    : { why: `${active.id} of CodeDeploy is under way: run again when it has ended` }
}
