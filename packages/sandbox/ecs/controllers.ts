import type * as Ecs from '@aws-sdk/client-ecs'
import type { Service, World } from './state.ts'
import { openFirst, refuseDeployment, tend } from './taskSets.ts'
import type { TaskListener } from './tasks.ts'

// Services whose deployments CODE_DEPLOY or an EXTERNAL controller makes, by task sets: they have no deployments of
// ECS. CodeDeploy is simulated; nothing starts the tasks of an EXTERNAL service here.

/** A service of another controller was created. */
export function beginElsewhere(world: World, service: Service): void {
  if (service.controller === 'CODE_DEPLOY') openFirst(world, service)
}

/** Refuses what UpdateService cannot change in a service of another controller. */
export function checkElsewhere(service: Service, input: Ecs.UpdateServiceCommandInput): void {
  refuseDeployment(service, input)
}

/** One look of the scheduler at a service of another controller. */
export function lookElsewhere(world: World, service: Service, changed: TaskListener): void {
  if (service.taskSets) tend(world, service, changed)
  else if (service.status === 'DRAINING') service.status = 'INACTIVE'
}
