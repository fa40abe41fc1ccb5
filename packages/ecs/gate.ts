import { isDenied } from '#aws'
import { CallError, iso } from '#core'
import type { EcsClients } from './client.ts'
import { pausedAt } from './dispatch.ts'
import { observeServiceDeployments } from './observe.ts'
import type { LiveService, ServiceDeployment } from './state.ts'

/**
 * How far a deployment that shifts traffic is: its stage, its share of production traffic, and the hook at which it waits.
 * A hook is somebody's gate: it is shown with the command that answers it, and never answered for them.
 */
export async function gateOf(
  clients: Pick<EcsClients, 'ecs'>,
  { serviceDeployment }: LiveService,
): Promise<string> {
  if (serviceDeployment === undefined) return ''
  try {
    const [current] = await observeServiceDeployments(clients, [serviceDeployment])
    return current ? gateText(current) : ''
  } catch (thrown) {
    if (thrown instanceof CallError && isDenied(thrown)) return ''
    throw thrown
  }
}

/** `BAKE_TIME, 100 % of production traffic`. */
export function gateText(current: ServiceDeployment): string {
  const { stage, traffic, arn } = current
  const hook = pausedAt(current)
  const share = traffic === undefined ? [] : [`${traffic} % of production traffic`]
  const then =
    hook &&
    `${hook.timeoutAction || 'ROLLBACK'}${hook.expiresAt > 0 ? ` at ${iso(hook.expiresAt)}` : ''}`
  const waits = hook
    ? [
        `it waits for somebody at hook ${hook.id} (else ${then}): aws ecs continue-service-deployment --service-deployment-arn ${arn} --hook-id ${hook.id} --action CONTINUE`,
      ]
    : []
  return [...(stage === undefined ? [] : [stage]), ...share, ...waits].join(', ')
}
