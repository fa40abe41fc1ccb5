import { CallError, type Run } from '#core'
import type { Point, Store } from '#store'
import type { EcsClients } from '../client.ts'
import { isCodeDeployed, type LiveService, type TaskDefinition } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import { groupName, judgeBalancer, observeTargetGroups, type SeenGroup } from './balancing.ts'
import type { Finding } from './finding.ts'
import { inspectNeeds, sharedNeeds, unseenFindings } from './look.ts'
import { needsOf } from './needs.ts'
import { inspectSchema } from './schema.ts'

export type { Finding } from './finding.ts'

/** A service and where it is to go. */
export interface Aimed {
  readonly service: LiveService
  readonly target: {
    readonly definition: TaskDefinition
    /** The digests that it ran with, by container name. */
    readonly recorded: readonly ExpectedContainer[] | undefined
    readonly point?: Point
  }
}

/** What a look found. */
export interface Inspected {
  readonly findings: readonly Finding[]
  /** Images that were not looked for: registries other than ECR's. */
  readonly elsewhere: readonly string[]
}

/**
 * Looks whether what the targets need is there, over all services at once, and whether their code can live with the schema;
 * read-only. Values of secrets, parameters and files are never read.
 */
export async function inspectTargets(
  run: Run,
  clients: EcsClients,
  given: {
    readonly aimed: readonly Aimed[]
    readonly store: Store | undefined
    readonly record: string | undefined
  },
): Promise<Inspected> {
  const { aimed, store, record } = given
  const targets = aimed.map(({ service, target }) => {
    return { service: service.name, point: target.point }
  })
  const [standing, schema] = await Promise.all([
    inspectStanding(clients, aimed),
    inspectSchema(run, store, { record, targets }),
  ])
  const { findings, elsewhere } = standing
  return { elsewhere, findings: [...findings, ...schema] }
}

/** Looks whether what task definitions stand on is there: what they are made of, started with and behind. */
export async function inspectStanding(
  clients: EcsClients,
  aimed: readonly Aimed[],
): Promise<Inspected & { readonly groups: ReadonlyMap<string, SeenGroup> }> {
  const each = aimed.map(({ service, target: { definition, recorded } }) => {
    return { service: service.name, ...needsOf(definition, recorded) }
  })
  const arns = aimed.flatMap(({ service }) => groupsOf(service))
  const [found, groups] = await Promise.all([
    inspectNeeds(clients, sharedNeeds(each)),
    observeTargetGroups(clients, arns),
  ])
  const unreadable = each.flatMap(({ service, unreadable: some }) =>
    some.map(unreadableOf(service)),
  )
  return {
    findings: [...found, ...unreadable, ...balancerFindings(aimed, groups)],
    elsewhere: [...new Set(each.flatMap(({ elsewhere }) => elsewhere))],
    groups,
  }
}

/** The ARNs of the target groups of a service. */
export const groupsOf = ({ loadBalancers }: LiveService): readonly string[] =>
  loadBalancers.flatMap(({ targetGroup }) => targetGroup ?? [])

const unreadableOf =
  (service: string) =>
  (where: string): Finding => ({
    service,
    is: 'doubt',
    what: 'reference',
    why: `${where} refers to nothing that ECS knows`,
    next: 'look at its valueFrom: the ARN of a secret or parameter, or the name of a parameter',
  })

const isGroup = (name: string, arn: string | undefined) =>
  arn !== undefined && groupName(arn) === name

function balancerFindings(
  aimed: readonly Aimed[],
  groups: ReadonlyMap<string, SeenGroup>,
): readonly Finding[] {
  const judged = aimed.flatMap(({ service, target: { definition, point } }) => {
    const state = point?.components.ecs?.services.find(({ name }) => name === service.name)
    return service.loadBalancers.flatMap((balancer) => {
      const seen = groups.get(balancer.targetGroup ?? '')
      // CodeDeploy goes from one target group of its pair to the other: another one is no change of anybody's.
      const known = state?.targetGroups?.some(({ name }) => isGroup(name, balancer.targetGroup))
      const recorded = isCodeDeployed(service) && !known ? undefined : state?.targetGroups
      const found = judgeBalancer(balancer, { definition, seen, recorded })
      return found ? [{ service: service.name, what: 'load balancer', ...found }] : []
    })
  })
  const unseen = [...groups].flatMap(([arn, seen]) => {
    if (!(seen instanceof CallError)) return []
    const having = aimed.filter(({ service }) => groupsOf(service).includes(arn))
    const services = having.map(({ service }) => service.name)
    return [{ what: 'target group', name: groupName(arn), services, call: seen }]
  })
  return [...judged, ...unseenFindings(unseen)]
}
