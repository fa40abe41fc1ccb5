import { isPassing, shortName } from '#aws'
import { type Entry, type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { observeSeen } from '../codedeploy/observe.ts'
import type { Found } from '../codedeploy/state.ts'
import {
  observeRevisions,
  observeServiceDeployments,
  observeServices,
  serviceOf,
} from '../observe.ts'
import {
  isCodeDeployed,
  type LiveService,
  type ServiceDeployment,
  shiftsTraffic,
} from '../state.ts'
import type { Patience } from '../watch/step.ts'
import { type Copy, type CopyReason, type Registered, registerCopy } from './copy.ts'
import { isWanted } from './dispatch.ts'
import {
  isMutating,
  type Mutating,
  type ServicePlan,
  type TakeBack,
  type Target,
  wantedOf,
} from './plan.ts'
import { planCopy, planTarget } from './prepare.ts'
import type { Protection } from './protect.ts'
import { type Deploy, deploy, type Sent, takeBack } from './send.ts'
import { observeSituations } from './situation.ts'

/** What is needed to act on services. */
export interface Acting {
  readonly run: Run
  readonly clients: EcsClients
  readonly cluster: string
  /** Copies that are being registered or are, by their key: services of one family share them. */
  readonly copies: Map<string, Promise<Registered>>
  /** What keeps ECS from undoing the deployment of a service, by its name. */
  readonly protections: ReadonlyMap<string, Protection>
  readonly patience: Patience | undefined
  /** Who deploys the services that CodeDeploy deploys. */
  readonly found: ReadonlyMap<string, Found>
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

/**
 * The first thing that a plan changes. What a resume needs: what was there, so that somebody else's later deployment is told
 * from the bad one, and what has to be put back afterwards.
 */
export function entryOf({ protections }: Acting, plan: Mutating): Entry {
  const { service, target } = plan
  const shared = { component: 'ecs', on: service.name }
  if (plan.is === 'update' && target.copy) {
    const { of, reason } = target.copy
    return { ...shared, operation: 'register-task-definition', detail: { of, reason } }
  }
  const were = plan.is === 'update' ? protections.get(service.name)?.were : undefined
  const { name: to, copyOf } = target.definition
  return {
    ...shared,
    operation: operations[plan.is],
    detail: {
      from: service.taskDefinition,
      to,
      before: service.rollouts.map(({ id }) => id),
      ...('deployment' in plan ? { deployment: shortName(plan.deployment) } : {}),
      ...(copyOf === undefined ? {} : { copyOf }),
      ...(were ? { protects: { ...were } } : {}),
    },
  }
}

/** ECS may change its mind while we look: read again, and planned again, so often at most. */
const most = 3

/** Carries out the plan of one service whose first change is written down already. */
export async function act(at: Acting, plan: ServicePlan, attempt = 1): Promise<Acted> {
  switch (plan.is) {
    case 'update':
      return update(at, plan)
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

type Update = Extract<ServicePlan, { is: 'update' }>

async function update(at: Acting, plan: Update): Promise<Acted> {
  const { run, clients } = at
  const { copy, ...target } = plan.target
  if (!copy) return { plan, became: await deploy(run, clients, orderOf(at, plan)) }
  const registered = await shared(at, copy)
  if (registered.is === 'not-sent') return { plan, became: registered }
  const { definition } = registered
  run.report.info(`${plan.service.name}: ${definition.name} is the copy of ${copy.of}`)
  const copied: Update = { ...plan, target: { ...target, definition } }
  await run.journal.intend([entryOf(at, copied)])
  return { plan: copied, became: await deploy(run, clients, orderOf(at, copied)) }
}

/** Registers a copy, or waits for the service that registers the same. */
export function shared(
  { run, clients, copies }: Pick<Acting, 'run' | 'clients' | 'copies'>,
  copy: Copy,
): Promise<Registered> {
  const known = copies.get(copy.key)
  if (known) return known
  const registering = registerCopy(run, clients, copy)
  copies.set(copy.key, registering)
  return registering
}

const orderOf = ({ cluster, protections }: Acting, { service, target, force }: Update): Deploy => ({
  cluster,
  service,
  taskDefinition: target.definition.arn,
  name: target.definition.name,
  force,
  protection: protections.get(service.name),
})

async function goBack(at: Acting, plan: TakeBack, attempt: number): Promise<Acted> {
  const told = await takeBack(at.clients, plan)
  if (told.is === 'denied' && !shiftsTraffic(plan.service)) {
    at.run.report.warning(`${plan.service.name}: ${told.why}; ${told.next}. It is replaced instead`)
    return again(at, plan, { attempt, replace: true })
  }
  if (told.is === 'denied' || told.is === 'not-sent') {
    return { plan, became: { is: 'not-sent', why: told.why, next: told.next } }
  }
  if (told.is === 'conflict') return again(at, plan, { attempt, replace: false })
  const seen = await seenGoing(at, plan)
  if ('unseen' in seen) return { plan, became: { is: 'unseen', why: seen.unseen } }
  const { rolledBackTo: revision, arn: by } = seen
  if (revision === undefined || !(await leads(at, plan, revision)))
    return again(at, plan, { attempt, replace: false })
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
async function again(
  at: Acting,
  before: TakeBack,
  given: { readonly attempt: number; readonly replace: boolean },
): Promise<Acted> {
  const { attempt, replace } = given
  const unseen = (why: string): Acted => ({ plan: before, became: { is: 'unseen', why } })
  if (attempt === most) return unseen('ECS changed it under our hands several times')
  const planned = await planAgain(at, before, { replace })
  if (!planned) return unseen('it is not an ACTIVE service any more')
  at.run.report.info(`${before.service.name}: ${planned.why}`)
  if (isMutating(planned)) await at.run.journal.intend([entryOf(at, planned)])
  return act(at, planned, attempt + 1)
}

/**
 * Reads and plans a service again; undefined when it is there no more. `replace`: ECS may not be told to go back. `reason`:
 * why the target cannot be used as it is, where that is known already.
 */
export async function planAgain(
  at: Acting,
  { service: { name }, target }: { readonly service: LiveService; readonly target: Target },
  given: { readonly replace?: boolean; readonly reason?: CopyReason } = {},
): Promise<ServicePlan | undefined> {
  const { run, clients, cluster } = at
  const service = serviceOf(await observeServices(clients, { cluster, names: [name] }), name)
  if (!service) return undefined
  const situations = await observeSituations(run, clients, { cluster, services: [service] })
  const { current, ...rest } = situations.get(name) ?? {}
  const situation = given.replace ? rest : { ...rest, current }
  const { copy, ...plain } = target
  const coded = isCodeDeployed(service)
  const found = coded ? await observeSeen(clients, { cluster, services: [service] }) : at.found
  const known = {
    entries: run.journal.entries(),
    situation,
    ...(coded && { codeDeploy: { runId: run.identity.runId, found: found.get(name) } }),
  }
  const of = { service, target: plain, known }
  const reason = given.reason ?? copy?.reason
  return reason === undefined ? planTarget(at, of) : planCopy(at, of, reason)
}
