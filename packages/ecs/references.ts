import type { EcsClients } from './client.ts'
import type { Fact } from './environment/facts.ts'
import { observeServices, observeTaskDefinition, type Services } from './observe.ts'
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
    const definition = await observeTaskDefinition(clients, taskDefinition)
    const references = [...(definition?.facts ?? [])].flatMap(referenceOf)
    return { service: name, references: [...new Set(references)] }
  })
}

/** Everything that ECS resolves when a task starts, also for the registry and the log driver. */
const referenceOf = ({ kind, value }: Fact) =>
  kind === 'secret' || kind === 'environment-file' ? [value] : []
