import { iso } from '#core'
import { pausedAt } from './dispatch.ts'
import type { ServiceDeployment } from './state.ts'

/**
 * How far a deployment that shifts traffic is: its stage, and the hook at which it waits. A hook is somebody's gate: it is
 * shown with the command that answers it, and never answered for them. `BAKE_TIME`.
 */
export function gateText(current: ServiceDeployment): string {
  const { stage, arn } = current
  const hook = pausedAt(current)
  if (!hook) return stage ?? ''
  const at = hook.expiresAt > 0 ? ` at ${iso(hook.expiresAt)}` : ''
  const otherwise = `${hook.timeoutAction || 'ROLLBACK'}${at}`
  const command = `aws ecs continue-service-deployment --service-deployment-arn ${arn} --hook-id ${hook.id} --action CONTINUE`
  return `${stage ?? ''}: it waits for somebody at hook ${hook.id} (else ${otherwise}): ${command}`
}
