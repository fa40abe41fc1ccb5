export { captureConfig } from './capture.ts'
export { changeConfig } from './change.ts'
export { type ConfigClients, connect } from './client.ts'
export { type ConfigRow, compareConfig } from './compare.ts'
export { type KeepPlan, type Kept, keepVersions, planKeep } from './keep.ts'
export { observeSecret } from './observe.ts'
export {
  isSame,
  judgeParameter,
  type ParameterPlan,
  planParameter,
  planSecret,
  type SecretFacts,
  type SecretPlan,
} from './plan.ts'
export { type Reader, type ReaderLook, readersOf, refersTo } from './readers.ts'
export { type ConfigPorts, rollback } from './rollback.ts'
export {
  type ConfigChoice,
  type ConfigGiven,
  type ConfigSettings,
  configJournal,
  keepLabel,
  type RollbackSettings,
  settings,
} from './settings.ts'
export type { LiveParameter, LiveSecret, ParameterVersion } from './state.ts'
