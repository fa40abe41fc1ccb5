import {
  ContinueServiceDeploymentCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { call, codeOf, isDenied, isPassing } from '#aws'
import { CallError, messageOf, type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { toService } from '../map.ts'
import { observeServices, serviceOf } from '../observe.ts'
import { type LiveService, primaryOf } from '../state.ts'
import type { TakeBack } from './plan.ts'
import type { Protection } from './protect.ts'

/** What became of a call that starts a deployment. */
export type Sent =
  /** The deployment's id; undefined where ECS's answer did not name it. */
  | { readonly is: 'sent'; readonly deployment: string | undefined }
  | { readonly is: 'not-sent'; readonly why: string; readonly next: string }

type NotSent = Extract<Sent, { is: 'not-sent' }>

/** A new deployment of one service. */
export interface Deploy {
  readonly cluster: string
  /** As it was when it was planned. */
  readonly service: LiveService
  /** A full ARN with revision, never a bare family; left out to keep what the service has then. */
  readonly taskDefinition?: string
  /** `family:revision` of what will run. */
  readonly name: string
  readonly force: boolean
  /** Sent along, so that ECS does not undo it. */
  readonly protection?: Protection | undefined
}

/**
 * Starts a deployment with UpdateService and says which one it is. `desiredCount` is never sent (P6). An answer that got
 * lost leads to a look at what ECS does, not to a second deployment.
 */
export async function deploy(run: Run, clients: EcsClients, order: Deploy): Promise<Sent> {
  const input: UpdateServiceCommandInput = {
    cluster: order.cluster,
    service: order.service.name,
    ...(order.taskDefinition === undefined ? {} : { taskDefinition: order.taskDefinition }),
    ...(order.protection && { deploymentConfiguration: order.protection.configuration }),
  }
  return order.force
    ? deployForced(run, clients, order, input)
    : deployOnce(run, clients, order, input)
}

/** Without force a repeated call is harmless: the same task definition starts no second deployment [AWS: UpdateService]. */
async function deployOnce(
  run: Run,
  clients: EcsClients,
  order: Deploy,
  input: UpdateServiceCommandInput,
): Promise<Sent> {
  try {
    const answer = await call(clients.ecs, new UpdateServiceCommand(input), order.service.name)
    return { is: 'sent', deployment: deploymentIn(answer.service, order) }
  } catch (thrown) {
    if (!isPassing(thrown)) return notSent(thrown)
    const found = await lookForNew(run, clients, order)
    return found === undefined ? notSent(thrown) : { is: 'sent', deployment: found }
  }
}

/** As many attempts as the SDK would make. */
const attempts = 8

/**
 * Sends what makes something new each time it arrives, through a client that does not repeat by itself: again only after a
 * look has not found what the attempt before may have made.
 */
export async function sendOnce<Made>(
  send: () => Promise<Made | undefined>,
  look: () => Promise<Made | undefined>,
): Promise<{ readonly is: 'made'; readonly made: Made } | NotSent> {
  let fault: unknown
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const made = await send()
      if (made !== undefined) return { is: 'made', made }
    } catch (thrown) {
      if (!isPassing(thrown)) return notSent(thrown)
      fault = thrown
    }
    const found = await look()
    if (found !== undefined) return { is: 'made', made: found }
  }
  return notSent(fault)
}

async function deployForced(
  run: Run,
  clients: EcsClients,
  order: Deploy,
  input: UpdateServiceCommandInput,
): Promise<Sent> {
  const sent = await sendOnce(
    async () => {
      const command = new UpdateServiceCommand({ ...input, forceNewDeployment: true })
      const answer = await call(clients.once, command, order.service.name)
      return { deployment: deploymentIn(answer.service, order) }
    },
    async () => {
      const deployment = await lookForNew(run, clients, order)
      return deployment === undefined ? undefined : { deployment }
    },
  )
  return sent.is === 'made' ? { is: 'sent', ...sent.made } : sent
}

function deploymentIn(
  answer: Parameters<typeof toService>[0] | undefined,
  order: Deploy,
): string | undefined {
  if (!answer) return undefined
  const mapped = toService(answer, order.cluster)
  return 'live' in mapped ? newIn(mapped.live, order) : undefined
}

/** The primary deployment when it is of our target and was not there before. */
function newIn(service: LiveService, order: Deploy): string | undefined {
  const primary = primaryOf(service)
  const before = order.service.rollouts.map(({ id }) => id)
  if (primary?.taskDefinition !== order.name || before.includes(primary.id)) return undefined
  return primary.id
}

async function lookForNew(
  run: Run,
  clients: EcsClients,
  order: Deploy,
): Promise<string | undefined> {
  const { name } = order.service
  const look = async () => {
    const observed = await observeServices(clients, { cluster: order.cluster, names: [name] })
    const service = serviceOf(observed, name)
    const found = service && newIn(service, order)
    return found === undefined
      ? ({ is: 'waiting', seen: 'no new deployment' } as const)
      : ({ is: 'found', value: found } as const)
  }
  const waited = await until(run, {
    what: `${name}: ECS's answer was lost, looking whether ${order.name} is being deployed`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
    within: 3 * run.pollInterval,
  })
  return waited.is === 'found' ? waited.value : undefined
}

/** What became of telling ECS to take a deployment back. */
export type Told =
  | { readonly is: 'told' }
  /** It cannot be taken back any more, or does not wait there any more: things went on meanwhile. */
  | { readonly is: 'conflict' }
  | { readonly is: 'denied' | 'not-sent'; readonly why: string; readonly next: string }

/**
 * Tells ECS to take a deployment back; safe to repeat. At a hook the action is always named: left out it means CONTINUE
 * [AWS: ContinueServiceDeployment].
 */
export async function takeBack(clients: EcsClients, plan: TakeBack): Promise<Told> {
  const { deployment: serviceDeploymentArn, service, hook: hookId } = plan
  if (plan.is === 'follow') return { is: 'told' }
  const told = { serviceDeploymentArn }
  try {
    await (plan.is === 'continue'
      ? call(
          clients.ecs,
          new ContinueServiceDeploymentCommand({ ...told, hookId, action: 'ROLLBACK' }),
          service.name,
        )
      : call(
          clients.ecs,
          new StopServiceDeploymentCommand({ ...told, stopType: 'ROLLBACK' }),
          service.name,
        ))
    return { is: 'told' }
  } catch (thrown) {
    if (wentOn[plan.is].includes(codeOf(thrown))) return { is: 'conflict' }
    const { why, next } = refusal(thrown)
    return { is: isDenied(thrown) ? 'denied' : 'not-sent', why, next }
  }
}

/** ContinueServiceDeployment has no ConflictException: a hook that waits no more is a wrong parameter [AWS: its errors]. */
const wentOn: Readonly<Record<'stop' | 'continue', readonly string[]>> = {
  stop: ['ConflictException'],
  continue: ['ConflictException', 'InvalidParameterException', 'ClientException'],
}

/** Sets a desired count; safe to repeat. */
export async function scale(
  clients: EcsClients,
  order: { readonly cluster: string; readonly service: string; readonly desiredCount: number },
): Promise<Sent> {
  try {
    await call(clients.ecs, new UpdateServiceCommand({ ...order }), order.service)
    return { is: 'sent', deployment: undefined }
  } catch (thrown) {
    return notSent(thrown)
  }
}

/** A refused call is this service's end and not that of the others; what is no call's failure is thrown on. */
export const notSent = (thrown: unknown): NotSent => ({
  is: 'not-sent',
  ...refusal(thrown),
})

function refusal(thrown: unknown): { readonly why: string; readonly next: string } {
  if (!(thrown instanceof CallError)) throw thrown
  return { why: messageOf(thrown), next: thrown.next }
}
