import { cancellable } from '../ecs/index.ts'
import type { Admin, Ground, Service } from '../service.ts'
import { deploymentOperations } from './deployments.ts'
import { groupOperations } from './groups.ts'
import type { World } from './state.ts'

/** A simulated AWS CodeDeploy for ECS services; its ECS holds services, task sets and balancers. */
export function codeDeployService(
  ground: Pick<Ground, 'clock'>,
  ports: Pick<World, 'ecs' | 'alarms'>,
): Service {
  const { clock, cancelAll } = cancellable(ground.clock)
  const world: World = {
    clock,
    ...ports,
    places: new Map(),
    hooks: new Map(),
    counter: 0,
    closed: false,
  }
  return {
    name: 'codedeploy',
    operations: { ...groupOperations(world), ...deploymentOperations(world) },
    admin: { 'codedeploy-hooks': hooks(world) },
    close: async () => {
      world.closed = true
      cancelAll()
    },
  }
}

/** `{"<function>": "Failed"}`: what hook functions answer from now on. */
function hooks(world: World): Admin {
  return async (body) => {
    for (const [name, result] of Object.entries(body ?? {}))
      world.hooks.set(name, result === 'Failed' ? 'Failed' : 'Succeeded')
    return { hooks: Object.fromEntries(world.hooks) }
  }
}
