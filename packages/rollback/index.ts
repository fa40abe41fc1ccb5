export { close, closeByHand, closeUnopened, closeWithout, sectionsOf } from './close.ts'
export { buttonCommand, byHandCommands, closeCommand } from './commands.ts'
export {
  type Compared,
  type Comparisons,
  compareAll,
  comparisonsOf,
  type Difference,
} from './compare.ts'
export { type PlanDocument, parsePlan, planDocument } from './document.ts'
export { findDeployment, findWay, type Known, lookNow, type Now, type Way } from './evidence.ts'
export { type Judged, judge } from './judge.ts'
export { foundOut, momentsOf } from './moments.ts'
export { open } from './open.ts'
export { rollbackPlan } from './plan.ts'
export { release } from './release.ts'
export { type ReportSettings, reportModes, reportSettings } from './report-settings.ts'
export { type ReportPorts, rollbackReport } from './rollbackreport.ts'
export { type PlanSettings, planSettings } from './settings.ts'
export { type Stand, standOf, takeOver } from './takeover.ts'
export { type Between, type Hub, tellClosed, tellOpened } from './tell.ts'
