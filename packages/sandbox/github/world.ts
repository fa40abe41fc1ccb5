import { createHash } from 'node:crypto'
import type { Clock, Timer } from '../clock.ts'
import type { Subject } from '../oidc/claims.ts'
import type { Run, Workflow } from './runs/model.ts'

/** A commit; its parents are in the same repository. */
export interface Commit {
  readonly sha: string
  readonly message: string
  readonly author: string
  readonly date: string
  readonly parents: readonly string[]
  /** The names of the files that it changed. */
  readonly files: readonly string[]
}

/** A pull request, as far as a commit belongs to it. */
export interface Pull {
  readonly id: number
  readonly number: number
  readonly title: string
  readonly author: string
  readonly head: { readonly ref: string; readonly sha: string }
  readonly base: { readonly ref: string; readonly sha: string }
  readonly created: string
  readonly merged: { readonly at: string; readonly sha: string } | undefined
}

export interface Comment {
  readonly id: number
  readonly author: string
  readonly created: string
  updated: string
  body: string
}

export interface Label {
  readonly id: number
  readonly name: string
}

export interface Issue {
  readonly id: number
  readonly number: number
  readonly author: string
  readonly created: string
  readonly comments: Comment[]
  title: string
  body: string | null
  labels: readonly string[]
  assignees: readonly string[]
  state: 'open' | 'closed'
  reason: 'completed' | 'not_planned' | 'duplicate' | 'reopened' | null
  closed: string | null
  closedBy: string | null
  updated: string
  /** The simulated moment from which search finds it as it is now. */
  indexed: number
  /** What search still shows until then; nothing for a new issue. */
  before:
    | {
        readonly title: string
        readonly body: string | null
        readonly state: string
        readonly labels: readonly string[]
      }
    | undefined
}

export type DeploymentState =
  | 'error'
  | 'failure'
  | 'inactive'
  | 'in_progress'
  | 'queued'
  | 'pending'
  | 'success'

export interface DeploymentStatus {
  readonly id: number
  readonly state: DeploymentState
  readonly description: string
  readonly environment: string
  readonly environmentUrl: string
  readonly logUrl: string
  readonly author: string
  readonly created: string
}

export interface Deployment {
  readonly id: number
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly payload: unknown
  readonly originalEnvironment: string
  environment: string
  readonly description: string | null
  readonly author: string
  readonly created: string
  updated: string
  readonly transient: boolean
  readonly production: boolean
  /** Newest first. */
  readonly statuses: DeploymentStatus[]
}

export interface BranchPolicy {
  readonly id: number
  readonly name: string
  readonly type: 'branch' | 'tag'
}

export interface Reviewer {
  readonly type: 'User' | 'Team'
  readonly name: string
}

export interface Environment {
  readonly id: number
  readonly name: string
  readonly created: string
  updated: string
  waitMinutes: number
  reviewers: readonly Reviewer[]
  preventSelfReview: boolean
  branches: 'all' | 'protected' | 'custom'
  branchPolicies: BranchPolicy[]
  /** Slugs of the apps whose custom protection rules are on. */
  customRules: readonly string[]
}

export interface CommitStatus {
  readonly id: number
  readonly sha: string
  readonly state: 'error' | 'failure' | 'pending' | 'success'
  readonly context: string
  readonly description: string | null
  readonly targetUrl: string | null
  readonly author: string
  readonly created: string
}

/** Everything of one repository that the stand-in keeps. */
export interface Repository {
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly private: boolean
  readonly defaultBranch: string
  readonly protectedBranches: Set<string>
  readonly created: string
  readonly commits: Map<string, Commit>
  /** Full names, as `refs/heads/main`, to commits. */
  readonly refs: Map<string, string>
  readonly pulls: Pull[]
  readonly issues: Issue[]
  readonly labels: Map<string, Label>
  readonly environments: Map<string, Environment>
  readonly deployments: Deployment[]
  readonly statuses: CommitStatus[]
  readonly workflows: Workflow[]
  readonly runs: Run[]
  /** The form of `sub` in the tokens of its jobs. */
  subject: Subject
  /** Issues and pull requests are numbered together. */
  lastNumber: number
}

/** What the stand-in of one sandbox consists of. */
export interface World {
  readonly clock: Clock
  /** The address of the API, without a slash at the end. Known once it listens. */
  url: string
  readonly repositories: Map<string, Repository>
  /** A number that no other thing has. */
  id(): number
  /** The clock's time in GitHub's form: seconds. */
  now(): string
  /** Like the clock's `after`, and ended with the stand-in. */
  after(milliseconds: number, run: () => void): Timer
  close(): void
}

/** An empty world. */
export function createWorld(clock: Clock): World {
  let last = 1000
  const timers = new Set<Timer>()
  return {
    clock,
    url: 'https://api.github.com',
    repositories: new Map(),
    id: () => ++last,
    now: () => timeOf(clock.now()),
    after(milliseconds, run) {
      const timer = clock.after(milliseconds, () => {
        timers.delete(timer)
        run()
      })
      timers.add(timer)
      return timer
    },
    close() {
      for (const timer of timers) timer.cancel()
      timers.clear()
    },
  }
}

/** A moment as GitHub writes it: without milliseconds. */
export const timeOf = (moment: number): string =>
  new Date(moment).toISOString().replace(/\.\d+Z$/, 'Z')

/** A global node id; nothing reads it. */
export const nodeId = (kind: string, id: number): string =>
  Buffer.from(`${kind}_${id}`).toString('base64url')

export const fullName = ({ owner, name }: Pick<Repository, 'owner' | 'name'>): string =>
  `${owner}/${name}`

/** How a repository is made. */
export interface RepositoryOptions {
  /** False: anybody may read it. Private by default, so that every permission counts. */
  readonly private?: boolean
  readonly defaultBranch?: string
  /** The form of `sub` in its jobs' tokens: names by default, as of an older repository. */
  readonly subject?: Subject
}

/** A new repository with one commit on its default branch. Throws if there is one of that name. */
export function createRepository(
  world: World,
  name: string,
  options: RepositoryOptions = {},
): Repository {
  const [owner = '', short = ''] = name.split('/')
  if (world.repositories.has(name.toLowerCase())) throw new Error(`There is a repository ${name}`)
  const defaultBranch = options.defaultBranch ?? 'main'
  const repository: Repository = {
    id: world.id(),
    owner,
    name: short,
    private: options.private ?? true,
    defaultBranch,
    protectedBranches: new Set(),
    created: world.now(),
    commits: new Map(),
    refs: new Map(),
    pulls: [],
    issues: [],
    labels: new Map(),
    environments: new Map(),
    deployments: [],
    statuses: [],
    workflows: [],
    runs: [],
    subject: options.subject ?? 'names',
    lastNumber: 0,
  }
  world.repositories.set(name.toLowerCase(), repository)
  addCommit(world, repository, { message: 'Begin' })
  return repository
}

/** What a commit is made from. */
export interface NewCommit {
  readonly message?: string
  /** Git's own sha, where a real commit is meant. */
  readonly sha?: string
  readonly branch?: string
  /** The tip of the branch by default; the default branch's tip for a new branch. */
  readonly parents?: readonly string[]
  readonly author?: string
  readonly files?: readonly string[]
}

/** Adds a commit to a branch, which is made if it is not there. */
export function addCommit(world: World, repository: Repository, wanted: NewCommit = {}): Commit {
  const branch = `refs/heads/${wanted.branch ?? repository.defaultBranch}`
  const tip =
    repository.refs.get(branch) ?? repository.refs.get(`refs/heads/${repository.defaultBranch}`)
  const parents = wanted.parents ?? (tip === undefined ? [] : [tip])
  const message = wanted.message ?? 'Change something'
  const seed = `${fullName(repository)} ${repository.commits.size} ${parents} ${message}`
  const commit: Commit = {
    sha: wanted.sha ?? createHash('sha1').update(seed).digest('hex'),
    message,
    author: wanted.author ?? 'dev',
    date: world.now(),
    parents,
    files: wanted.files ?? [],
  }
  repository.commits.set(commit.sha, commit)
  repository.refs.set(branch, commit.sha)
  return commit
}

/** The commit that a branch, a tag, a full ref or a sha (also a short one) names. */
export function resolveRef(repository: Repository, ref: string): Commit | undefined {
  const names = [ref, `refs/${ref}`, `refs/heads/${ref}`, `refs/tags/${ref}`]
  const named = names.map((name) => repository.refs.get(name)).find((sha) => sha !== undefined)
  if (named !== undefined) return repository.commits.get(named)
  if (!/^[0-9a-f]{7,40}$/.test(ref)) return undefined
  return [...repository.commits.values()].find(({ sha }) => sha.startsWith(ref))
}

/** The environment of a name, compared as GitHub does, without case. */
export const environmentOf = (repository: Repository, name: string): Environment | undefined =>
  repository.environments.get(name.toLowerCase())

/** The environment of a name; GitHub makes it when something deploys to it. */
export function ensureEnvironment(world: World, repository: Repository, name: string): Environment {
  const known = environmentOf(repository, name)
  if (known) return known
  const made: Environment = {
    id: world.id(),
    name,
    created: world.now(),
    updated: world.now(),
    waitMinutes: 0,
    reviewers: [],
    preventSelfReview: false,
    branches: 'all',
    branchPolicies: [],
    customRules: [],
  }
  repository.environments.set(name.toLowerCase(), made)
  return made
}
