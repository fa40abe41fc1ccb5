import type * as Ecs from '@aws-sdk/client-ecs'
import type { Service, World } from './state.ts'

// The seam for services whose deployments CODE_DEPLOY or an EXTERNAL controller makes, by task sets: they have no
// deployments of ECS, and nothing starts their tasks here.

/** A service of another controller was created. */
export function beginElsewhere(_world: World, _service: Service): void {}

/** Refuses what UpdateService cannot change in a service of another controller. */
export function checkElsewhere(_service: Service, _input: Ecs.UpdateServiceCommandInput): void {}

/** One look of the scheduler at a service of another controller. */
export function lookElsewhere(_world: World, service: Service): void {
  if (service.status === 'DRAINING') service.status = 'INACTIVE'
}
