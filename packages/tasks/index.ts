export { connect, type TaskClients } from './client.ts'
export { type TaskOrder, tokensOf } from './order.ts'
export { runTask, type TaskEnd } from './task.ts'
