import {
  type DeploymentConfiguration,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  type ServiceDeployment,
} from '@aws-sdk/client-ecs'
import type { Result } from '#core'
import { CLUSTER, type Scene } from './scene.ts'

/** The service deployment of web that ECS calls the current one. */
export async function current({ clients: { ecs } }: Scene): Promise<ServiceDeployment> {
  const found = await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['web'] }))
  const arn = found.services?.[0]?.currentServiceDeployment ?? ''
  const described = await ecs.send(
    new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }),
  )
  return described.serviceDeployments?.[0] ?? {}
}

/** Why the services ended as they did. */
export const whyOf = (result: Result): string =>
  JSON.stringify((result.data as { services?: { why: string }[] }).services?.map(({ why }) => why))

/** ECS's own ways of shifting traffic. */
export const strategies: readonly DeploymentConfiguration[] = [
  { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 5 },
  { strategy: 'LINEAR', linearConfiguration: { stepPercent: 25, stepBakeTimeInMinutes: 2 } },
  { strategy: 'CANARY', canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 5 } },
]

/** One of them, which waits for somebody once all traffic has moved. */
export const paused: DeploymentConfiguration = {
  strategy: 'BLUE_GREEN',
  bakeTimeInMinutes: 5,
  lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_PRODUCTION_TRAFFIC_SHIFT'] }],
}
