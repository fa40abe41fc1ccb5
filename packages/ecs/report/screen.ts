import { type Section, span } from '#core'
import type { Rollout, ServiceEvent } from '../state.ts'
import { classText } from '../watch/classes.ts'
import { withoutArns } from '../watch/failures.ts'
import { healthReasons, verdictText } from '../watch/signs.ts'
import { fingerprintText, servingText } from './serving.ts'
import type { Row } from './table.ts'

/** What an on-call engineer has to know of services that did not end well, each on one screen, the worst news first. */
export const screens = (bad: readonly Row[], cluster: string): readonly Section[] =>
  bad.flatMap((row) => [screen(row, cluster), ...links(row)])

/** `web (E, health checks fail): its tasks fail`. */
export const verdictIn = (row: Row) =>
  `${row.name}${row.class ? ` (${classText(row.class)})` : ''}: ${row.why}`

function screen(row: Row, cluster: string): Section {
  const { evidence, chosen, causes, noise = 0, service } = row
  const where = evidence ? `${cluster} (${evidence.region})` : cluster
  const events = row.events ?? service?.events ?? []
  return {
    title: `${row.name} in ${where}: ${row.outcome}`,
    columns: ['what', 'seen'],
    rows: [
      ['verdict', verdictOf(row, where)],
      ['from → to', [row.change, ...destinationOf(row)].join('; ')],
      ...(chosen ? [['why there', [chosen.grade, chosen.why].filter(Boolean).join(': ')]] : []),
      ['serving now', servingNow(row)],
      ...causes.map((cause) => ['cause', cause]),
      ...healthReasons(events).map((reason) => ['cause', `load balancer: ${reason}`]),
      ...(evidence?.says ?? []).map((said) => ['cause', said]),
      ...(evidence?.who ? [['who', evidence.who]] : []),
      ...(noise > 0 ? [['tolerated', `${noise} × ended by the platform`]] : []),
      ...relevant(events).map((event) => ['event', withoutArns(event.message)]),
      ...(evidence?.deployment ? [['ECS says', verdictText(evidence.deployment)]] : []),
      ...(service?.rollouts ?? []).map((rollout) => ['deployment', rolloutText(rollout)]),
    ],
  }
}

function verdictOf(row: Row, where: string): string {
  const after = row.took > 0 ? `, after ${span(row.took)}` : ''
  const is = row.class ? `${classText(row.class)}; ` : ''
  return `${is}${row.name} in ${where}${after}: ${row.why}`
}

/** The digests that were to run. */
function destinationOf({ expected }: Row): readonly string[] {
  if (expected.length === 0) return []
  return [`wanted ${fingerprintText(expected)}`]
}

function servingNow({ service, tasks, evidence }: Row): string {
  if (!service) return 'it is not known'
  const counts = `ECS counts ${service.running} of ${service.desired}`
  if (!tasks) return `${counts} tasks, ${service.taskDefinition}`
  const traffic = Object.entries(evidence?.deployment?.traffic ?? {})
    .filter(([, weight]) => weight > 0)
    .map(([arn, weight]) => `${weight} percent of the traffic on revision ${arn.split('/').at(-1)}`)
  return [servingText(service, tasks), ...traffic, counts].join('; ')
}

const telling =
  /unhealthy|unable|fail|rolling back|deployment|steady|protection|throttl|capacity|quota|limit/i

/** The last five events that say more than that tasks come and go; the last ones where none does. */
function relevant(events: readonly ServiceEvent[]): readonly ServiceEvent[] {
  const found = events.filter(({ message }) => telling.test(message))
  return (found.length > 0 ? found : events).slice(0, 5)
}

function rolloutText(rollout: Rollout): string {
  const why = rollout.state === 'FAILED' && rollout.why ? `: ${rollout.why}` : ''
  const failed = rollout.failedTasks > 0 ? `, ${rollout.failedTasks} failed tasks` : ''
  return `${rollout.taskDefinition} ${rollout.state}${failed}${why} (${rollout.id})`
}

function links({ name, evidence }: Row): readonly Section[] {
  if (!evidence || evidence.links.length === 0) return []
  return [{ title: `Look at ${name}`, links: evidence.links }]
}
