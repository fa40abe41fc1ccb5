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
export { type Life, lifeOf, type RunAttempt } from './runs.ts'
