export { observeSeen } from './observe.ts'
export { planRestart, restartCodeDeployed } from './redeploy.ts'
export { rollBackCodeDeployed } from './rollback.ts'
export { type Found, isSeenSet } from './state.ts'
