import { pointSchema, recordSchema } from './documents.ts'

export { isNewer, type Move, moveDeployment } from './deployment.ts'
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
export { noJournal, type Pen, pointJournal, recordJournal } from './journal.ts'
export {
  type Claim,
  compareLease,
  decideLease,
  holderOf,
  leaseTime,
  readLease,
  releaseLease,
  renewLease,
  type Taken,
  takeLease,
  waitForHolder,
} from './lease.ts'
export { compareLedgers } from './ledgers.ts'
export { connect, type Objects, objects, parseLocation, type Stored } from './objects.ts'
export { addLost, mergeReached } from './reached.ts'
export {
  closeRecord,
  type Draft,
  freeEnvironment,
  latestRecords,
  leftBehind,
  type Opened,
  openRecord,
  recordIds,
} from './records.ts'
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
