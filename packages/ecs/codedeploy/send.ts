import { createHash } from 'node:crypto'
import {
  CreateDeploymentCommand,
  type CreateDeploymentCommandInput,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy'
import { call, codeOf, isPassing } from '#aws'
import { type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { notSent } from '../rollback/send.ts'
import { deploymentsOf } from './observe.ts'
import { type CodeDeployment, type DeploymentGroup, isActive } from './state.ts'

/** What became of a call to CodeDeploy. */
export type Sent =
  | { readonly is: 'sent'; readonly deployment: string }
  | { readonly is: 'not-sent'; readonly why: string; readonly next: string }
  /** Somebody else's deployment is under way: a group has one at a time. */
  | { readonly is: 'taken'; readonly by: string }

/** A new deployment of a group. */
export interface Create {
  readonly group: DeploymentGroup
  readonly appSpec: string
  /** Names it as ours, so that it is found again when its answer is lost. */
  readonly description: string
}

/** Deployments shift all traffic at once: the replacement stands in full before, and what is left serves bad code. */
const atOnce = 'CodeDeployDefault.ECSAllAtOnce'

/**
 * Creates a deployment that nothing undoes by itself: CodeDeploy would go back to its "last known good", which is the bad
 * release, and an alarm that the bad release raised would stop the way back [AWS: CreateDeployment].
 */
export function creation({ group, appSpec, description }: Create): CreateDeploymentCommandInput {
  return {
    applicationName: group.application,
    deploymentGroupName: group.name,
    deploymentConfigName: atOnce,
    revision: {
      revisionType: 'AppSpecContent',
      appSpecContent: {
        content: appSpec,
        sha256: createHash('sha256').update(appSpec).digest('hex'),
      },
    },
    description,
    autoRollbackConfiguration: { enabled: false },
    overrideAlarmConfiguration: { enabled: false },
  }
}

/**
 * Sends CreateDeployment. A repeated one is refused while the first is under way, so a lost answer leads to a look and
 * never to a second deployment.
 */
export async function create(run: Run, clients: EcsClients, given: Create): Promise<Sent> {
  const { group, description } = given
  try {
    const command = new CreateDeploymentCommand(creation(given))
    const { deploymentId } = await call(clients.codeDeploy, command, group.name)
    if (deploymentId !== undefined) return { is: 'sent', deployment: deploymentId }
    return { is: 'not-sent', why: 'CodeDeploy named no deployment', next: 'run again' }
  } catch (thrown) {
    const taken = codeOf(thrown) === 'DeploymentLimitExceededException'
    if (!taken && !isPassing(thrown)) return notSent(thrown)
    const found = await lookFor(run, clients, { group, description })
    if (found?.description === description) return { is: 'sent', deployment: found.id }
    return found && taken ? { is: 'taken', by: found.id } : notSent(thrown)
  }
}

/** Ours by its description, else the one that is under way. */
async function lookFor(
  run: Run,
  clients: EcsClients,
  of: { readonly group: DeploymentGroup; readonly description: string },
): Promise<CodeDeployment | undefined> {
  let active: CodeDeployment | undefined
  const look = async () => {
    const all = await deploymentsOf(clients, of.group)
    active = all.find(isActive)
    const ours = all.find(({ description }) => description === of.description)
    return ours
      ? ({ is: 'found', value: ours } as const)
      : ({ is: 'waiting', seen: `no deployment "${of.description}"` } as const)
  }
  const waited = await until(run, {
    what: `${of.group.name}: looking whether CodeDeploy has our deployment`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
    within: 3 * run.pollInterval,
  })
  return waited.is === 'found' ? waited.value : active
}

/**
 * Stops a deployment, going back or not. One that has ended meanwhile is no failure: what comes next is decided by how it
 * ended.
 */
export async function stop(
  clients: EcsClients,
  order: { readonly deployment: string; readonly back: boolean },
): Promise<Sent> {
  const { deployment, back } = order
  const input = { deploymentId: deployment, autoRollbackEnabled: back }
  try {
    await call(clients.codeDeploy, new StopDeploymentCommand(input), deployment)
  } catch (thrown) {
    if (codeOf(thrown) !== 'DeploymentAlreadyCompletedException') return notSent(thrown)
  }
  return { is: 'sent', deployment }
}
