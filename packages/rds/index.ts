export { captureDatabase, type DatabaseChoice } from './capture.ts'
export { clientsOf, connect, type RdsClients } from './client.ts'
export { type ConnectionSecret, readConnection } from './connection.ts'
export { chooseInstance, type FoundDatabase, findDatabase, isAt } from './find.ts'
export {
  observeInstance,
  observeInstances,
  observeSnapshot,
  observeSnapshotsOf,
} from './observe.ts'
export * from './state.ts'
