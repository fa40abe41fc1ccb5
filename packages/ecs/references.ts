import { type ContainerDefinition, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { call } from '#aws'
import type { EcsClients } from './client.ts'
import { observeServices, type Services } from './observe.ts'
import { inParallel } from './parallel.ts'

/** What the containers of a service are started with from outside: secrets, parameters, environment files. */
export interface References {
  readonly service: string
  /** `valueFrom` of each secret, `value` of each environment file, as the task definition has them. */
  readonly references: readonly string[]
}

/** Looks at what the task definitions of services refer to; services that are not there refer to nothing. */
export async function observeReferences(
  clients: EcsClients,
  where: Services,
): Promise<readonly References[]> {
  const { services } = await observeServices(clients, where)
  return inParallel(services, async ({ name, taskDefinition }) => {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition })
    const found = await call(clients.ecs, command, taskDefinition)
    const all = (found.taskDefinition?.containerDefinitions ?? []).flatMap(referencesOf)
    return { service: name, references: [...new Set(all)] }
  })
}

/** Everything that ECS resolves when a task starts, also for the registry and the log driver. */
function referencesOf(container: ContainerDefinition): readonly string[] {
  const secrets = [
    ...(container.secrets ?? []),
    ...(container.logConfiguration?.secretOptions ?? []),
  ]
  return [
    ...secrets.flatMap(({ valueFrom }) => valueFrom ?? []),
    ...(container.environmentFiles ?? []).flatMap(({ value }) => value ?? []),
    ...(container.repositoryCredentials?.credentialsParameter
      ? [container.repositoryCredentials.credentialsParameter]
      : []),
  ]
}
