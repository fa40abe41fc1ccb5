export { action, type Definition, type Job, resultOf } from './action.ts'
export type { JournalKind } from './journal.ts'
export type { NamedEnvironment } from './settings.ts'
