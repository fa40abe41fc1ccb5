export type { Call, CallFilter, CallLog } from './calls.ts'
export { awsId, type Identity, type Keyring, keyring, type Session } from './credentials.ts'
export type { Context, Forward } from './dispatch.ts'
export { commonError } from './errors.ts'
export { type Fault, type FaultRule, type Faults, parseFaults, seededRandom } from './faults.ts'
export {
  createGateway,
  type Gateway,
  type GatewayParts,
  type Guard,
  type GuardedCall,
} from './gateway.ts'
export { inProcessHandler } from './in-process.ts'
export { modelOf } from './model.ts'
export { mutates } from './mutates.ts'
export { s3Operation } from './s3-operation.ts'
export { type Listener, listenOn } from './server.ts'
export type { WireAnswer, WireReply, WireRequest } from './wire.ts'
export { jsonReply, textReply } from './wire.ts'
