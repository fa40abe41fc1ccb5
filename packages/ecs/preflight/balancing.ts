import {
  DescribeTargetGroupsCommand,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { call, parseArn } from '#aws'
import { CallError } from '#core'
import type { TargetGroupState } from '#store'
import type { EcsClients } from '../client.ts'
import { batches, inParallel } from '../parallel.ts'
import type { LoadBalancer, TaskDefinition } from '../state.ts'

/** A target group as it is; undefined when it is not there; a look that failed says nothing of it. */
export type SeenGroup = TargetGroupState | undefined | CallError

/** Looks at target groups, twenty per call. One that is not there fails the whole call: then each is asked for alone. */
export async function observeTargetGroups(
  clients: EcsClients,
  arns: readonly string[],
): Promise<ReadonlyMap<string, SeenGroup>> {
  const parts = batches([...new Set(arns)], 20)
  return new Map((await inParallel(parts, (part) => observePart(clients, part))).flat())
}

type Seen = readonly (readonly [string, SeenGroup])[]

async function observePart(clients: EcsClients, arns: readonly string[]): Promise<Seen> {
  const on = arns.map(groupName).join(', ')
  const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [...arns] })
  try {
    const { TargetGroups = [] } = await call(clients.balancing, command, on)
    const found = (arn: string) => TargetGroups.find(({ TargetGroupArn }) => TargetGroupArn === arn)
    return arns.map((arn) => [arn, toTargetGroup(found(arn))])
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    if (!/^TargetGroupNotFound/.test(thrown.code)) return arns.map((arn) => [arn, thrown])
    if (arns.length === 1) return arns.map((arn) => [arn, undefined])
    return (await inParallel(arns, (arn) => observePart(clients, [arn]))).flat()
  }
}

/** The end of a target group's ARN: `web/73e2d6bc24d8a067`. */
export const groupName = (arn: string): string =>
  (parseArn(arn)?.resource ?? arn).replace(/^targetgroup\//, '')

function toTargetGroup(group: TargetGroup | undefined): TargetGroupState | undefined {
  if (group === undefined) return undefined
  const { HttpCode, GrpcCode } = group.Matcher ?? {}
  const matcher = HttpCode ?? GrpcCode
  return {
    name: groupName(group.TargetGroupArn ?? ''),
    protocol: group.HealthCheckProtocol ?? '',
    port: group.HealthCheckPort ?? '',
    ...(group.HealthCheckPath === undefined ? {} : { path: group.HealthCheckPath }),
    ...(matcher === undefined ? {} : { matcher }),
  }
}

/** How a target group checks: `HTTP traffic-port /healthz 200`. */
export const checkText = ({ protocol, port, path, matcher }: TargetGroupState): string =>
  [protocol, port, path, matcher].filter((part) => part !== undefined && part !== '').join(' ')

/**
 * What is wrong with a load balancer for a task definition. A check that has changed since is doubt: it may be as good, and
 * it may fail every task of the older version (aws/copilot-cli#4838: the check's port had changed with the deployment,
 * and the rollback killed healthy tasks).
 */
export function judgeBalancer(
  { container, port, targetGroup }: LoadBalancer,
  given: {
    readonly definition: TaskDefinition
    readonly seen: SeenGroup
    readonly recorded: readonly TargetGroupState[] | undefined
  },
): { readonly is: 'obstacle' | 'doubt'; readonly why: string; readonly next: string } | undefined {
  const { definition, seen, recorded } = given
  if (!hasPort(definition, container, port)) {
    return {
      is: 'obstacle',
      why: `the load balancer sends traffic to port ${port} of container ${container}, which ${definition.name} does not open`,
      next: 'name a destination that opens it, or change the load balancer of the service first',
    }
  }
  if (targetGroup === undefined || seen instanceof CallError) return undefined
  const name = groupName(targetGroup)
  if (seen === undefined) {
    return {
      is: 'obstacle',
      why: `target group ${name} is not there`,
      next: 'give the service a target group that is: aws ecs update-service --load-balancers',
    }
  }
  if (recorded === undefined) return undefined
  const then = recorded.find((one) => one.name === name)
  if (then === undefined) {
    const groups = recorded.map((one) => one.name).join(', ')
    return {
      is: 'doubt',
      why: `the service is behind target group ${name} now, and was behind ${groups || 'none'} when the destination was recorded`,
      next: 'look whether the destination answers the checks of this one',
    }
  }
  const [before, now] = [checkText(then), checkText(seen)]
  return before === now
    ? undefined
    : {
        is: 'doubt',
        why: `target group ${name} checked "${before}" when the destination was recorded, and checks "${now}" now`,
        next: 'look whether the destination answers this check, or set it back: aws elbv2 modify-target-group',
      }
}

/** Whether a container opens a port; a range counts as each of its ports. One that is not in the definition is not judged. */
function hasPort(definition: TaskDefinition, container: string, port: number): boolean {
  if (!definition.containers.some(({ name }) => name === container)) return true
  return [...definition.facts].some(({ container: of, kind, name }) => {
    const [from = '', to = from] = name.replace(/\/.*$/, '').split('-')
    return of === container && kind === 'port' && Number(from) <= port && port <= Number(to)
  })
}
