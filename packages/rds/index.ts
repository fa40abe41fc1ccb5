export { type Attribute, attributes } from './attributes.ts'
export { captureDatabase, type DatabaseChoice } from './capture.ts'
export { type Difference, differences, missingRoles, modifyInput, restoreInput } from './carry.ts'
export { clientsOf, connect, type RdsClients } from './client.ts'
export { type ConnectionSecret, readConnection } from './connection.ts'
export { type Cutover, cutOver, versionId } from './cutover.ts'
export { chooseInstance, type FoundDatabase, findDatabase, isAt } from './find.ts'
export { type GuardPorts, guard } from './guard.ts'
export { ensureSnapshot, type Made, snapshotFaults, type WantedSnapshot } from './make-snapshot.ts'
export { toInstance, toSnapshot } from './map.ts'
export { rollbackName, rootOf, snapshotName } from './names.ts'
export {
  observeInstance,
  observeInstances,
  observeSnapshot,
  observeSnapshotsOf,
} from './observe.ts'
export { restore } from './rollback.ts'
export type { AppliedReader, RestoreJob } from './scene.ts'
export {
  type GuardGiven,
  type GuardSettings,
  guardJournal,
  guardSettings,
  type RestoreSettings,
} from './settings.ts'
export { type SnapshotJob, takeSnapshot } from './snapshot.ts'
export * from './state.ts'
