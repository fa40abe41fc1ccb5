import type * as Ecs from '@aws-sdk/client-ecs'
import { goesByStages } from './stages.ts'
import type { Revision, RevisionConfig, Service, World } from './state.ts'

/** The revision with most of the production traffic, if the service's deployments go by stages. */
export function productionOf(service: Service): Revision | undefined {
  const weights = [...(service.traffic?.production ?? [])].sort(([, a], [, b]) => b - a)
  return weights[0]?.[0]
}

/** Which target group of each pair a new revision's tasks go to: by stages the one that does not serve, else the one that does. */
export function groupsFor(service: Service, config: RevisionConfig): ReadonlyMap<string, string> {
  const staged = goesByStages(service.settings.deploymentConfiguration)
  const serving = productionOf(service) ?? service.lastCompleted
  return new Map(
    (config.loadBalancers ?? []).map((balancer) => {
      const { targetGroupArn: configured = '' } = balancer
      const alternate = balancer.advancedConfiguration?.alternateTargetGroupArn
      const busy = serving?.targetGroups.get(configured)
      if (!alternate || !busy) return [configured, configured]
      const other = busy === configured ? alternate : configured
      return [configured, staged ? other : busy]
    }),
  )
}

/** Gives a revision its share of the traffic and the rest to another, and moves the listener rules accordingly. */
export function shift(
  world: World,
  service: Service,
  to: {
    readonly target: Revision
    readonly rest: Revision | undefined
    readonly production?: number | undefined
    readonly test?: number | undefined
  },
): void {
  const share = (percent: number) =>
    new Map([
      [to.target, to.rest ? percent : 100],
      ...(to.rest ? [[to.rest, 100 - percent] as const] : []),
    ])
  const { production, test } = service.traffic ?? {}
  service.traffic = {
    production: to.production === undefined ? (production ?? share(0)) : share(to.production),
    test: to.test === undefined ? (test ?? share(0)) : share(to.test),
  }
  point(world, service, 'productionListenerRule', service.traffic.production)
  point(world, service, 'testListenerRule', service.traffic.test)
}

type RuleMember = 'productionListenerRule' | 'testListenerRule'

function point(
  world: World,
  service: Service,
  member: RuleMember,
  weights: ReadonlyMap<Revision, number>,
): void {
  for (const balancer of service.config.loadBalancers ?? []) {
    const rule = world.balancers.rule(balancer.advancedConfiguration?.[member] ?? '')
    rule?.forward(
      [...weights].flatMap(([revision, weight]) => {
        const arn = revision.targetGroups.get(balancer.targetGroupArn ?? '')
        const group = world.balancers.group(arn ?? '')
        return group ? [{ group, weight }] : []
      }),
    )
  }
}

/** True when test traffic has a listener of its own. */
export function hasTestListener(
  config: Pick<Ecs.CreateServiceCommandInput, 'loadBalancers'>,
): boolean {
  return (config.loadBalancers ?? []).some((one) => one.advancedConfiguration?.testListenerRule)
}
