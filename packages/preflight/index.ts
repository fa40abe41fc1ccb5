export { type Finding, resultOf } from './finding.ts'
export { liveFindings } from './live.ts'
export { type Mode, type Need, needs, rollbackModes, type Thing } from './needs.ts'
export { judged } from './permissions.ts'
export { type Ports, portsOf, preflight, type Settings, settings } from './preflight.ts'
export {
  consentFindings,
  fits,
  type Look,
  type Protection,
  type Ref,
  rollbackFindings,
} from './protection.ts'
export { type Answer, answerOf, groupsOf, principalOf, simulate } from './simulate.ts'
export { type Facts, type Question, questionsOf, resourcesOf } from './things.ts'
