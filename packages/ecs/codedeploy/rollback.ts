import type { Entry, Run, Written } from '#core'
import type { EcsClients } from '../client.ts'
import { isTouched } from '../moments.ts'
import type { ServicePlan } from '../plan.ts'
import { changeOf } from '../planned.ts'
import { isStopped, sentChanges } from '../recorded.ts'
import { endedRow, plainRow, type Row } from '../table.ts'
import { deploymentsOf } from './observe.ts'
import { appSpecFor, markOf } from './plan.ts'
import { create, type Sent, stop } from './send.ts'
import type { Found, Seen } from './state.ts'
import { beginning, type Stage, type Step, type Watching, type Way, watchWays } from './watch.ts'

/** Services that CodeDeploy deploys, with what was planned for them. */
export interface CodeDeployed {
  readonly cluster: string
  readonly plans: readonly Exclude<ServicePlan, { is: 'refused' }>[]
  readonly found: ReadonlyMap<string, Found>
  readonly entries: readonly Written[]
}

type Plan = CodeDeployed['plans'][number]
type Aimed = Extract<Plan, { target: unknown }>

/** Carries out what was planned for services that CodeDeploy deploys, and watches until each has ended. */
export async function rollBackCodeDeployed(
  run: Run,
  clients: EcsClients,
  given: CodeDeployed,
): Promise<readonly Row[]> {
  const { cluster, plans, found, entries } = given
  const aimed = plans.filter((plan): plan is Aimed => 'target' in plan)
  const seenOf = (plan: Plan) => found.get(plan.service.name) as Seen
  await run.journal.intend(aimed.flatMap((plan) => entryOf(plan, seenOf(plan))))
  const acted = await Promise.all(
    aimed.map(async (plan) => ({
      plan,
      sent: await send(run, clients, { plan, seen: seenOf(plan), entries }),
    })),
  )
  const watching: Watching = {
    run,
    clients,
    cluster,
    deploy: (step) => deployNow(run, clients, step),
  }
  const steps = acted.flatMap(({ plan, sent }) => {
    const stage = stageOf(plan, sent)
    return stage ? [beginning({ ...wayOf(plan, seenOf(plan), entries), stage })] : []
  })
  const ended = await watchWays(watching, steps)
  return plans.map((plan): Row => {
    const { name } = plan.service
    const one = ended.find((each) => each.name === name)
    if (!one || !('target' in plan)) {
      return unwatchedRow(plan, acted.find((each) => each.plan === plan)?.sent)
    }
    const { moments: _, ...rest } = one
    const touched = isTouched(run.journal.entries(), name)
    return endedRow(touched ? one : rest, changeOf(plan), plan.target.definition.name, {
      chosen: plan.target,
    })
  })
}

/** What a resume needs: what was there, so that somebody else's later deployment is told from the bad one. */
function entryOf(plan: Aimed, seen: Seen): readonly Entry[] {
  if (plan.is !== 'stop' && plan.is !== 'update') return []
  return [intention(plan, seen, plan.is === 'stop' ? 'stop-deployment' : 'create-deployment')]
}

const intention = (
  { service, target }: Pick<Aimed, 'service' | 'target'>,
  { deployments }: Seen,
  operation: 'stop-deployment' | 'create-deployment',
): Entry => ({
  component: 'ecs',
  operation,
  on: service.name,
  detail: {
    from: service.taskDefinition,
    to: target.definition.name,
    before: deployments.map(({ id }) => id),
  },
})

async function send(
  run: Run,
  clients: EcsClients,
  given: { readonly plan: Aimed; readonly seen: Seen; readonly entries: readonly Written[] },
): Promise<Sent | undefined> {
  const { plan, seen } = given
  switch (plan.is) {
    case 'stop':
      return stop(clients, { deployment: plan.deployment, back: plan.after === 'watch' })
    case 'update':
      return createFor(run, clients, { ...plan, seen })
    case 'attach':
    case 'unchanged':
    case 'continue':
    case 'follow':
      return undefined
  }
}

function createFor(
  run: Run,
  clients: EcsClients,
  { service, target, seen }: Pick<Way, 'service' | 'target' | 'seen'>,
): Promise<Sent> {
  const { arn, name } = target.definition
  const count = sentChanges(run.journal.entries(), service.name, ['create-deployment']).length
  const mark = markOf(run.identity.runId, count)
  return create(run, clients, {
    group: seen.group,
    appSpec: appSpecFor(service, seen, arn) ?? '',
    description: `${mark}: ${service.name} back to ${name}`,
  })
}

/** Deploys the target after something was stopped that does not lead there; written down first (P8). */
async function deployNow(
  run: Run,
  clients: EcsClients,
  step: Step,
): Promise<Stage | { readonly failed: string; readonly next: string }> {
  const seen = { ...step.seen, deployments: await deploymentsOf(clients, step.seen.group) }
  await run.journal.intend([intention(step, seen, 'create-deployment')])
  const sent = await createFor(run, clients, { ...step, seen })
  if (sent.is === 'sent') return { is: 'watching', deployment: sent.deployment }
  if (sent.is === 'taken') return { failed: takenText(sent.by), next: 'run again' }
  return { failed: sent.why, next: sent.next }
}

const takenText = (by: string) =>
  `somebody else's deployment ${by} is under way in its deployment group`

function stageOf(plan: Aimed, sent: Sent | undefined): Stage | undefined {
  if (sent && sent.is !== 'sent') return undefined
  switch (plan.is) {
    case 'stop':
      return { is: 'stopping', deployment: plan.deployment, after: plan.after }
    case 'update':
      return { is: 'watching', deployment: sent?.deployment }
    case 'attach':
      return { is: 'watching', deployment: plan.deployment }
    case 'unchanged':
    case 'continue':
    case 'follow':
      return { is: 'watching', deployment: undefined }
  }
}

function wayOf(plan: Aimed, seen: Seen, entries: readonly Written[]): Omit<Way, 'stage'> {
  const { service, target } = plan
  const mine = sentChanges(entries, service.name, ['stop-deployment', 'create-deployment'])
  const sent = plan.is === 'stop' || plan.is === 'update'
  const attached = plan.is === 'attach' && mine.at(-1)?.to === target.definition.name
  return {
    service,
    target,
    seen,
    proven: sent || attached ? 'done' : 'unchanged',
    stopped: isStopped(entries, service.name),
  }
}

function unwatchedRow(plan: Plan, sent: Sent | undefined): Row {
  const { service } = plan
  const change = changeOf(plan)
  if (sent?.is === 'not-sent') {
    return plainRow(service, { outcome: 'failed', why: sent.why, change, next: [sent.next] })
  }
  if (sent?.is === 'taken') {
    return plainRow(service, { outcome: 'superseded', why: takenText(sent.by), change })
  }
  const outcome = plan.is === 'superseded' ? 'superseded' : 'unchanged'
  return plainRow(service, { outcome, why: plan.why, change, drained: plan.is === 'left-alone' })
}
