import { shortName } from '#aws'
import type { EcsClients } from '../client.ts'
import { activeTaskDefinitions, observeTaskDefinition } from '../observe.ts'
import { familyOf, type TaskDefinition } from '../state.ts'

/** So many task definitions are looked at. */
const most = 50

const numberOf = (name: string) => Number(name.slice(name.lastIndexOf(':') + 1))

/** The newest ACTIVE task definition of a family below another one that fits: registered, which proves nothing of it. */
export async function newestRegistered(
  clients: Pick<EcsClients, 'ecs'>,
  family: string,
  given: { readonly below: string; readonly fits: (definition: TaskDefinition) => boolean },
): Promise<TaskDefinition | undefined> {
  const limit = familyOf(given.below) === family ? numberOf(given.below) : Number.POSITIVE_INFINITY
  let looked = 0
  for await (const arn of activeTaskDefinitions(clients, family)) {
    const name = shortName(arn)
    if (numberOf(name) >= limit) continue
    if (++looked > most) return undefined
    const definition = await observeTaskDefinition(clients, name)
    if (definition && given.fits(definition)) return definition
  }
  return undefined
}
