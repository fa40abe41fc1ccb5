import { type JobIdentity, jobClaims } from '../oidc/claims.ts'
import type { Claims } from '../oidc/index.ts'
import { found } from './call.ts'
import { contains, merge } from './history.ts'
import { userId } from './people.ts'
import { finish } from './runs/machine.ts'
import type { Conclusion, Run, WorkflowPlan } from './runs/model.ts'
import { type Start, startRun } from './runs/start.ts'
import {
  addCommit,
  type BranchPolicy,
  ensureEnvironment,
  fullName,
  type NewCommit,
  type Repository,
  type Reviewer,
  resolveRef,
  type World,
} from './world.ts'

/** What protects an environment. What is not named is left as it is. */
export interface Protection {
  readonly waitMinutes?: number
  readonly reviewers?: readonly Reviewer[]
  readonly preventSelfReview?: boolean
  /** `protected`, or names with `*`; everything by default. */
  readonly branches?: 'all' | 'protected' | readonly string[]
  /** Slugs of apps whose custom protection rules are on. */
  readonly customRules?: readonly string[]
}

/** What GitHub does without a call of its API: a push, a merge, an event, a job's end. */
export interface GitHubRepository {
  readonly name: string
  readonly id: number
  /** Commits to a branch (the default branch), which is made if it is not there. Answers the sha. */
  commit(commit?: NewCommit): string
  /** Merges a branch through a pull request. Answers its number and the sha of the merge. */
  merge(branch: string, title?: string): { readonly number: number; readonly sha: string }
  /** Whether a commit has another in its history. */
  contains(sha: string, other: string): boolean
  protectBranch(name: string): void
  /** Makes an environment, or changes what protects it. Answers its number. */
  environment(name: string, protection?: Protection): number
  /** Adds or replaces a workflow file. Answers its number. */
  workflow(plan: WorkflowPlan): number
  /** Starts a run by another event than a dispatch. Answers its number, which is its own if it is not given. */
  run(path: string, start?: Partial<Start>): number
  /** Ends a job that runs until it is told to (`ms: null`). Throws if it does not run. */
  finish(run: number, job: string, conclusion?: Conclusion): void
  /** Calls back when a cancellation reaches a run: for the program that plays its jobs. */
  onCancel(run: number, hear: (how: 'asked' | 'forced') => void): void
  /** The inputs that a run was dispatched with. */
  inputs(run: number): Readonly<Record<string, string>>
  /** What the ID token of one of its jobs says, with `sub` in the repository's form; for the sandbox's `job`. */
  claims(job?: Omit<JobIdentity, 'repository'>): Claims
}

function mergeBranch(world: World, repository: Repository, branch: string, title?: string) {
  const head = found(resolveRef(repository, branch))
  const base = found(resolveRef(repository, repository.defaultBranch))
  const created = world.now()
  const merged = merge(world, repository, { into: repository.defaultBranch, from: head.sha })
  const number = ++repository.lastNumber
  repository.pulls.push({
    id: world.id(),
    number,
    title: title ?? `Merge ${branch}`,
    author: head.author,
    head: { ref: branch, sha: head.sha },
    base: { ref: repository.defaultBranch, sha: base.sha },
    created,
    merged: { at: world.now(), sha: merged.sha },
  })
  return { number, sha: merged.sha }
}

function protect(world: World, repository: Repository, name: string, given: Protection): number {
  const environment = ensureEnvironment(world, repository, name)
  const { waitMinutes, reviewers, preventSelfReview, branches, customRules } = given
  environment.waitMinutes = waitMinutes ?? environment.waitMinutes
  environment.reviewers = reviewers ?? environment.reviewers
  environment.preventSelfReview = preventSelfReview ?? environment.preventSelfReview
  environment.customRules = customRules ?? environment.customRules
  environment.updated = world.now()
  if (branches === undefined) return environment.id
  environment.branches = typeof branches === 'string' ? branches : 'custom'
  const names = typeof branches === 'string' ? [] : branches
  environment.branchPolicies = names.map(
    (pattern): BranchPolicy => ({ id: world.id(), name: pattern, type: 'branch' }),
  )
  return environment.id
}

function setWorkflow(world: World, repository: Repository, plan: WorkflowPlan): number {
  const at = repository.workflows.findIndex((one) => one.plan.path === plan.path)
  const known = repository.workflows[at]
  const made = { id: known?.id ?? world.id(), plan, created: known?.created ?? world.now() }
  if (at >= 0) repository.workflows[at] = made
  else repository.workflows.push(made)
  return made.id
}

/** What one can do with a repository beside calling the API. */
export function handleOf(world: World, repository: Repository): GitHubRepository {
  const runOf = (id: number): Run => {
    const run = repository.runs.find((one) => one.id === id)
    if (!run) throw new Error(`${fullName(repository)} has no run ${id}`)
    return run
  }
  return {
    name: fullName(repository),
    id: repository.id,
    commit: (commit) => addCommit(world, repository, commit).sha,
    merge: (branch, title) => mergeBranch(world, repository, branch, title),
    contains: (sha, other) => contains(repository, sha, other),
    protectBranch: (name) => void repository.protectedBranches.add(name),
    environment: (name, protection = {}) => protect(world, repository, name, protection),
    workflow: (plan) => setWorkflow(world, repository, plan),
    run(path, start = {}) {
      const workflow = repository.workflows.find((one) => one.plan.path === path)
      if (!workflow) throw new Error(`${fullName(repository)} has no workflow ${path}`)
      const branch = start.branch ?? repository.defaultBranch
      const sha = start.sha ?? resolveRef(repository, branch)?.sha
      if (sha === undefined) throw new Error(`${fullName(repository)} has no branch ${branch}`)
      const given = { actor: 'dev', ...start, workflow, branch, sha }
      return startRun(world, repository, given).id
    },
    finish: (run, job, conclusion = 'success') =>
      finish({ world, repository, run: runOf(run) }, job, conclusion),
    onCancel: (run, hear) => void runOf(run).listeners.push(hear),
    inputs: (run) => runOf(run).inputs,
    claims: (job) =>
      jobClaims({
        repository: fullName(repository),
        repositoryId: repository.id,
        ownerId: userId(repository.owner),
        visibility: repository.private ? 'private' : 'public',
        subject: repository.subject,
        ...job,
      }),
  }
}
