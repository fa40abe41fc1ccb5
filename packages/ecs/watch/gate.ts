import { iso } from '#core'
import { pausedAt, type ServiceDeployment } from '../state.ts'

/**
 * How far a deployment that shifts traffic is: its stage, its share of production traffic, and the hook at which it waits:
 * `BAKE_TIME, 100 % of production traffic`. A hook is somebody's gate: it is shown with the command that answers it, and
 * never answered for them.
 */
export function gateText(current: ServiceDeployment): string {
  const { stage, traffic, target = '', arn } = current
  const hook = pausedAt(current)
  const weight = traffic?.[target]
  const share = weight === undefined ? [] : [`${weight} % of production traffic`]
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
