import {
  type DeploymentConfiguration,
  DescribeServicesCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { call } from '#aws'
import { CallError, messageOf, type Run, type Written } from '#core'
import type { EcsClients } from '../client.ts'
import { answerOf, lost, wireOf } from './wire.ts'

/** Which of ECS's own rollbacks a service has: each would put the bad version back if ours failed. */
export interface OwnRollbacks {
  readonly breaker: boolean
  readonly alarms: boolean
}

/** A service's deployment configuration with its own rollbacks switched off. */
export interface Protection {
  readonly configuration: DeploymentConfiguration
  /** What was on before. */
  readonly were: OwnRollbacks
}

interface Where {
  readonly cluster: string
  readonly service: string
}

const rollbacksOf = (given: DeploymentConfiguration): OwnRollbacks => ({
  breaker: given.deploymentCircuitBreaker?.rollback === true,
  alarms: given.alarms?.rollback === true,
})

/** Switches the rollbacks of a deployment configuration; what it has beside them stays, what it lacks is not added. */
export function switched(
  given: DeploymentConfiguration,
  to: OwnRollbacks,
): DeploymentConfiguration {
  const { deploymentCircuitBreaker: breaker, alarms } = given
  return {
    ...given,
    ...(breaker && { deploymentCircuitBreaker: { ...breaker, rollback: to.breaker } }),
    ...(alarms && { alarms: { ...alarms, rollback: to.alarms } }),
  }
}

/**
 * The whole deployment configuration of a service, as UpdateService takes it: whether a part of one would be merged or
 * replace the rest is not documented. Throws nothing when the SDK would drop a member of it, but names it.
 */
async function configurationOf(
  clients: EcsClients,
  { cluster, service }: Where,
): Promise<{ readonly configuration: DeploymentConfiguration; readonly lost: readonly string[] }> {
  const command = new DescribeServicesCommand({ cluster, services: [service] })
  const { answer, raw } = await answerOf(clients.ecs, command, service)
  const configuration = answer.services?.[0]?.deploymentConfiguration ?? {}
  const [wanted] = (raw as { services?: { deploymentConfiguration?: unknown }[] }).services ?? []
  const update = new UpdateServiceCommand({
    cluster,
    service,
    deploymentConfiguration: configuration,
  })
  const sent = (await wireOf(clients.ecs, update, service)) as { deploymentConfiguration?: unknown }
  return {
    configuration,
    lost: lost(wanted?.deploymentConfiguration, sent.deploymentConfiguration),
  }
}

/** What protects a rollback of a service from being undone by ECS; undefined where nothing would undo it. */
export async function protectionOf(
  clients: EcsClients,
  where: Where,
): Promise<Protection | { readonly refused: string } | undefined> {
  const { configuration, lost: members } = await configurationOf(clients, where)
  const were = rollbacksOf(configuration)
  if (!were.breaker && !were.alarms) return undefined
  if (members.length > 0) {
    return {
      refused: `protect-rollback would lose ${members.join(', ')} of its deployment configuration, which this version does not know: leave protect-rollback out`,
    }
  }
  return { configuration: switched(configuration, { breaker: false, alarms: false }), were }
}

/** What this record switched off in a service; undefined when it never did. */
function switchedOff(entries: readonly Written[], service: string): OwnRollbacks | undefined {
  return entries.flatMap(({ component, on, detail }) => {
    if (component !== 'ecs' || on !== service) return []
    if (typeof detail !== 'object' || detail === null || !('protects' in detail)) return []
    return [detail.protects as unknown as OwnRollbacks]
  })[0]
}

/**
 * Puts back what the record switched off, where it is still off: at the end of a watch, and in a repeated run what a killed
 * one left. Answers why it could not; undefined when all is as it was.
 */
export async function unprotect(
  run: Run,
  clients: EcsClients,
  where: Where,
): Promise<string | undefined> {
  const were = switchedOff(run.journal.entries(), where.service)
  if (!were) return undefined
  try {
    const { configuration, lost: members } = await configurationOf(clients, where)
    const now = rollbacksOf(configuration)
    const to = { breaker: were.breaker || now.breaker, alarms: were.alarms || now.alarms }
    if (to.breaker === now.breaker && to.alarms === now.alarms) return undefined
    if (members.length > 0) return `this version does not know its ${members.join(', ')}`
    const operation = 'restore-deployment-configuration'
    await run.journal.intend([
      { component: 'ecs', operation, on: where.service, detail: { ...to } },
    ])
    const deploymentConfiguration = switched(configuration, to)
    await call(
      clients.ecs,
      new UpdateServiceCommand({ ...where, deploymentConfiguration }),
      where.service,
    )
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return `${messageOf(thrown)}; ${thrown.next}`
  }
}
