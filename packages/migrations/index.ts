export {
  appliedReader,
  captureLedger,
  type LedgerOf,
  type Opener,
  observeLedger,
} from './capture.ts'
export { type Classification, classify } from './classify.ts'
export {
  classifyFile,
  type MigrationFile,
  pendingOf,
  readMigrationFiles,
  versionOf,
} from './dbmate.ts'
export { type Additions, additions, type LedgerDifference, ledgerDifference } from './difference.ts'
export { schemaFingerprint } from './fingerprint.ts'
export { type Ledger, readLedger } from './ledger.ts'
export { migrationRevert, type RevertPorts } from './revert.ts'
export { type RevertGiven, type RevertSettings, revertSettings } from './revert-settings.ts'
export { type LedgerChoice, type LedgerSettings, ledgerSettings } from './settings.ts'
