import {
  ContinueDeploymentCommand,
  CreateApplicationCommand,
  CreateDeploymentCommand,
  CreateDeploymentGroupCommand,
  type CreateDeploymentGroupCommandInput,
  type DeploymentInfo,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy'
import { DescribeServicesCommand } from '@aws-sdk/client-ecs'
import { listenerArnOf } from '../../support/listener.ts'
import { CLUSTER, MINUTE, type Scene, scene } from './scene.ts'

export const GROUP = { applicationName: 'shop', deploymentGroupName: 'web' }

/** A scene whose service `web` CodeDeploy deploys, blue/green, with its deployment group. */
export interface CodeDeployScene extends Scene {
  /** Begins to deploy a task definition by CodeDeploy, as a team's own tool does, and answers the deployment's id. */
  begin(taskDefinition: string, appSpec?: (arn: string) => string): Promise<string>
  /** Registers `web:v2` as the next revision, begins to deploy it, and lets some of the time pass that it takes. */
  release(image?: string, after?: number): Promise<string>
  info(deployment: string): Promise<DeploymentInfo>
  /** Newest first, with who made them: `user Succeeded`. */
  history(): Promise<readonly string[]>
  ids(): Promise<readonly string[]>
  stopDeployment(deployment: string, back: boolean): Promise<void>
  approve(deployment: string): Promise<void>
  /** The task sets: `PRIMARY web:1 2/2`. */
  sets(): Promise<readonly string[]>
}

/** The AppSpec of a task definition as a team's tool writes it, with a hook of its own. */
export const appSpecOf = (arn: string): string =>
  JSON.stringify({
    version: 0.0,
    Resources: [
      {
        TargetService: {
          Type: 'AWS::ECS::Service',
          Properties: {
            TaskDefinition: arn,
            LoadBalancerInfo: { ContainerName: 'web', ContainerPort: 8080 },
            PlatformVersion: '1.4.0',
          },
        },
      },
    ],
    Hooks: [{ AfterAllowTraffic: 'smoke-test' }],
  })

/** Opens the scene; `group` overrides what the deployment group is made with, `false` makes none. */
export async function codeDeployScene(
  group: Partial<CreateDeploymentGroupCommandInput> | false = {},
): Promise<CodeDeployScene> {
  const listeners: string[] = []
  const at = await scene({
    container: { portMappings: [{ containerPort: 8080 }] },
    service: (balancers) => {
      const place = { account: '123456789012', region: 'us-east-1', deregistrationDelayMs: MINUTE }
      const blue = balancers.createGroup({ ...place, name: 'blue' })
      balancers.createGroup({ ...place, name: 'green' })
      listeners.push(listenerArnOf(blue.arn))
      return {
        deploymentController: { type: 'CODE_DEPLOY' },
        loadBalancers: [{ targetGroupArn: blue.arn, containerName: 'web', containerPort: 8080 }],
        deploymentConfiguration: {},
      }
    },
  })
  const { codeDeploy } = at.clients
  await codeDeploy.send(
    new CreateApplicationCommand({ applicationName: 'shop', computePlatform: 'ECS' }),
  )
  if (group) await makeGroup(at.clients, group, listeners)
  return { ...at, ...verbs(at) }
}

/** A deployment group over the two target groups of the scene. */
export async function makeGroup(
  { codeDeploy }: Pick<Scene['clients'], 'codeDeploy'>,
  group: Partial<CreateDeploymentGroupCommandInput>,
  listenerArns: string[] = [
    'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/1',
  ],
): Promise<void> {
  await codeDeploy.send(
    new CreateDeploymentGroupCommand({
      ...GROUP,
      serviceRoleArn: 'arn:aws:iam::123456789012:role/deploy',
      ecsServices: [{ serviceName: 'web', clusterName: CLUSTER }],
      loadBalancerInfo: {
        targetGroupPairInfoList: [
          {
            targetGroups: [{ name: 'blue' }, { name: 'green' }],
            prodTrafficRoute: { listenerArns },
          },
        ],
      },
      blueGreenDeploymentConfiguration: waits(5),
      ...group,
    }),
  )
}

/** The wait before the original goes, and whether somebody has to approve that the traffic moves. */
export const waits = (
  minutes: number,
  approval = false,
): NonNullable<CreateDeploymentGroupCommandInput['blueGreenDeploymentConfiguration']> => ({
  terminateBlueInstancesOnDeploymentSuccess: {
    action: 'TERMINATE',
    terminationWaitTimeInMinutes: minutes,
  },
  deploymentReadyOption: approval
    ? { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 120 }
    : { actionOnTimeout: 'CONTINUE_DEPLOYMENT' },
})

function verbs(at: Scene): Omit<CodeDeployScene, keyof Scene> {
  const { codeDeploy, ecs } = at.clients
  const begin: CodeDeployScene['begin'] = async (taskDefinition, appSpec = appSpecOf) => {
    const content = appSpec(taskDefinition)
    const revision = { revisionType: 'AppSpecContent', appSpecContent: { content } } as const
    const made = await codeDeploy.send(new CreateDeploymentCommand({ ...GROUP, revision }))
    return made.deploymentId ?? ''
  }
  const info: CodeDeployScene['info'] = async (deploymentId) => {
    const found = await codeDeploy.send(new GetDeploymentCommand({ deploymentId }))
    return found.deploymentInfo ?? {}
  }
  const ids = async () =>
    (await codeDeploy.send(new ListDeploymentsCommand(GROUP))).deployments ?? []
  return {
    begin,
    info,
    ids,
    release: async (image = 'web:v2', after = 20 * MINUTE) => {
      at.push(image)
      const deployment = await begin(await at.register('web', image))
      await at.clock.advance(after)
      return deployment
    },
    history: async () => {
      const all = await Promise.all((await ids()).map(info))
      return all.map(({ creator, status }) => `${creator} ${status}`)
    },
    stopDeployment: async (deploymentId, autoRollbackEnabled) => {
      await codeDeploy.send(new StopDeploymentCommand({ deploymentId, autoRollbackEnabled }))
    },
    approve: async (deploymentId) => {
      const deploymentWaitType = 'READY_WAIT'
      await codeDeploy.send(new ContinueDeploymentCommand({ deploymentId, deploymentWaitType }))
    },
    sets: async () => {
      const command = new DescribeServicesCommand({ cluster: CLUSTER, services: ['web'] })
      const { services } = await ecs.send(command)
      return (services?.[0]?.taskSets ?? []).map(
        (set) =>
          `${set.status} ${set.taskDefinition?.split('/').at(-1)} ${set.runningCount}/${set.computedDesiredCount}`,
      )
    },
  }
}
