import { createHash } from 'node:crypto'
import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import type * as Ecs from '@aws-sdk/client-ecs'
import { parse } from 'yaml'
import { AwsError } from '../service.ts'

/** The events of a deployment at which a function may run [AWS: AppSpec hooks for ECS]. */
export const HOOKS = [
  'BeforeInstall',
  'AfterInstall',
  'AfterAllowTestTraffic',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const

/** What an AppSpec file says of an ECS service. */
export interface AppSpec {
  readonly taskDefinition: string
  readonly containerName: string
  readonly containerPort: number
  readonly platformVersion?: string
  readonly networkConfiguration?: Ecs.NetworkConfiguration
  /** Function by lifecycle event. */
  readonly hooks: ReadonlyMap<string, string>
}

const invalid = (message: string) => new AwsError('InvalidRevisionException', message)

/** Reads the AppSpec of a revision; the messages are ours. */
export function appSpecOf(revision: CodeDeploy.RevisionLocation | undefined): AppSpec {
  if (!revision) throw new AwsError('RevisionRequiredException', 'A revision is required.')
  const { content, sha256 } = revision.appSpecContent ?? {}
  if (revision.revisionType !== 'AppSpecContent' || !content)
    throw invalid('The sandbox only knows revisions of type AppSpecContent.')
  if (sha256 !== undefined && sha256 !== createHash('sha256').update(content).digest('hex'))
    throw invalid('The SHA-256 hash does not match the content of the AppSpec file.')
  return specIn(parse(content))
}

type Row = Readonly<Record<string, unknown>>

function specIn(document: Row): AppSpec {
  const [resource = {}] = (document?.Resources ?? document?.resources ?? []) as readonly Row[]
  const [target = {}] = Object.values(resource) as readonly Row[]
  const properties = (target.Properties ?? {}) as Row
  const container = (properties.LoadBalancerInfo ?? {}) as Row
  if (target.Type !== 'AWS::ECS::Service' || !properties.TaskDefinition || !container.ContainerName)
    throw invalid('The AppSpec file has no AWS::ECS::Service with TaskDefinition and container.')
  const hooks = ((document.Hooks ?? document.hooks ?? []) as readonly Record<string, string>[])
    .flatMap((hook) => Object.entries(hook))
    .filter(([event]) => (HOOKS as readonly string[]).includes(event))
  return {
    taskDefinition: String(properties.TaskDefinition),
    containerName: String(container.ContainerName),
    containerPort: Number(container.ContainerPort),
    ...(properties.PlatformVersion ? { platformVersion: String(properties.PlatformVersion) } : {}),
    ...networkOf(properties.NetworkConfiguration as Row | undefined),
    hooks: new Map(hooks),
  }
}

/** In an AppSpec file the members begin with a capital. */
function networkOf(given: Row | undefined): Pick<AppSpec, 'networkConfiguration'> {
  const vpc = given?.AwsvpcConfiguration as Row | undefined
  if (!vpc) return {}
  const awsvpcConfiguration = {
    subnets: vpc.Subnets as string[],
    ...(vpc.SecurityGroups ? { securityGroups: vpc.SecurityGroups as string[] } : {}),
    ...(vpc.AssignPublicIp ? { assignPublicIp: vpc.AssignPublicIp as Ecs.AssignPublicIp } : {}),
  }
  return { networkConfiguration: { awsvpcConfiguration } }
}

/** The AppSpec of what a service runs, for going back to what CodeDeploy itself never deployed. */
export function contentFor(taskDefinition: string, balancer: Ecs.LoadBalancer | undefined): string {
  return JSON.stringify({
    version: 0.0,
    Resources: [
      {
        TargetService: {
          Type: 'AWS::ECS::Service',
          Properties: {
            TaskDefinition: taskDefinition,
            LoadBalancerInfo: {
              ContainerName: balancer?.containerName,
              ContainerPort: balancer?.containerPort,
            },
          },
        },
      },
    ],
  })
}

/** A revision with its hash. */
export function revisionOf(content: string): CodeDeploy.RevisionLocation {
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { revisionType: 'AppSpecContent', appSpecContent: { content, sha256 } }
}
