import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type TargetGroup as Group,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { call } from '#aws'
import { CallError, iso } from '#core'
import type { EcsClients } from '../client.ts'
import { observeServiceDeployments, observeTaskDefinition } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { describeImages, type InEcr, inEcr } from '../registry.ts'
import type { LoadBalancer, ServiceDeployment, TaskDefinition } from '../state.ts'
import type { Class } from '../watch/classes.ts'
import type { Ended } from '../watch/progress.ts'
import type { Watched } from '../watch/rollout.ts'
import type { Step } from '../watch/step.ts'
import { type Link, logLinks, serviceLink } from './links.ts'

/** What is looked up once about a service that did not end well. Each read may be forbidden: then its permission is named. */
export interface Inquiry {
  readonly region: string
  /** ECS's own verdict on the deployment that is current now. */
  readonly deployment?: ServiceDeployment | undefined
  /** What the load balancer, the registry or a task definition says of the cause, one clause each. */
  readonly says: readonly string[]
  /** Who registered what serves now, where that is the question. */
  readonly who?: string | undefined
  readonly links: readonly Link[]
  /** What could not be looked up, with what to do. */
  readonly unread: readonly string[]
}

/** One thing that was looked up, or why it was not. */
type Found<Thing> = { readonly found: Thing } | { readonly unread: string }

async function attempt<Thing>(read: () => Promise<Thing>): Promise<Found<Thing>> {
  try {
    return { found: await read() }
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return { unread: `${thrown.action}: ${thrown.next}` }
  }
}

/** Looks up what the screen of a service shows beside what the watch has seen; read-only, each read once. */
export async function inquire(
  { clients, cluster }: Pick<Step, 'clients' | 'cluster'>,
  ended: Ended,
  watched: Watched,
): Promise<Inquiry> {
  const region = await clients.ecs.config.region()
  const { service } = ended
  const arn = watched.takesBack ?? service.serviceDeployment
  const failed = ended.causes.length > 0
  const [verdict, definition, who, ...more] = await Promise.all([
    attempt(async () => arn && (await observeServiceDeployments(clients, [arn]))[0]),
    attempt(async () =>
      failed ? await observeTaskDefinition(clients, watched.target) : undefined,
    ),
    attempt(async () =>
      isOthers(ended) ? await whoMade(clients, service.taskDefinition) : undefined,
    ),
    ...readsFor(clients, ended, watched),
  ])
  const target = 'found' in definition ? definition.found : undefined
  return {
    region,
    deployment: 'found' in verdict && verdict.found ? verdict.found : undefined,
    says: more.flatMap((one) => ('found' in one ? one.found : [])),
    who: 'found' in who ? who.found : undefined,
    links: [serviceLink({ region, cluster, service: service.name }), ...logsOf(ended, target)],
    unread: [
      ...new Set(
        [verdict, definition, who, ...more].flatMap((one) => ('unread' in one ? one.unread : [])),
      ),
    ],
  }
}

/** What a class makes worth asking. */
function readsFor(
  clients: EcsClients,
  ended: Ended,
  watched: Watched,
): readonly Promise<Found<readonly string[]>>[] {
  switch (ended.class as Class | undefined) {
    case 'health':
      return ended.service.loadBalancers.flatMap(({ targetGroup, ...rest }) =>
        targetGroup === undefined
          ? []
          : [attempt(() => healthIn(clients, { targetGroup, ...rest }))],
      )
    case 'image':
      return [attempt(() => imagesOf(clients, watched.target))]
    default:
      return []
  }
}

const logsOf = (ended: Ended, target: TaskDefinition | undefined): readonly Link[] =>
  target === undefined ? [] : logLinks(ended.tasks, target)

/** A target group with the container behind it. */
type Balanced = LoadBalancer & { readonly targetGroup: string }

/** Why a target group finds its targets unhealthy, and whether it asks where the container listens. */
async function healthIn(clients: EcsClients, group: Balanced): Promise<readonly string[]> {
  const name = /targetgroup\/([^/]+)\//.exec(group.targetGroup)?.[1] ?? 'the target group'
  const { balancing } = clients
  const { TargetHealthDescriptions: targets = [] } = await call(
    balancing,
    new DescribeTargetHealthCommand({ TargetGroupArn: group.targetGroup }),
    name,
  )
  const reasons = new Map<string, number>()
  for (const { TargetHealth: health } of targets) {
    if (health?.State !== 'unhealthy') continue
    const reason = [health.Reason, health.Description].filter(Boolean).join(': ')
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const [found] = await describeGroup(clients, group.targetGroup, name)
  return [
    ...[...reasons].map(([reason, count]) => `target group ${name}: ${count} × ${reason}`),
    ...(found ? [checkText(name, found, group)] : []),
  ]
}

async function describeGroup(
  { balancing }: EcsClients,
  arn: string,
  name: string,
): Promise<readonly Group[]> {
  const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] })
  const { TargetGroups: groups = [] } = await call(balancing, command, name)
  return groups
}

/** `target group web asks GET /health on port 8081 for 200, container web listens on 8080`. */
function checkText(name: string, found: Group, group: Balanced): string {
  const port = found.HealthCheckPort === 'traffic-port' ? group.port : Number(found.HealthCheckPort)
  const matcher = found.Matcher?.HttpCode ?? found.Matcher?.GrpcCode
  const asks = `target group ${name} asks ${found.HealthCheckPath ?? found.HealthCheckProtocol ?? ''} on port ${port}${matcher ? ` for ${matcher}` : ''}`
  const serves = `container ${group.container} gets its traffic on ${group.port}`
  return port === group.port ? `${asks}; ${serves}` : `${asks}, but ${serves}`
}

/** Whether the registry still has the images of a task definition; only ECR can be asked. */
async function imagesOf(clients: EcsClients, name: string): Promise<readonly string[]> {
  const definition = await observeTaskDefinition(clients, name)
  const found = await inParallel(
    definition?.containers ?? [],
    async ({ name: container, image }) => {
      const named = inEcr(image)
      if (!named) return []
      return imageText(clients, `container ${container}`, named)
    },
  )
  return found.flat()
}

async function imageText(
  clients: EcsClients,
  what: string,
  named: InEcr,
): Promise<readonly string[]> {
  const { repository, tag = 'latest', digest } = named
  const shown = digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`
  const id = digest === undefined ? { imageTag: tag } : { imageDigest: digest }
  try {
    const [found] = await describeImages(clients, named, { ids: [id] })
    const status = found?.imageStatus ?? 'ACTIVE'
    const pulled = found?.lastRecordedPullTime
    return [
      `${what}: ECR has ${shown}, ${status}${pulled ? `, pulled last at ${iso(pulled.getTime())}` : ''}`,
    ]
  } catch (thrown) {
    if (thrown instanceof CallError && /NotFound/.test(thrown.code)) {
      return [`${what}: ECR does not have ${shown} any more: it was deleted`]
    }
    throw thrown
  }
}

/** Whether somebody else's release serves now. */
const isOthers = ({ class: is }: Ended) => is === 'superseded' || is === 'undone'

/** Who registered a task definition: a name, which is nearly always whose deployment it is. */
async function whoMade(clients: EcsClients, name: string): Promise<string | undefined> {
  const definition = await observeTaskDefinition(clients, name)
  return definition?.registeredBy && `${name} was registered by ${definition.registeredBy}`
}
