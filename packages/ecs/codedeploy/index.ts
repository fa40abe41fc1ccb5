export { observeSeen } from './observe.ts'
export { rollBackCodeDeployed } from './rollback.ts'
export type { Found } from './state.ts'
