export { captureAfter, type Subject } from './after.ts'
export { captureBefore, gate, type Ports } from './before.ts'
export {
  baselineOf,
  type CapturedAll,
  type Captures,
  captureAll,
  capturesOf,
} from './components.ts'
export { fingerprint } from './fingerprint.ts'
export { type GateEvidence, type Refusal, readGate, refusals, releaseCommand } from './gate.ts'
export { type Keep, keepSecrets } from './keep.ts'
export { type Button, list, show } from './list.ts'
export { restorePoint, type Settings, settings } from './restorepoint.ts'
export { type Baseline, judgeBefore, runningCommit } from './verified.ts'
