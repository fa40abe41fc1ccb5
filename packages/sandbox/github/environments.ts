import { type Answer, type Call, found, nothing, ok } from './call.ts'
import { apiOf, pageOf, teamView, userId, userView } from './people.ts'
import { GitHubProblem, unprocessable } from './problems.ts'
import {
  type Environment,
  ensureEnvironment,
  environmentOf,
  nodeId,
  type Repository,
  type Reviewer,
  type World,
} from './world.ts'

/** A reviewer as protection rules and pending deployments show one. */
export function reviewerView(world: World, { type, name }: Reviewer) {
  return { type, reviewer: type === 'User' ? userView(world, name) : teamView(world, name) }
}

/** The rules of an environment, in the three forms that GitHub has. */
function rulesView(world: World, one: Environment) {
  const rule = (n: number, type: string) => {
    const id = one.id * 10 + n
    return { id, node_id: nodeId('GA', id), type }
  }
  return [
    ...(one.waitMinutes > 0 ? [{ ...rule(1, 'wait_timer'), wait_timer: one.waitMinutes }] : []),
    ...(one.reviewers.length > 0
      ? [
          {
            ...rule(2, 'required_reviewers'),
            prevent_self_review: one.preventSelfReview,
            reviewers: one.reviewers.map((reviewer) => reviewerView(world, reviewer)),
          },
        ]
      : []),
    ...(one.branches === 'all' ? [] : [rule(3, 'branch_policy')]),
  ]
}

/** How an environment looks; `short` is the form in pending deployments. */
export function environmentView(world: World, repository: Repository, one: Environment) {
  return {
    ...shortEnvironmentView(world, repository, one),
    created_at: one.created,
    updated_at: one.updated,
    protection_rules: rulesView(world, one),
    deployment_branch_policy:
      one.branches === 'all'
        ? null
        : {
            protected_branches: one.branches === 'protected',
            custom_branch_policies: one.branches === 'custom',
          },
  }
}

/** An environment with its names and addresses only. */
export function shortEnvironmentView(world: World, repository: Repository, one: Environment) {
  return {
    id: one.id,
    node_id: nodeId('EN', one.id),
    name: one.name,
    url: `${apiOf(world, repository)}/environments/${encodeURIComponent(one.name)}`,
    html_url: `${pageOf(repository)}/deployments/activity_log?environments_filter=${encodeURIComponent(one.name)}`,
  }
}

const environmentIn = ({ repository, path }: Call) =>
  found(environmentOf(repository, path.environment_name ?? ''))

function listEnvironments({ world, repository }: Call): Answer {
  const all = [...repository.environments.values()]
  return {
    list: all.map((one) => environmentView(world, repository, one)),
    body: (environments) => ({ total_count: all.length, environments }),
  }
}

interface Settings {
  readonly wait_timer?: number
  readonly prevent_self_review?: boolean
  readonly reviewers?: readonly { readonly type: 'User' | 'Team'; readonly id: number }[] | null
  readonly deployment_branch_policy?: {
    readonly protected_branches: boolean
    readonly custom_branch_policies: boolean
  } | null
}

function branchesOf(policy: Settings['deployment_branch_policy']): Environment['branches'] {
  if (!policy) return 'all'
  if (policy.protected_branches === policy.custom_branch_policies)
    throw unprocessable('protected_branches and custom_branch_policies cannot have the same value')
  return policy.protected_branches ? 'protected' : 'custom'
}

/** Everything that a PUT does not name is off afterwards. */
function putEnvironment(people: readonly string[]) {
  return ({ world, repository, path, body }: Call): Answer => {
    const wanted: Settings = body ?? {}
    if ((wanted.wait_timer ?? 0) > 43_200)
      throw unprocessable('wait_timer must be between 0 and 43200')
    if ((wanted.reviewers ?? []).length > 6) throw unprocessable('There can be at most 6 reviewers')
    const reviewers = (wanted.reviewers ?? []).map(({ type, id }): Reviewer => {
      const name = people.find((one) => userId(type === 'User' ? one : `team ${one}`) === id)
      if (name === undefined) throw unprocessable(`Invalid reviewer: ${type} ${id}`)
      return { type, name }
    })
    const branches = branchesOf(wanted.deployment_branch_policy)
    const environment = ensureEnvironment(world, repository, path.environment_name ?? '')
    environment.waitMinutes = wanted.wait_timer ?? 0
    environment.reviewers = reviewers
    environment.preventSelfReview = wanted.prevent_self_review ?? false
    environment.branches = branches
    environment.updated = world.now()
    return ok(environmentView(world, repository, environment))
  }
}

function deleteEnvironment(call: Call): Answer {
  const environment = environmentIn(call)
  call.repository.environments.delete(environment.name.toLowerCase())
  return nothing
}

function listBranchPolicies(call: Call): Answer {
  const { branchPolicies } = environmentIn(call)
  return {
    list: branchPolicies.map((one) => ({ ...one, node_id: nodeId('DBP', one.id) })),
    body: (branch_policies) => ({ total_count: branchPolicies.length, branch_policies }),
  }
}

function createBranchPolicy(call: Call): Answer {
  const { world, body } = call
  const environment = environmentIn(call)
  if (environment.branches !== 'custom') throw new GitHubProblem(404, 'Not Found')
  const policy = { id: world.id(), name: body.name, type: body.type ?? 'branch' }
  environment.branchPolicies.push(policy)
  return ok({ ...policy, node_id: nodeId('DBP', policy.id) })
}

function customRules(call: Call): Answer {
  const { customRules: slugs, id } = environmentIn(call)
  const rules = slugs.map((slug, n) => ({
    id: id * 100 + n,
    node_id: nodeId('GA', id * 100 + n),
    enabled: true,
    app: {
      id: userId(slug),
      node_id: nodeId('A', userId(slug)),
      slug,
      integration_url: `${call.world.url}/apps/${slug}`,
    },
  }))
  return ok({ total_count: rules.length, custom_deployment_protection_rules: rules })
}

/** Environments, with the people and teams that the API knows by their numbers. */
export const environmentOperations = (people: readonly string[]) => ({
  'repos/get-all-environments': listEnvironments,
  'repos/get-environment': (call: Call) =>
    ok(environmentView(call.world, call.repository, environmentIn(call))),
  'repos/create-or-update-environment': putEnvironment(people),
  'repos/delete-an-environment': deleteEnvironment,
  'repos/list-deployment-branch-policies': listBranchPolicies,
  'repos/create-deployment-branch-policy': createBranchPolicy,
  'repos/get-all-deployment-protection-rules': customRules,
})
