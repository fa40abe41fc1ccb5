import { isPassing, shortName } from '#aws'
import { type Entry, type Run, tolerant, until } from '#core'
import type { EcsClients } from './client.ts'
import { isWanted } from './dispatch.ts'
import {
  observeRevisions,
  observeServiceDeployments,
  observeServices,
  serviceOf,
} from './observe.ts'
import {
  isMutating,
  type Mutating,
  planService,
  type ServicePlan,
  type TakeBack,
  wantedOf,
} from './plan.ts'
import { deploy, type Sent, takeBack } from './send.ts'
import { observeSituations } from './situation.ts'
import { type LiveService, type ServiceDeployment, shiftsTraffic } from './state.ts'

/** What is needed to act on services. */
export interface Acting {
  readonly run: Run
  readonly clients: EcsClients
  readonly cluster: string
}

/** How far a service has come when everything was sent. */
export type Became =
  | Sent
  /** ECS brings an old deployment back by itself. */
  | {
      readonly is: 'going-back'
      /** `ecs-svc/<number>`, the id that it had. */
      readonly deployment: string
      /** ARN of the service revision that runs again. */
      readonly revision: string
      /** ARN of the service deployment that is taken back. */
      readonly by: string
    }
  /** Nothing was to be sent. */
  | { readonly is: 'nothing' }
  /** It could not be seen what ECS makes of it. */
  | { readonly is: 'unseen'; readonly why: string }

/** The plan that was carried out in the end, and what became of it. */
export interface Acted {
  readonly plan: ServicePlan
  readonly became: Became
}

const operations = {
  update: 'update-service',
  stop: 'stop-deployment',
  continue: 'continue-deployment',
} as const

/** What a resume needs: what was there, so that somebody else's later deployment is told from the bad one. */
export const entryOf = (plan: Mutating): Entry => ({
  component: 'ecs',
  operation: operations[plan.is],
  on: plan.service.name,
  detail: {
    from: plan.service.taskDefinition,
    to: plan.target.definition.name,
    before: plan.service.rollouts.map(({ id }) => id),
    ...('deployment' in plan ? { deployment: shortName(plan.deployment) } : {}),
  },
})

/** ECS may change its mind while we look: read again, and planned again, so often at most. */
const most = 3

/** Carries out the plan of one service whose first change is written down already. */
export async function act(at: Acting, plan: ServicePlan, attempt = 1): Promise<Acted> {
  switch (plan.is) {
    case 'update':
      return { plan, became: await deploy(at.run, at.clients, orderOf(at, plan)) }
    case 'stop':
    case 'continue':
    case 'follow':
      return goBack(at, plan, attempt)
    case 'attach':
    case 'unchanged':
    case 'left-alone':
    case 'superseded':
    case 'refused':
      return { plan, became: { is: 'nothing' } }
  }
}

const orderOf = ({ cluster }: Acting, plan: Extract<ServicePlan, { is: 'update' }>) => ({
  cluster,
  service: plan.service,
  taskDefinition: plan.target.definition.arn,
  name: plan.target.definition.name,
  force: plan.force,
})

async function goBack(at: Acting, plan: TakeBack, attempt: number): Promise<Acted> {
  const told = await takeBack(at.clients, plan)
  if (told.is === 'denied' && !shiftsTraffic(plan.service)) {
    at.run.report.warning(`${plan.service.name}: ${told.why}; ${told.next}. It is replaced instead`)
    return next(at, { ...plan, is: 'update', force: false, why: 'ECS may not be told' }, attempt)
  }
  if (told.is === 'denied' || told.is === 'not-sent') {
    return { plan, became: { is: 'not-sent', why: told.why, next: told.next } }
  }
  if (told.is === 'conflict') return again(at, plan, attempt)
  const seen = await seenGoing(at, plan)
  if ('unseen' in seen) return { plan, became: { is: 'unseen', why: seen.unseen } }
  const { rolledBackTo: revision, arn: by } = seen
  if (revision === undefined || !(await leads(at, plan, revision))) return again(at, plan, attempt)
  const deployment = `ecs-svc/${shortName(revision)}`
  return { plan, became: { is: 'going-back', deployment, revision, by } }
}

async function leads({ clients }: Acting, { target }: TakeBack, arn: string): Promise<boolean> {
  const [revision] = await observeRevisions(clients, [arn])
  return revision !== undefined && isWanted(revision, wantedOf(target))
}

/** Waits until ECS says where it goes, or, where the target is deployed afterwards, until it has gone there. */
async function seenGoing(
  { run, clients }: Acting,
  plan: TakeBack,
): Promise<ServiceDeployment | { readonly unseen: string }> {
  const look = async () => {
    const [found] = await observeServiceDeployments(clients, [plan.deployment])
    const enough =
      found &&
      (found.finishedAt > 0 || (plan.after === 'watch' && found.rolledBackTo !== undefined))
    return enough
      ? ({ is: 'found', value: found } as const)
      : ({ is: 'waiting', seen: found?.status ?? 'it is not listed' } as const)
  }
  const { name } = plan.service
  const waited = await until(run, {
    what: `${name}: where ECS goes back to`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
  })
  return waited.is === 'found'
    ? waited.value
    : { unseen: `out of time; its deployment was last seen ${waited.seen}` }
}

/** Reads and plans again, and goes on with that. */
async function again(at: Acting, plan: TakeBack, attempt: number): Promise<Acted> {
  const service = await readAgain(at, plan.service.name)
  if (!service) {
    return { plan, became: { is: 'unseen', why: 'it is not an ACTIVE service any more' } }
  }
  const { run, clients, cluster } = at
  const situations = await observeSituations(run, clients, { cluster, services: [service] })
  const situation = situations.get(service.name) ?? {}
  const anew = planService(service, plan.target, { entries: run.journal.entries(), situation })
  return next(at, anew, attempt)
}

async function next(at: Acting, plan: ServicePlan, attempt: number): Promise<Acted> {
  if (attempt === most) {
    return { plan, became: { is: 'unseen', why: 'ECS changed it under our hands several times' } }
  }
  at.run.report.info(`${'service' in plan ? plan.service.name : plan.name}: ${plan.why}`)
  if (isMutating(plan)) await at.run.journal.intend([entryOf(plan)])
  return act(at, plan, attempt + 1)
}

async function readAgain(
  { clients, cluster }: Acting,
  name: string,
): Promise<LiveService | undefined> {
  return serviceOf(await observeServices(clients, { cluster, names: [name] }), name)
}
