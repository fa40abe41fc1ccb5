export { baseline, type CheckJudgement, type Judgement } from './baseline.ts'
export {
  type CheckPlan,
  type PlannedCheck,
  planChecks,
  type Services,
  type Surroundings,
} from './checks.ts'
export { connect } from './connect.ts'
export { type Answer, type Ask, type FetchOnce, fetchOnce } from './fetch.ts'
export { type HealthJob, health } from './health.ts'
export type { Ports } from './probe.ts'
export { configuredChecks, type HealthInputs, type HealthSettings, settings } from './settings.ts'
