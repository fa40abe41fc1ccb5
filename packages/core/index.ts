export { type Clock, holdStill, iso, setBy, span, systemClock } from './clock.ts'
export type { Capture, Captured } from './component.ts'
export { type Deadline, deadline } from './deadline.ts'
export { CallError, type FailedCall, InputError, LeaseLost, messageOf } from './errors.ts'
export type { Entry, Journal, Written } from './journal.ts'
export { inLanes } from './lanes.ts'
export type { Life, RunAttempt } from './life.ts'
export { nearest } from './nearest.ts'
export { join, marks, type Outcome, outcomes, passes } from './outcome.ts'
export { operations, type Plan, refused, unchanged } from './plan.ts'
export type {
  Bar,
  Chart,
  Json,
  LostRows,
  Moment,
  Reached,
  Report,
  Result,
  Section,
} from './report.ts'
export type { Identity, OnCut, Run } from './run.ts'
export { bounded, codeBlock, escapeMarkdown, oneLine, scrub } from './text.ts'
export { type Look, tolerant, until, type Wait, type Waited } from './until.ts'
export { type Verdict, verdicts, worst } from './verdict.ts'
