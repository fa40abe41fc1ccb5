export { type RdsService, rdsService } from './service.ts'
export { type Knobs, SECONDS } from './world.ts'
