export {
  addedSince,
  type BackPlan,
  checkStep,
  type Down,
  planDowns,
  planReviewed,
} from './back-plan.ts'
export {
  appliedReader,
  captureLedger,
  type LedgerOf,
  type Opener,
  observeLedger,
} from './capture.ts'
export { type Classification, classify } from './classify.ts'
export { schemaFingerprint } from './fingerprint.ts'
export { whyNoDowns } from './foresee.ts'
export {
  type FileTool,
  filesOf,
  hashOf,
  type MigrationFile,
  partsOf,
  readMigrationFiles,
  versionOf,
} from './layouts.ts'
export { type Ledger, readLedger } from './ledger.ts'
export { keepFiles, pendingOf } from './pending.ts'
export { migrationRevert, type RevertPorts } from './revert.ts'
export {
  type BackSettings,
  type RevertGiven,
  type RevertSettings,
  revertJournal,
  revertSettings,
} from './revert-settings.ts'
export { parseReviewed } from './reviewed.ts'
export type { Login, TaskPorts } from './runners.ts'
export {
  type LedgerChoice,
  type LedgerSettings,
  ledgerSettings,
  type Tool,
} from './settings.ts'
export { judgeUndo, type Undo } from './undo.ts'
