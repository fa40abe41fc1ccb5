import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { call, shortName } from '#aws'
import { CallError } from '#core'
import {
  type DeployedBy,
  isCodeDeployed,
  type LiveService,
  observeCodeDeploy,
  observeServices,
} from '#ecs'
import type { EnvironmentConfig } from '#inputs'
import type { PreflightClients } from './client.ts'
import type { Finding } from './finding.ts'

/** The services that run, as far as they decide what a rollback may need of its role. */
export interface Live {
  readonly services: readonly LiveService[]
  /** The roles of their tasks. */
  readonly roles: readonly string[]
  /** Who deploys those that CodeDeploy deploys, by name. */
  readonly deployedBy: ReadonlyMap<string, DeployedBy>
}

/** A read that fails here was told by the look at what runs already. */
export async function orNone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (thrown) {
    if (thrown instanceof CallError) return undefined
    throw thrown
  }
}

/** Looks at the services that the configuration names. */
export async function observeLive(
  clients: PreflightClients,
  { services: named }: EnvironmentConfig,
): Promise<Live> {
  const observed = named && (await orNone(() => observeServices(clients.ecs, named)))
  const services = observed?.services ?? []
  const definitions = [...new Set(services.map(({ taskDefinition }) => taskDefinition))]
  const [roles, deployedBy] = await Promise.all([
    Promise.all(definitions.map((one) => rolesOf(clients, one))),
    observeCodeDeploy(clients.ecs, {
      cluster: shortName(named?.cluster ?? ''),
      services: services.filter(isCodeDeployed),
    }),
  ])
  return { services, roles: roles.flat(), deployedBy }
}

/** The roles that whoever registers a task definition, or runs it, hands over. */
export async function rolesOf(
  { ecs }: PreflightClients,
  definition: string,
): Promise<readonly string[]> {
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: definition })
  const answer = await orNone(() => call(ecs.ecs, command, definition))
  const { taskRoleArn, executionRoleArn } = answer?.taskDefinition ?? {}
  return [taskRoleArn, executionRoleArn].filter((role) => role !== undefined)
}

/** A service that CodeDeploy deploys is refused by a rollback as long as nothing says by which deployment group. Pure. */
export const liveFindings = ({ deployedBy }: Live): readonly Finding[] =>
  [...deployedBy].flatMap(([name, found]): readonly Finding[] =>
    'why' in found
      ? [{ check: 'what runs', found: `service ${name}: ${found.why}`, is: 'problem' }]
      : [],
  )
