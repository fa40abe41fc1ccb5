export { type Choice, type Decision, decide, type Evidence } from './decide.ts'
export { estimateText, partNames, type Took, tookBefore } from './estimate.ts'
export { type History, withinLimits } from './limits.ts'
export {
  matrix,
  matrixTables,
  orders,
  type Schema,
  type Situation,
  type Step,
  stepWords,
  type Way,
  wayIn,
} from './matrix.ts'
export { isChosen, narrowed, type Only, onlyText } from './only.ts'
export {
  type Consent,
  consented,
  decideConsent,
  noSteps,
  ordered,
  type Parts,
  type Steps,
  type Subject,
  stepsOf,
  subjectText,
} from './plan.ts'
export {
  chooseProfile,
  type Evidence as WayEvidence,
  type LedgerNow,
  type ProfileChoice,
} from './profile.ts'
export {
  decideResume,
  isUnfinished,
  type LeftRecord,
  type Resumption,
  type Unfinished,
} from './resume.ts'
