export { captureServices } from './capture.ts'
export { changeServices } from './change.ts'
export { connect, type EcsClients } from './client.ts'
export { type Found as DeployedBy, observeSeen as observeCodeDeploy } from './codedeploy/index.ts'
export { type Sets, setsOf } from './codedeploy/sets.ts'
export { commitsOf, commitTokens, distinctCommits, isCommit } from './destination/commits.ts'
export { type Destination, parseDestination } from './destination/destination.ts'
export { codeOf, compareCode, sameRelease } from './destination/fingerprint.ts'
export { type Candidate, type Undone, undoneOf } from './destination/grade.ts'
export { type History, observeHistory } from './destination/history.ts'
export { eligible, judgePast, type Past, toOf } from './destination/past.ts'
export { type Difference, diffOf } from './environment/difference.ts'
export type { EnvironmentChange } from './environment/environment.ts'
export { type Fact, type FactKind, factsOf } from './environment/facts.ts'
export {
  activeTaskDefinitions,
  observeRevisions,
  observeServiceDeployments,
  observeServices,
  observeTaskDefinition,
  observeTasks,
  type Services,
  serviceOf,
  taskDefinitionOf,
} from './observe.ts'
export { observeReferences, type References } from './references.ts'
export type { Grade, Target } from './rollback/plan.ts'
export {
  type EcsSettings,
  grades,
  journalOf,
  type Mode,
  modes,
  orders,
  settings,
} from './settings.ts'
export * from './state.ts'
export { type Class, classes, classText } from './watch/classes.ts'
export {
  type Cause,
  causeText,
  type Failing,
  type FailureClass,
  failing,
  failureOf,
  failuresOf,
  type TaskFailure,
  topCauses,
} from './watch/failures.ts'
export {
  type Expectation,
  type ExpectedContainer,
  type Proof,
  prove,
} from './watch/judge.ts'
export { type Found, lookedAt, type Moments } from './watch/moments.ts'
