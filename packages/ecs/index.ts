export { captureServices, describeState } from './capture.ts'
export { changeServices } from './change.ts'
export { type Class, classes, classText } from './classes.ts'
export { connect, type EcsClients } from './client.ts'
export { type Found as DeployedBy, observeSeen as observeCodeDeploy } from './codedeploy/index.ts'
export { commitsOf, commitTokens, distinctCommits, isCommit } from './commits.ts'
export { type Destination, parseDestination } from './destination.ts'
export { type Difference, diffOf } from './difference.ts'
export type { EnvironmentChange } from './environment.ts'
export { type Fact, type FactKind, factsOf } from './facts.ts'
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
} from './failures.ts'
export { codeOf, compareCode, sameRelease } from './fingerprint.ts'
export { type Candidate, type Undone, undoneOf } from './grade.ts'
export { type History, observeHistory } from './history.ts'
export {
  type Expectation,
  type ExpectedContainer,
  type Proof,
  prove,
} from './judge.ts'
export { type Found, lookedAt, type Moments } from './moments.ts'
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
export { eligible, judgePast, type Past, toOf } from './past.ts'
export type { Grade, Target } from './plan.ts'
export { observeReferences, type References } from './references.ts'
export { type EcsSettings, grades, journalOf, type Mode, modes, settings } from './settings.ts'
export * from './state.ts'
