export {
  type Answer,
  connect,
  type GitHub,
  type GitHubOptions,
  type Given,
  isMissing,
  type Route,
} from './api.ts'
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
export { type Life, lifeOf, type RunAttempt } from './runs.ts'
