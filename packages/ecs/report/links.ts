import type { LiveTask, LogPlace, TaskDefinition } from '../state.ts'
import { failureOf, isInjected } from '../watch/failures.ts'

/** A page of the AWS console. */
export interface Link {
  readonly text: string
  readonly url: string
}

/** The console of a region: each partition has its own host. */
function consoleOf(region: string): string {
  if (region.startsWith('cn-')) return `https://${region}.console.amazonaws.cn`
  if (region.startsWith('us-gov-')) return `https://${region}.console.amazonaws-us-gov.com`
  return `https://${region}.console.aws.amazon.com`
}

const part = encodeURIComponent

/** The page of a service. */
export function serviceLink(of: {
  readonly region: string
  readonly cluster: string
  readonly service: string
}): Link {
  const { region, cluster, service } = of
  const path = `/ecs/v2/clusters/${part(cluster)}/services/${part(service)}/deployments`
  return {
    text: `service ${service}`,
    url: `${consoleOf(region)}${path}?region=${part(region)}`,
  }
}

/** CloudWatch's console reads the part behind the hash encoded twice, with a dollar sign for the percent sign. */
const twice = (text: string) => part(part(text)).replaceAll('%', '$')

/** The page of one log stream. */
export const streamLink = (
  container: string,
  { group, region }: LogPlace,
  stream: string,
): Link => ({
  text: `log of container ${container}: ${group} ${stream}`,
  url: `${consoleOf(region)}/cloudwatch/home?region=${part(region)}#logsV2:log-groups/log-group/${twice(group)}/log-events/${twice(stream)}`,
})

/** The logs of the containers that ended badly, of the task that failed last: `prefix/container/task id` [AWS: awslogs]. */
export function logLinks(tasks: readonly LiveTask[], target: TaskDefinition): readonly Link[] {
  const failed = tasks
    .filter((task) => task.taskDefinition === target.name && isFault(task))
    .sort((a, b) => (b.stoppedAt ?? b.createdAt) - (a.stoppedAt ?? a.createdAt))
  const [last] = failed
  if (!last) return []
  const own = last.containers.filter(({ name }) => !isInjected(name))
  const bad = own.filter(({ exitCode = 0, reason }) => exitCode !== 0 || reason !== undefined)
  return (bad.length > 0 ? bad : own).flatMap(({ name }) => {
    const place = target.containers.find((one) => one.name === name)?.log
    // Without a prefix the stream has the container's id for a name, which ECS does not tell.
    if (!place || place.prefix === '') return []
    return [streamLink(name, place, `${place.prefix}/${name}/${last.id}`)]
  })
}

/** A task that could not start has written nothing. */
function isFault(task: LiveTask): boolean {
  const is = failureOf(task)?.class
  return is === 'crash' || is === 'health'
}
