import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Listener, startListener, type Traffic } from './listener.ts'
import { type Rule, weightedRule } from './rule.ts'
import {
  type TargetGroup,
  type TargetGroupOptions,
  type TargetStatus,
  targetGroup,
} from './targetGroup.ts'

/** What a new load balancer is made from. */
export interface BalancerOptions extends Omit<TargetGroupOptions, 'arn'> {
  readonly account: string
  readonly region: string
  /** A fixed port instead of any free one. */
  readonly port?: number
}

/** A load balancer with one target group. */
export interface Balancer {
  readonly name: string
  readonly targetGroupArn: string
  /** The rule by which the listener passes requests on: to the target group, until a deployment shifts traffic. */
  readonly ruleArn: string
  readonly url: string
  traffic(): Traffic
  targets(): readonly TargetStatus[]
  close(): Promise<void>
}

/** All load balancers of a sandbox; ECS finds target groups here by ARN. */
export interface Balancers {
  /** A target group with a load balancer that listens in front of it. */
  create(options: BalancerOptions): Promise<Balancer>
  /** A target group alone, for virtual time. */
  createGroup(options: BalancerOptions): TargetGroup
  group(arn: string): TargetGroup | undefined
  /** Every target group has a rule that passes everything to it at first. */
  ruleOf(targetGroupArn: string): Rule | undefined
  rule(arn: string): Rule | undefined
  list(): readonly Balancer[]
  groups(): readonly TargetGroup[]
  /** Called for each target group that there will ever be. */
  onGroup(listen: (group: TargetGroup) => void): void
  close(): Promise<void>
}

/** A registry without load balancers. */
export function balancers(clock: Clock): Balancers {
  const groups = new Map<string, TargetGroup>()
  const rules = new Map<string, Rule>()
  const known = new Map<string, Balancer>()
  const listeners: ((group: TargetGroup) => void)[] = []

  const createGroup = (options: BalancerOptions): TargetGroup => {
    const arn = targetGroupArn(options)
    if (groups.has(arn)) throw new Error(`A target group named "${options.name}" already exists.`)
    const group = targetGroup(clock, { ...options, arn })
    groups.set(arn, group)
    rules.set(arn, weightedRule(ruleArn(arn), group))
    for (const listen of listeners) listen(group)
    return group
  }
  const create = async (options: BalancerOptions): Promise<Balancer> => {
    const group = createGroup(options)
    const rule = rules.get(group.arn) ?? weightedRule(ruleArn(group.arn), group)
    const listener = await startListener(rule, options.port)
    const close = async () => {
      known.delete(group.arn)
      groups.delete(group.arn)
      rules.delete(group.arn)
      group.close()
      await listener.close()
    }
    const balancer: Balancer = { ...describe(group, listener), close }
    known.set(group.arn, balancer)
    return balancer
  }

  return {
    create,
    createGroup,
    group: (arn) => groups.get(arn),
    ruleOf: (arn) => rules.get(arn),
    rule: (arn) => [...rules.values()].find((rule) => rule.arn === arn),
    list: () => [...known.values()],
    groups: () => [...groups.values()],
    onGroup: (listen) => {
      listeners.push(listen)
      for (const group of groups.values()) listen(group)
    },
    close: async () => {
      await Promise.all([...known.values()].map((balancer) => balancer.close()))
      for (const group of groups.values()) group.close()
    },
  }
}

function describe(group: TargetGroup, listener: Listener): Omit<Balancer, 'close'> {
  return {
    name: group.name,
    targetGroupArn: group.arn,
    ruleArn: ruleArn(group.arn),
    url: listener.url,
    traffic: listener.traffic,
    targets: group.targets,
  }
}

/** The ARN of a target group by its name. */
export function targetGroupArn({
  account,
  region,
  name,
}: Pick<BalancerOptions, 'account' | 'region' | 'name'>): string {
  const id = createHash('sha256').update(`${account}/${region}/${name}`).digest('hex').slice(0, 16)
  return `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name}/${id}`
}

function ruleArn(groupArn: string): string {
  const [, , , region, account, path = ''] = groupArn.split(':')
  const [, name, id] = path.split('/')
  return `arn:aws:elasticloadbalancing:${region}:${account}:listener-rule/app/${name}/${id}/${id}/${id}`
}
