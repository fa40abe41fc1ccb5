export { connect, type TaskClients } from './client.ts'
export { logOf, type TaskLog } from './log.ts'
export { type TaskOrder, tokensOf } from './order.ts'
export { runTask, type TaskEnd } from './task.ts'
