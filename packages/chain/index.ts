export { type Choice, type Decision, decide, type Evidence } from './decide.ts'
export {
  type Consent,
  consented,
  decideConsent,
  type Steps,
  type Subject,
  stepsOf,
  subjectText,
} from './plan.ts'
export {
  chooseProfile,
  compareLedgers,
  type DatabaseEvidence,
  type LedgerNow,
  type ProfileChoice,
} from './profile.ts'
