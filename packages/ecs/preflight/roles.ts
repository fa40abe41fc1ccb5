import { GetRoleCommand } from '@aws-sdk/client-iam'
import { call, codeOf } from '#aws'
import type { EcsClients } from '../client.ts'
import { type Answer, inspectEach, type Seen, there } from './answer.ts'
import type { RoleNeed } from './needs.ts'

/** Looks whether roles are there; not whether they still may what they could. */
export function inspectRoles(
  clients: EcsClients,
  roles: readonly RoleNeed[],
): Promise<Seen<RoleNeed>> {
  return inspectEach(roles, (role) => inspect(clients, role))
}

async function inspect(clients: EcsClients, { name, foreign }: RoleNeed): Promise<Answer> {
  if (foreign) {
    return {
      is: 'doubtful',
      why: `role ${name} belongs to another account and was not looked at`,
      next: 'look there whether it is still there',
    }
  }
  try {
    await call(clients.roles, new GetRoleCommand({ RoleName: name }), name)
    return there
  } catch (thrown) {
    if (!codeOf(thrown).startsWith('NoSuchEntity')) throw thrown
    return {
      is: 'lacking',
      why: `role ${name} is not there: no task could start with it`,
      next: 'create it again with its policies and its trust of ecs-tasks.amazonaws.com, or name another destination',
    }
  }
}
