import { targetGroupArn } from '../balancer/balancers.ts'
import type { Rule } from '../balancer/rule.ts'
import type { Deployment, Group, Shown, World } from './state.ts'

/** The production listener's rule: with one listener for each target group that a balancer was made with. */
function ruleOf(world: World, group: Group): Rule | undefined {
  const [pair] = group.input.loadBalancerInfo?.targetGroupPairInfoList ?? []
  const [listener = ''] = pair?.prodTrafficRoute?.listenerArns ?? []
  const rule = listener.replace(/:listener\/(.+)\/([^/]+)$/, ':listener-rule/$1/$2/$2')
  return world.ecs.balancers.rule(rule)
}

/** The names of a deployment group's two target groups. */
export const pairOf = ({ input }: Group): readonly string[] =>
  (input.loadBalancerInfo?.targetGroupPairInfoList?.[0]?.targetGroups ?? []).flatMap(
    ({ name }) => name ?? [],
  )

/** The ARN of one of them. */
export const arnOf = (group: Group, name: string) => targetGroupArn({ ...group.place, name })

/** Gives the replacement so much of the requests, and the original the rest. */
export function share(world: World, deployment: Deployment, weight: number): void {
  const { group, original, replacement } = deployment
  if (original) original.weight = 100 - weight
  if (replacement) replacement.weight = weight
  const shown = [original, replacement].filter((one): one is Shown => one !== undefined)
  const to = shown.flatMap(({ targetGroup, weight: part }) => {
    const found = world.ecs.balancers.group(arnOf(group, targetGroup))
    return found ? [{ group: found, weight: part }] : []
  })
  ruleOf(world, group)?.forward(to)
}
