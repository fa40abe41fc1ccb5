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
  createRollback,
  deploymentOfRun,
  described,
  type HubDeployment,
  type NewRollback,
  rollbackDeployment,
  setStatus,
} from './deployments.ts'
export { type Life, lifeOf, type RunAttempt } from './runs.ts'
