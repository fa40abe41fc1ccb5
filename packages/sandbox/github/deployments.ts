import {
  type Answer,
  actorOf,
  type Call,
  created,
  found,
  nothing,
  numberIn,
  ok,
  textIn,
} from './call.ts'
import { contains, merge } from './history.ts'
import { apiOf, userView } from './people.ts'
import { GitHubProblem, invalid, unprocessable } from './problems.ts'
import {
  type Deployment,
  type DeploymentState,
  type DeploymentStatus,
  ensureEnvironment,
  environmentOf,
  nodeId,
  type Repository,
  resolveRef,
  type World,
} from './world.ts'

function deploymentView(world: World, repository: Repository, one: Deployment) {
  const url = `${apiOf(world, repository)}/deployments/${one.id}`
  return {
    url,
    id: one.id,
    node_id: nodeId('DE', one.id),
    sha: one.sha,
    ref: one.ref,
    task: one.task,
    payload: one.payload,
    original_environment: one.originalEnvironment,
    environment: one.environment,
    description: one.description,
    creator: userView(world, one.author),
    created_at: one.created,
    updated_at: one.updated,
    statuses_url: `${url}/statuses`,
    repository_url: apiOf(world, repository),
    transient_environment: one.transient,
    production_environment: one.production,
    performed_via_github_app: null,
  }
}

function statusView(call: Call, deployment: Deployment, one: DeploymentStatus) {
  const url = `${apiOf(call.world, call.repository)}/deployments/${deployment.id}`
  return {
    url: `${url}/statuses/${one.id}`,
    id: one.id,
    node_id: nodeId('DES', one.id),
    state: one.state,
    creator: userView(call.world, one.author),
    description: one.description,
    environment: one.environment,
    target_url: one.logUrl,
    log_url: one.logUrl,
    environment_url: one.environmentUrl,
    created_at: one.created,
    updated_at: one.created,
    deployment_url: url,
    repository_url: apiOf(call.world, call.repository),
    performed_via_github_app: null,
  }
}

/** What a deployment is made from. */
export interface NewDeployment {
  readonly ref: string
  readonly sha: string
  readonly environment: string
  readonly author: string
  readonly task?: string
  readonly payload?: unknown
  readonly description?: string | null
  readonly transient?: boolean
  readonly production?: boolean
}

/** Adds a deployment; its environment comes into being with it. */
export function addDeployment(
  world: World,
  repository: Repository,
  wanted: NewDeployment,
): Deployment {
  const deployment: Deployment = {
    id: world.id(),
    sha: wanted.sha,
    ref: wanted.ref,
    task: wanted.task ?? 'deploy',
    payload: wanted.payload ?? {},
    originalEnvironment: wanted.environment,
    environment: wanted.environment,
    description: wanted.description ?? null,
    author: wanted.author,
    created: world.now(),
    updated: world.now(),
    transient: wanted.transient ?? false,
    // "Default: true when environment is production and false otherwise."
    production: wanted.production ?? wanted.environment === 'production',
    statuses: [],
  }
  ensureEnvironment(world, repository, wanted.environment)
  repository.deployments.unshift(deployment)
  return deployment
}

/** What a status is made from. */
export interface NewStatus {
  readonly state: DeploymentState
  readonly author: string
  readonly description?: string
  readonly environment?: string
  readonly environmentUrl?: string
  readonly logUrl?: string
}

/** The state that a deployment is in: that of its newest status. */
export const stateOf = ({ statuses }: Deployment): DeploymentState | undefined => statuses[0]?.state

/** Adds a status, which may move the deployment to another environment. */
export function addStatus(
  world: World,
  deployment: Deployment,
  wanted: NewStatus,
): DeploymentStatus {
  const status: DeploymentStatus = {
    id: world.id(),
    state: wanted.state,
    description: wanted.description ?? '',
    environment: wanted.environment ?? deployment.environment,
    environmentUrl: wanted.environmentUrl ?? '',
    logUrl: wanted.logUrl ?? '',
    author: wanted.author,
    created: world.now(),
  }
  deployment.environment = status.environment
  deployment.updated = status.created
  deployment.statuses.unshift(status)
  return status
}

/**
 * `auto_inactive`: "adds a new inactive status to all prior non-transient, non-production environment deployments with
 * the same repository and environment name", and only to those that are in success.
 */
export function inactivateOthers(world: World, repository: Repository, current: Deployment): void {
  for (const other of repository.deployments) {
    const prior = other.id < current.id && other.environment === current.environment
    if (!prior || other.transient || other.production || stateOf(other) !== 'success') continue
    addStatus(world, other, { state: 'inactive', author: current.author })
  }
}

/** Throws 409 when a commit has a status that is not good. Without a list every context of the commit counts. */
function requireContexts({ repository, body }: Call, ref: string, sha: string): void {
  const newest = new Map<string, string>()
  for (const status of repository.statuses.filter((one) => one.sha === sha).reverse())
    newest.set(status.context, status.state)
  const required: readonly string[] = body.required_contexts ?? [...newest.keys()]
  const contexts = required.map((context) => ({ context, state: newest.get(context) ?? 'pending' }))
  if (contexts.every(({ state }) => state === 'success')) return
  throw new GitHubProblem(409, `Conflict: Commit status checks failed for ${ref}.`, {
    errors: [{ contexts, resource: 'Deployment', field: 'required_contexts', code: 'invalid' }],
  })
}

/** `auto_merge`: a branch behind the default branch gets that merged, and nothing is deployed. */
function autoMerge({ world, repository }: Call, ref: string): Answer | undefined {
  const branch = `refs/heads/${ref}`
  const [own, main] = [branch, `refs/heads/${repository.defaultBranch}`].map((name) =>
    repository.refs.get(name),
  )
  if (own === undefined || main === undefined || contains(repository, own, main)) return undefined
  merge(world, repository, { into: ref, from: main })
  const message = `Auto-merged ${repository.defaultBranch} into ${ref} on deployment.`
  return { status: 202, body: { message } }
}

function createDeployment(call: Call): Answer {
  const { world, repository, body } = call
  const commit = resolveRef(repository, body.ref)
  if (!commit) throw unprocessable(`No ref found for: ${body.ref}`)
  const merged = body.auto_merge === false ? undefined : autoMerge(call, body.ref)
  if (merged) return merged
  requireContexts(call, body.ref, commit.sha)
  const deployment = addDeployment(world, repository, {
    ref: body.ref,
    sha: commit.sha,
    environment: body.environment ?? 'production',
    author: actorOf(call),
    task: body.task ?? 'deploy',
    payload: body.payload ?? {},
    description: body.description ?? null,
    transient: body.transient_environment ?? false,
    ...(body.production_environment !== undefined && { production: body.production_environment }),
  })
  return created(deploymentView(world, repository, deployment))
}

function listDeployments(call: Call): Answer {
  const { world, repository } = call
  const asked = (name: string) => {
    const text = textIn(call, name)
    return text === undefined || text === 'none' ? undefined : text
  }
  const [sha, ref, task, environment] = ['sha', 'ref', 'task', 'environment'].map(asked)
  const list = repository.deployments.filter(
    (one) =>
      (sha === undefined || one.sha === sha) &&
      (ref === undefined || one.ref === ref) &&
      (task === undefined || one.task === task) &&
      (environment === undefined || one.environment === environment),
  )
  return { list: list.map((one) => deploymentView(world, repository, one)) }
}

function deploymentIn(call: Call): Deployment {
  const id = numberIn(call, 'deployment_id')
  return found(call.repository.deployments.find((one) => one.id === id))
}

function deleteDeployment(call: Call): Answer {
  const { repository } = call
  const deployment = deploymentIn(call)
  const beside = repository.deployments.filter((one) => one.environment === deployment.environment)
  if (stateOf(deployment) === 'success' && beside.length > 1)
    throw new GitHubProblem(422, 'Validation Failed', {
      errors: [
        'We cannot delete an active deployment unless it is the only deployment in a given environment.',
      ],
    })
  repository.deployments.splice(repository.deployments.indexOf(deployment), 1)
  return nothing
}

const custom = (field: string, message: string) =>
  invalid({ resource: 'DeploymentStatus', code: 'custom', field, message: `${field} ${message}` })

function checkStatus({ body }: Call): void {
  if ((body.description ?? '').length > 140)
    throw custom('description', 'is too long (maximum is 140 characters)')
  for (const field of ['environment_url', 'log_url', 'target_url']) {
    const url = body[field] ?? ''
    if (url !== '' && !/^https?:\/\//.test(url)) throw custom(field, 'must use http(s) scheme')
  }
}

function createStatus(call: Call): Answer {
  const { world, repository, body } = call
  const deployment = deploymentIn(call)
  checkStatus(call)
  const status = addStatus(world, deployment, {
    state: body.state,
    author: actorOf(call),
    description: body.description ?? '',
    environmentUrl: body.environment_url ?? '',
    logUrl: body.log_url ?? body.target_url ?? '',
    ...(body.environment !== undefined && { environment: body.environment }),
  })
  if (!environmentOf(repository, status.environment))
    ensureEnvironment(world, repository, status.environment)
  if (body.state === 'success' && body.auto_inactive !== false)
    inactivateOthers(world, repository, deployment)
  return created(statusView(call, deployment, status))
}

function getStatus(call: Call): Answer {
  const deployment = deploymentIn(call)
  const id = numberIn(call, 'status_id')
  const status = found(deployment.statuses.find((one) => one.id === id))
  return ok(statusView(call, deployment, status))
}

function listStatuses(call: Call): Answer {
  const deployment = deploymentIn(call)
  return { list: deployment.statuses.map((one) => statusView(call, deployment, one)) }
}

/** Deployments and their statuses. */
export const deploymentOperations = {
  'repos/list-deployments': listDeployments,
  'repos/create-deployment': createDeployment,
  'repos/get-deployment': (call: Call) =>
    ok(deploymentView(call.world, call.repository, deploymentIn(call))),
  'repos/delete-deployment': deleteDeployment,
  'repos/list-deployment-statuses': listStatuses,
  'repos/create-deployment-status': createStatus,
  'repos/get-deployment-status': getStatus,
}

/** How a deployment looks in an answer of another operation. */
export const deploymentSeen = deploymentView
