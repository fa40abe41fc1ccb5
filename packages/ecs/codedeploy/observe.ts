import {
  BatchGetDeploymentGroupsCommand,
  BatchGetDeploymentsCommand,
  type CodeDeployClient,
  type DeploymentGroupInfo,
  type DeploymentInfo,
  GetDeploymentTargetCommand,
  ListApplicationsCommand,
  ListDeploymentGroupsCommand,
  ListDeploymentsCommand,
} from '@aws-sdk/client-codedeploy'
import { call, codeOf, shortName } from '#aws'
import { CallError } from '#core'
import { batches, inParallel } from '../parallel.ts'
import type { LiveService } from '../state.ts'
import type { CodeDeployment, DeploymentGroup, Found } from './state.ts'

interface Clients {
  readonly codeDeploy: CodeDeployClient
}

/** The deployments of each page of a list that are looked at: the newest, and so the only ones that matter. */
const looked = 25

/**
 * Who deploys the services, found without being told: by the deployment groups of all applications. None or two are a
 * reason, and so is a read that is not allowed.
 */
export async function observeSeen(
  clients: Clients,
  given: { readonly cluster: string; readonly services: readonly LiveService[] },
): Promise<ReadonlyMap<string, Found>> {
  const { cluster, services } = given
  if (services.length === 0) return new Map()
  try {
    const groups = await groupsOf(clients, cluster)
    return new Map(
      await inParallel(services, async ({ name, taskSets = [] }) => {
        const own = groups.filter(({ service }) => service === name)
        const made = taskSets.flatMap(({ deployment }) => deployment ?? [])
        return [name, await foundOf(clients, own, { cluster, name, made })] as const
      }),
    )
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    const why = `CodeDeploy deploys it, and cannot be asked: ${thrown.message}; ${thrown.next}`
    return new Map(services.map(({ name }) => [name, { why }]))
  }
}

async function foundOf(
  clients: Clients,
  groups: readonly DeploymentGroup[],
  of: { readonly cluster: string; readonly name: string; readonly made: readonly string[] },
): Promise<Found> {
  const [group, ...more] = groups
  if (!group) {
    return {
      why: `CodeDeploy deploys it, and no deployment group of this account and region names ${of.cluster}/${of.name}: make one (aws deploy create-deployment-group), or roll back where it is deployed from`,
    }
  }
  if (more.length > 0) {
    const names = groups.map((one) => `${one.application}/${one.name}`).join(', ')
    return {
      why: `several CodeDeploy deployment groups name it (${names}), and nothing says which one deploys it: take it out of all but one`,
    }
  }
  return { group, deployments: await deploymentsOf(clients, group, of.made) }
}

async function groupsOf(clients: Clients, cluster: string): Promise<readonly DeploymentGroup[]> {
  const { codeDeploy } = clients
  const applications = await pages(async (nextToken) => {
    const command = new ListApplicationsCommand({ ...nextToken })
    const answer = await call(codeDeploy, command, 'the applications')
    return { items: answer.applications, nextToken: answer.nextToken }
  })
  const found = await inParallel(applications, async (applicationName) => {
    const names = await pages(async (nextToken) => {
      const command = new ListDeploymentGroupsCommand({ applicationName, ...nextToken })
      const answer = await call(codeDeploy, command, applicationName)
      return { items: answer.deploymentGroups, nextToken: answer.nextToken }
    })
    const answers = await inParallel(batches(names, 100), (deploymentGroupNames) => {
      const input = { applicationName, deploymentGroupNames: [...deploymentGroupNames] }
      return call(codeDeploy, new BatchGetDeploymentGroupsCommand(input), applicationName)
    })
    return answers.flatMap(({ deploymentGroupsInfo }) => deploymentGroupsInfo ?? [])
  })
  return found.flat().flatMap((group) => toGroups(group, cluster))
}

async function pages(
  read: (nextToken: { readonly nextToken?: string }) => Promise<{
    readonly items: readonly string[] | undefined
    readonly nextToken: string | undefined
  }>,
): Promise<readonly string[]> {
  const found: string[] = []
  let next: string | undefined
  do {
    const page = await read(next === undefined ? {} : { nextToken: next })
    found.push(...(page.items ?? []))
    next = page.nextToken
  } while (next !== undefined)
  return found
}

function toGroups(group: DeploymentGroupInfo, cluster: string): readonly DeploymentGroup[] {
  const { lastAttemptedDeployment: attempted, lastSuccessfulDeployment: good } = group
  return (group.ecsServices ?? [])
    .filter(({ clusterName }) => shortName(clusterName ?? 'default') === cluster)
    .map(({ serviceName = '' }) => ({
      application: group.applicationName ?? '',
      name: group.deploymentGroupName ?? '',
      service: shortName(serviceName),
      last: [attempted?.deploymentId ?? [], good?.deploymentId ?? []].flat(),
      ...(good?.deploymentId === undefined ? {} : { lastGood: good.deploymentId }),
    }))
}

/** The newest deployments of a group, newest first, and those that are known by name. */
export async function deploymentsOf(
  clients: Clients,
  group: DeploymentGroup,
  known: readonly string[] = [],
): Promise<readonly CodeDeployment[]> {
  const listed = await call(
    clients.codeDeploy,
    new ListDeploymentsCommand({
      applicationName: group.application,
      deploymentGroupName: group.name,
    }),
    group.name,
  )
  const ids = new Set([...(listed.deployments ?? []).slice(0, looked), ...group.last, ...known])
  const found = await observeDeployments(clients, [...ids])
  return [...found].sort((a, b) => b.createdAt - a.createdAt)
}

/** Deployments by id, 25 a call (the limit of BatchGetDeployments). */
export async function observeDeployments(
  clients: Clients,
  ids: readonly string[],
): Promise<readonly CodeDeployment[]> {
  const answers = await inParallel(batches(ids, looked), (deploymentIds) =>
    call(
      clients.codeDeploy,
      new BatchGetDeploymentsCommand({ deploymentIds: [...deploymentIds] }),
      deploymentIds.join(', '),
    ),
  )
  return answers.flatMap(({ deploymentsInfo }) => (deploymentsInfo ?? []).map(toDeployment))
}

function toDeployment(info: DeploymentInfo): CodeDeployment {
  const { rollbackInfo, errorInformation: error } = info
  const appSpec = info.revision?.appSpecContent?.content ?? info.revision?.string?.content
  return {
    id: info.deploymentId ?? '',
    status: info.status ?? 'Unknown',
    creator: info.creator ?? '',
    description: info.description ?? '',
    createdAt: info.createTime?.getTime() ?? 0,
    why: [error?.code, error?.message].filter(Boolean).join(': '),
    ...(appSpec === undefined ? {} : { appSpec }),
    ...(rollbackInfo?.rollbackDeploymentId ? { undoneBy: rollbackInfo.rollbackDeploymentId } : {}),
    ...(rollbackInfo?.rollbackTriggeringDeploymentId
      ? { undoes: rollbackInfo.rollbackTriggeringDeploymentId }
      : {}),
  }
}

/** Where a deployment stands: the share of the traffic by task set id, and its steps. */
export interface Shift {
  readonly weights: ReadonlyMap<string, number>
  readonly steps: readonly { readonly name: string; readonly status: string }[]
}

/** Looks at the one target of a deployment; nothing to see before it has begun. */
export async function observeShift(
  clients: Clients,
  of: { readonly deployment: string; readonly cluster: string; readonly service: string },
): Promise<Shift> {
  const { deployment: deploymentId, cluster, service } = of
  const targetId = `${cluster}:${service}`
  try {
    const command = new GetDeploymentTargetCommand({ deploymentId, targetId })
    const { deploymentTarget } = await call(clients.codeDeploy, command, deploymentId)
    const { taskSetsInfo = [], lifecycleEvents = [] } = deploymentTarget?.ecsTarget ?? {}
    return {
      weights: new Map(
        taskSetsInfo.flatMap(({ identifer, trafficWeight }) =>
          identifer === undefined || trafficWeight === undefined
            ? []
            : [[identifer, trafficWeight] as const],
        ),
      ),
      steps: lifecycleEvents.map(({ lifecycleEventName = '', status = '' }) => ({
        name: lifecycleEventName,
        status,
      })),
    }
  } catch (thrown) {
    const early = ['DeploymentTargetDoesNotExistException', 'DeploymentNotStartedException']
    if (early.includes(codeOf(thrown))) return { weights: new Map(), steps: [] }
    throw thrown
  }
}
