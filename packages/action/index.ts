export { act, type Definition, type Job, resultOf, type World } from './act.ts'
export { action } from './action.ts'
export type { JournalKind } from './journal.ts'
export type { NamedEnvironment } from './settings.ts'
