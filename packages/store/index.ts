import { pointSchema, recordSchema } from './documents.ts'

export { isNewer, type Move, moveDeployment } from './deployment.ts'
export { deploymentsSince, newestPoints, standingDeployment } from './deployments.ts'
export { chooseDestination, type Destination, findDestination } from './destination.ts'
export * from './documents.ts'
export {
  afterId,
  beforeId,
  deploymentId,
  deploymentOf,
  isPointId,
  isRecordId,
  keys,
  recordId,
  rollbackAfterId,
} from './ids.ts'
export { imagesText, tagOf } from './images.ts'
export { noJournal, type Pen, pointJournal, recordJournal } from './journal.ts'
export {
  type Asking,
  type Claim,
  compareLease,
  decideLease,
  holderOf,
  isLeftBehind,
  leaseTime,
  mayPull,
  pullLease,
  readLease,
  releaseLease,
  renewLease,
  type Taken,
  takeLease,
  waitForHolder,
} from './lease.ts'
export {
  type BreakingMigration,
  compareLedgers,
  type JudgedMigration,
  judgedMigration,
  migrationsAhead,
} from './ledgers.ts'
export { connect, type Objects, objects, parseLocation, type Stored } from './objects.ts'
export { listPins, releasePin } from './pins.ts'
export { addLost, mergeReached } from './reached.ts'
export {
  closeRecord,
  type Draft,
  freeEnvironment,
  leftBehind,
  type Opened,
  openRecord,
  type Records,
  recordIds,
  recordsOf,
} from './records.ts'
export {
  chooseSought,
  commitsIn,
  destinationForms,
  type FoundPoint,
  findSought,
  isDestination,
  parseSought,
  type Sought,
  stillVerified,
} from './sought.ts'
export {
  changeDocument,
  changeEnvironment,
  changePoint,
  changeRecord,
  createDocument,
  envelope,
  listPoints,
  openStore,
  readDocument,
  readEnvironment,
  readPin,
  readPoint,
  readRecord,
  readVerified,
  type Store,
  serialize,
  type Versioned,
} from './store.ts'

/** The documents that runs write, by the file name of their published JSON Schema. */
export const publishedSchemas = { 'restore-point': pointSchema, record: recordSchema }
