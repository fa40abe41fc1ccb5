import type { Claims } from './index.ts'

/** How a repository's tokens name their job in `sub`. */
export type Subject =
  /** `repo:acme/shop:…`, the form of repositories from before 15 July 2026. */
  | 'names'
  /** `repo:acme@1/shop@2:…`: numbers that nobody can take over with a name. The default since then. */
  | 'immutable'
  /** A template of its own (`include_claim_keys`): `repo`, `context`, and names of claims. */
  | readonly string[]

/** One job of a workflow run, as far as its token tells. */
export interface JobIdentity {
  /** `owner/name`. */
  readonly repository: string
  readonly repositoryId?: number
  readonly ownerId?: number
  readonly visibility?: 'private' | 'public' | 'internal'
  readonly subject?: Subject
  /** `refs/heads/main` by default. */
  readonly ref?: string
  readonly sha?: string
  readonly environment?: string
  readonly event?: string
  readonly actor?: string
  /** The file of the workflow that was started: `.github/workflows/deploy.yml` by default. */
  readonly workflow?: string
  /** The reusable workflow in which the job is, as `owner/name/path@ref`; by default the job is in the workflow itself. */
  readonly calledWorkflow?: string
  readonly runId?: number
  readonly attempt?: number
}

/** A colon ends a value, so one inside it is escaped. */
const escaped = (value: string) => value.replaceAll(':', '%3A')

/** What comes after the repository: the environment before the event, the event before the ref. */
function contextOf({ environment = '', event }: JobIdentity, ref: string): string {
  if (environment !== '') return `environment:${escaped(environment)}`
  return event === 'pull_request' ? 'pull_request' : `ref:${ref}`
}

function subjectOf(job: JobIdentity, claims: Readonly<Record<string, string>>): string {
  const { subject = 'names', repository } = job
  const context = contextOf(job, claims.ref ?? '')
  const [owner, name] = repository.split('/')
  if (subject === 'names') return `repo:${repository}:${context}`
  if (subject === 'immutable')
    return `repo:${owner}@${claims.repository_owner_id}/${name}@${claims.repository_id}:${context}`
  return subject
    .map((key) => {
      if (key === 'context') return context
      return key === 'repo' ? `repo:${repository}` : `${key}:${escaped(claims[key] ?? '')}`
    })
    .join(':')
}

/** The claims of a job's token, with `sub` in the form that its repository has. */
export function jobClaims(job: JobIdentity): Claims {
  const { repository, ref = 'refs/heads/main', workflow = '.github/workflows/deploy.yml' } = job
  const sha = job.sha ?? '0'.repeat(40)
  const started = `${repository}/${workflow}@${ref}`
  const inside = job.calledWorkflow ?? started
  const called = /@([0-9a-f]{40})$/.exec(inside)?.[1]
  const claims = {
    repository,
    repository_id: String(job.repositoryId ?? 2),
    repository_owner: repository.split('/')[0] ?? '',
    repository_owner_id: String(job.ownerId ?? 1),
    repository_visibility: job.visibility ?? 'private',
    ref,
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    sha,
    event_name: job.event ?? 'push',
    actor: job.actor ?? 'dev',
    workflow,
    workflow_ref: started,
    workflow_sha: sha,
    job_workflow_ref: inside,
    job_workflow_sha: called ?? sha,
    run_id: String(job.runId ?? 1),
    run_number: '1',
    run_attempt: String(job.attempt ?? 1),
    runner_environment: 'github-hosted',
    ...(job.environment ? { environment: job.environment } : {}),
  }
  return { ...claims, sub: subjectOf(job, claims) }
}
