import { shortName } from '#aws'
import type { LiveService, TaskSet } from '../state.ts'

/** A deployment group that deploys one of our services. */
export interface DeploymentGroup {
  readonly application: string
  readonly name: string
  /** The service that it deploys. */
  readonly service: string
  /** Ids of the deployments that CodeDeploy names as its last ones. */
  readonly last: readonly string[]
  /** The last one that succeeded. */
  readonly lastGood?: string
}

/** A deployment of CodeDeploy. */
export interface CodeDeployment {
  readonly id: string
  /** `InProgress`, `Ready` and the others. */
  readonly status: string
  /** The text of its AppSpec, where CodeDeploy shows it. */
  readonly appSpec?: string
  /** `user`, `codeDeployRollback` and the others. */
  readonly creator: string
  readonly description: string
  readonly createdAt: number
  /** Why it ended, as CodeDeploy says; empty where it does not. */
  readonly why: string
  /** The deployment that undoes this one. */
  readonly undoneBy?: string
  /** The deployment that this one undoes. */
  readonly undoes?: string
}

/** Who deploys a service, and what of it. */
export interface Seen {
  readonly group: DeploymentGroup
  /** Newest first. */
  readonly deployments: readonly CodeDeployment[]
}

/** What is known of a service that CodeDeploy deploys, beside DescribeServices. */
export interface CodeDeployKnown {
  readonly runId: string
  readonly found: Found | undefined
}

/** What was found of a service's deployment group, or why it cannot be told. */
export type Found = Seen | { readonly why: string }

const ended = ['Succeeded', 'Failed', 'Stopped']

/** Tells whether a deployment can still change something; a group has one such at most [AWS: CreateDeployment]. */
export const isActive = ({ status }: CodeDeployment) => !ended.includes(status)

/** Whether a task set is of a deployment that was found before: its own may appear a moment after it. */
export function isSeenSet(
  found: Found | undefined,
  taskSets: readonly TaskSet[] = [],
  id: string | undefined,
): boolean {
  const made = taskSets.find((set) => set.id === id)?.deployment
  return (
    found !== undefined &&
    'deployments' in found &&
    found.deployments.some((one) => one.id === made)
  )
}

/** The task set that serves production traffic. */
export function primarySet({ taskSets = [] }: LiveService): TaskSet | undefined {
  return taskSets.find(({ status }) => status === 'PRIMARY')
}

/** One `TaskDefinition` with its value, in JSON or YAML: an AppSpec of ECS has exactly one [AWS: AppSpec resources]. */
const named = /(["']?TaskDefinition["']?\s*:\s*)(["']?)([^"'\s,}#]+)\2/g

/** `family:revision` in an AppSpec; undefined where none or several are in it. */
export function taskDefinitionIn(appSpec: string | undefined): string | undefined {
  const found = [...(appSpec ?? '').matchAll(named)]
  const [only] = found
  return only && found.length === 1 ? shortName(only[3] ?? '') : undefined
}

/** An AppSpec with another task definition: container, port, platform, network and hooks stay, byte by byte. */
export function withTaskDefinition(appSpec: string, arn: string): string {
  return appSpec.replace(named, (_, key: string, quote: string) => `${key}${quote}${arn}${quote}`)
}

/** The AppSpec of a service whose last one cannot be read; undefined for a service without load balancer. */
export function builtAppSpec(service: LiveService, arn: string): string | undefined {
  const [balancer] = service.loadBalancers
  if (!balancer) return undefined
  const LoadBalancerInfo = { ContainerName: balancer.container, ContainerPort: balancer.port }
  const Properties = { TaskDefinition: arn, LoadBalancerInfo }
  return JSON.stringify({
    version: 0.0,
    Resources: [{ TargetService: { Type: 'AWS::ECS::Service', Properties } }],
  })
}

/** `family:revision` that a deployment brings: by its AppSpec, else by the task set that it made or goes back to. */
export function bringsOf(service: LiveService, deployment: CodeDeployment): string | undefined {
  const { id, undoes, appSpec } = deployment
  const sets = service.taskSets ?? []
  const set =
    undoes === undefined
      ? sets.find((one) => one.deployment === id)
      : sets.find((one) => one.deployment !== undoes && one.status !== 'DRAINING')
  return taskDefinitionIn(appSpec) ?? set?.taskDefinition
}
