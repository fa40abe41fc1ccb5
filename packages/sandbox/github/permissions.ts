/** What a token may do: GITHUB_TOKEN's words. `write` includes `read`. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>

/**
 * Every simulated operation with the permissions that GitHub's reference asks for it, in the form of the header
 * `x-accepted-github-permissions`: a comma joins, a semicolon separates alternatives. The names are those of
 * GitHub Apps: what a workflow calls `pull-requests` is `pull_requests`.
 */
export const ACCEPTED = {
  'rate-limit/get': '',
  'repos/get': 'metadata=read',
  'repos/list-commits': 'contents=read',
  'repos/get-commit': 'contents=read',
  'repos/compare-commits-with-basehead': 'contents=read',
  'repos/list-pull-requests-associated-with-commit': 'pull_requests=read; contents=read',
  'git/get-ref': 'contents=read',
  'git/create-ref': 'contents=write',
  'git/update-ref': 'contents=write',
  'repos/create-commit-status': 'statuses=write',
  'repos/get-combined-status-for-ref': 'statuses=read',
  'repos/list-deployments': 'deployments=read',
  'repos/create-deployment': 'deployments=write',
  'repos/get-deployment': 'deployments=read',
  'repos/delete-deployment': 'deployments=write',
  'repos/list-deployment-statuses': 'deployments=read',
  'repos/create-deployment-status': 'deployments=write',
  'repos/get-deployment-status': 'deployments=read',
  'repos/get-all-environments': 'actions=read',
  'repos/get-environment': 'actions=read',
  'repos/create-or-update-environment': 'administration=write',
  'repos/delete-an-environment': 'administration=write',
  'repos/list-deployment-branch-policies': 'actions=read',
  'repos/create-deployment-branch-policy': 'administration=write',
  'repos/get-all-deployment-protection-rules': 'actions=read',
  'issues/list-for-repo': 'issues=read',
  'issues/create': 'issues=write',
  'issues/get': 'issues=read; pull_requests=read',
  'issues/update': 'issues=write; pull_requests=write',
  'issues/list-comments': 'issues=read; pull_requests=read',
  'issues/create-comment': 'issues=write; pull_requests=write',
  'issues/get-comment': 'issues=read; pull_requests=read',
  'issues/update-comment': 'issues=write; pull_requests=write',
  'issues/delete-comment': 'issues=write; pull_requests=write',
  'issues/add-labels': 'issues=write; pull_requests=write',
  'issues/remove-label': 'issues=write; pull_requests=write',
  'search/issues-and-pull-requests': '',
  'actions/list-repo-workflows': 'actions=read',
  'actions/get-workflow': 'actions=read',
  'actions/create-workflow-dispatch': 'actions=write',
  'actions/list-workflow-runs': 'actions=read',
  'actions/list-workflow-runs-for-repo': 'actions=read',
  'actions/get-workflow-run': 'actions=read',
  'actions/get-workflow-run-attempt': 'actions=read',
  'actions/list-jobs-for-workflow-run': 'actions=read',
  'actions/list-jobs-for-workflow-run-attempt': 'actions=read',
  'actions/get-job-for-workflow-run': 'actions=read',
  'actions/cancel-workflow-run': 'actions=write',
  'actions/force-cancel-workflow-run': 'actions=write',
  'actions/re-run-workflow': 'actions=write',
  'actions/re-run-workflow-failed-jobs': 'actions=write',
  'actions/re-run-job-for-workflow-run': 'actions=write',
  'actions/get-pending-deployments-for-run': 'actions=read',
  'actions/review-pending-deployments-for-run': 'deployments=write',
  'actions/get-reviews-for-run': 'actions=read',
  'actions/review-custom-gates-for-run': 'deployments=write',
  'actions/get-custom-oidc-sub-claim-for-repo': 'actions=read',
  'actions/set-custom-oidc-sub-claim-for-repo': 'actions=write',
} as const

/** The id of a simulated operation, as GitHub's description names it. */
export type OperationId = keyof typeof ACCEPTED

function holds(permissions: Permissions, wanted: string): boolean {
  const [name = '', access] = wanted.trim().split('=')
  const given = permissions[name] ?? permissions[name.replaceAll('_', '-')]
  const held = name === 'metadata' ? 'read' : given
  return held === 'write' || (held === 'read' && access === 'read')
}

/** Whether a token with these permissions may call an operation that accepts those. */
export function permits(permissions: Permissions, accepted: string): boolean {
  if (accepted === '') return true
  return accepted
    .split(';')
    .some((set) => set.split(',').every((wanted) => holds(permissions, wanted)))
}
