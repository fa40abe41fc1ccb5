import type * as Elb from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Balancers } from '../balancer/balancers.ts'
import type { HealthCheck } from '../balancer/healthCheck.ts'
import type { TargetGroup, TargetStatus } from '../balancer/targetGroup.ts'
import { AwsError, type Caller, type Operation, type Service } from '../service.ts'

const DELAY = 'deregistration_delay.timeout_seconds'
const LARGEST_PAGE = 400

const notFound = () => new AwsError('TargetGroupNotFound', 'One or more target groups not found')
const invalid = (message: string) => new AwsError('ValidationError', message)

function groupsOf(balancers: Balancers, { account, region }: Caller): readonly TargetGroup[] {
  const mine = `arn:aws:elasticloadbalancing:${region}:${account}:`
  return balancers.groups().filter(({ arn }) => arn.startsWith(mine))
}

function groupOf(balancers: Balancers, arn: string | undefined, caller: Caller): TargetGroup {
  const found = groupsOf(balancers, caller).find((group) => group.arn === arn)
  if (!found) throw notFound()
  return found
}

function shown({ arn, name, healthCheck }: TargetGroup): Elb.TargetGroup {
  return {
    TargetGroupArn: arn,
    TargetGroupName: name,
    Protocol: 'HTTP',
    ProtocolVersion: 'HTTP1',
    Port: 80,
    VpcId: 'vpc-0123456789abcdef0',
    TargetType: 'ip',
    IpAddressType: 'ipv4',
    LoadBalancerArns: [arn.replace(':targetgroup/', ':loadbalancer/app/')],
    HealthCheckEnabled: true,
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: healthCheck.port,
    HealthCheckPath: healthCheck.path,
    HealthCheckIntervalSeconds: healthCheck.intervalMs / 1000,
    HealthCheckTimeoutSeconds: healthCheck.timeoutMs / 1000,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    Matcher: { HttpCode: healthCheck.matcher },
  }
}

function describeGroups(
  balancers: Balancers,
  input: Elb.DescribeTargetGroupsInput,
  caller: Caller,
) {
  const { TargetGroupArns: arns, Names: names, LoadBalancerArn: balancer } = input
  const all = groupsOf(balancers, caller)
  const missing =
    arns?.some((arn) => !all.some((group) => group.arn === arn)) ||
    names?.some((name) => !all.some((group) => group.name === name))
  if (missing) throw notFound()
  const chosen = all
    .filter(({ arn }) => !arns || arns.includes(arn))
    .filter(({ name }) => !names || names.includes(name))
    .map(shown)
    .filter(({ LoadBalancerArns }) => !balancer || LoadBalancerArns?.includes(balancer))
  const from = Number(input.Marker ?? 0)
  const size = input.PageSize ?? LARGEST_PAGE
  if (!Number.isInteger(from)) throw invalid('Invalid marker.')
  if (size < 1 || size > LARGEST_PAGE) throw invalid(`PageSize must be 1 to ${LARGEST_PAGE}.`)
  const more = from + size < chosen.length
  return {
    TargetGroups: chosen.slice(from, from + size),
    ...(more && { NextMarker: String(from + size) }),
  }
}

/** A target is seen by the port that its container names, as on AWS where each task has an address of its own. */
const portOf = ({ port, containerPort }: TargetStatus) => containerPort ?? port

function healthOf({ healthCheck }: TargetGroup, target: TargetStatus): Elb.TargetHealthDescription {
  const { state, reason, description } = target.health
  const { port } = healthCheck
  return {
    Target: { Id: target.id, Port: portOf(target) },
    HealthCheckPort: port === 'traffic-port' ? String(portOf(target)) : port,
    TargetHealth: {
      State: state,
      // A healthy target has neither [AWS: TargetHealth].
      ...(state !== 'healthy' && {
        Reason: reason as Elb.TargetHealthReasonEnum | undefined,
        Description: description,
      }),
    },
  }
}

function unregistered(asked: Elb.TargetDescription): Elb.TargetHealthDescription {
  return {
    Target: asked,
    TargetHealth: {
      State: 'unused',
      Reason: 'Target.NotRegistered',
      Description: 'Target is not registered to the target group',
    },
  }
}

function describeHealth(
  balancers: Balancers,
  input: Elb.DescribeTargetHealthInput,
  caller: Caller,
) {
  const group = groupOf(balancers, input.TargetGroupArn, caller)
  const targets = group.targets()
  if (!input.Targets)
    return { TargetHealthDescriptions: targets.map((target) => healthOf(group, target)) }
  const descriptions = input.Targets.map((asked) => {
    const { Id, Port } = asked
    const found = targets.find(
      (target) => target.id === Id && (Port === undefined || portOf(target) === Port),
    )
    return found ? healthOf(group, found) : unregistered(asked)
  })
  return { TargetHealthDescriptions: descriptions }
}

function within(name: string, value: number | undefined, low: number, high: number): void {
  if (value !== undefined && (value < low || value > high))
    throw invalid(`${name} '${value}' must be between ${low} and ${high}`)
}

/** The health check that a call asks for; ranges are AWS's for HTTP target groups. */
function changeOf(input: Elb.ModifyTargetGroupInput, before: HealthCheck): HealthCheck {
  const interval = input.HealthCheckIntervalSeconds ?? before.intervalMs / 1000
  const timeout = input.HealthCheckTimeoutSeconds ?? before.timeoutMs / 1000
  const port = input.HealthCheckPort ?? before.port
  within('Health check interval', input.HealthCheckIntervalSeconds, 5, 300)
  within('Health check timeout', input.HealthCheckTimeoutSeconds, 2, 120)
  within('Healthy threshold count', input.HealthyThresholdCount, 2, 10)
  within('Unhealthy threshold count', input.UnhealthyThresholdCount, 2, 10)
  if (port !== 'traffic-port') within('Health check port', Number(port), 1, 65535)
  if (timeout >= interval)
    throw new AwsError(
      'InvalidConfigurationRequest',
      'Health check timeout must be smaller than the interval',
    )
  const path = input.HealthCheckPath ?? before.path
  if (!path.startsWith('/')) throw invalid(`Health check path '${path}' must begin with a '/'`)
  return {
    path,
    port,
    intervalMs: interval * 1000,
    timeoutMs: timeout * 1000,
    healthyThreshold: input.HealthyThresholdCount ?? before.healthyThreshold,
    unhealthyThreshold: input.UnhealthyThresholdCount ?? before.unhealthyThreshold,
    matcher: input.Matcher?.HttpCode ?? before.matcher,
  }
}

function modify(balancers: Balancers, input: Elb.ModifyTargetGroupInput, caller: Caller) {
  const group = groupOf(balancers, input.TargetGroupArn, caller)
  if (input.HealthCheckProtocol !== undefined && input.HealthCheckProtocol !== 'HTTP')
    throw new AwsError('InvalidConfigurationRequest', 'The sandbox checks health over HTTP only')
  if (input.HealthCheckEnabled === false)
    throw new AwsError(
      'InvalidConfigurationRequest',
      "Health check enabled must be true for target groups with target type 'ip'",
    )
  group.modify({ healthCheck: changeOf(input, group.healthCheck) })
  return { TargetGroups: [shown(group)] }
}

const attributesOf = ({ deregistrationDelayMs }: TargetGroup) => ({
  Attributes: [{ Key: DELAY, Value: String(deregistrationDelayMs / 1000) }],
})

function modifyAttributes(
  balancers: Balancers,
  input: Elb.ModifyTargetGroupAttributesInput,
  caller: Caller,
) {
  const group = groupOf(balancers, input.TargetGroupArn, caller)
  for (const { Key, Value } of input.Attributes ?? []) {
    const seconds = Number(Value)
    if (Key !== DELAY) throw invalid(`The sandbox does not simulate the attribute '${Key}'`)
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > 3600)
      throw invalid(`'${DELAY}' must be between 0 and 3600`)
    group.modify({ deregistrationDelayMs: seconds * 1000 })
  }
  return attributesOf(group)
}

const notHere = (name: string) => () => {
  throw new AwsError(
    'NotImplemented',
    `The sandbox does not simulate elasticloadbalancing:${name}`,
    501,
  )
}

/** Operations on target groups which the process behind would answer for groups that no task is in. */
const refused = ['CreateTargetGroup', 'DeleteTargetGroup', 'RegisterTargets', 'DeregisterTargets']

/** Elastic Load Balancing as a view of the sandbox's balancers: groups are made there, and described and changed here. */
export function balancingService({ balancers }: { readonly balancers: Balancers }): Service {
  const operations: Record<string, Operation> = {
    DescribeTargetGroups: (input, caller) => describeGroups(balancers, input, caller),
    DescribeTargetHealth: (input, caller) => describeHealth(balancers, input, caller),
    DescribeTargetGroupAttributes: (input, caller) =>
      attributesOf(groupOf(balancers, input.TargetGroupArn, caller)),
    ModifyTargetGroup: (input, caller) => modify(balancers, input, caller),
    ModifyTargetGroupAttributes: (input, caller) => modifyAttributes(balancers, input, caller),
    ...Object.fromEntries(refused.map((name) => [name, notHere(name)])),
  }
  return { name: 'elasticloadbalancing', overlay: true, operations }
}
