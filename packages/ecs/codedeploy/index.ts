export { observeSeen } from './observe.ts'
export { type CodeDeployKnown, planCodeDeployed } from './plan.ts'
export { rollBackCodeDeployed } from './rollback.ts'
export type { Found } from './state.ts'
