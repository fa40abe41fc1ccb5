export {
  type Answer,
  connect,
  type GitHub,
  type GitHubOptions,
  type Given,
  isMissing,
  type Route,
} from './api.ts'
export { type Containment, containment } from './compare.ts'
export {
  createRollback,
  deploymentOfRun,
  described,
  type HubDeployment,
  type NewRollback,
  rollbackDeployment,
  setStatus,
} from './deployments.ts'
export {
  commentOn,
  createIssue,
  dismissIssue,
  type Issue,
  listIssues,
  type NewIssue,
  readIssue,
  rewriteIssue,
} from './issues.ts'
export { askLife, cancelRun, jobsOf, latestAttempt, lifeOf, type RunJob } from './runs.ts'
