import {
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  type ECSClient,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import type { VirtualClock } from '../../../packages/sandbox/index.ts'

/**
 * Deploys as CloudFormation does: updates the service, waits for the deployment, and deregisters the definition that was
 * replaced when that has succeeded (a resource that is replaced is removed after the update). Throws when it does not succeed.
 */
export async function deployLikeCloudFormation(
  { client, clock }: { readonly client: ECSClient; readonly clock: VirtualClock },
  wanted: { readonly service: string; readonly taskDefinition: string; readonly cluster?: string },
): Promise<void> {
  const { service, taskDefinition, cluster = 'prod' } = wanted
  const look = async () => {
    const found = await client.send(new DescribeServicesCommand({ cluster, services: [service] }))
    return found.services?.[0]
  }
  const replaced = (await look())?.taskDefinition
  await client.send(new UpdateServiceCommand({ cluster, service, taskDefinition }))
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60_000)
    const [primary] = (await look())?.deployments ?? []
    if (primary?.rolloutState === 'COMPLETED' && primary.taskDefinition === taskDefinition) {
      await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: replaced }))
      return
    }
  }
  throw new Error(`${service} did not reach ${taskDefinition}: UPDATE_ROLLBACK_COMPLETE.`)
}
