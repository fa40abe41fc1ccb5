import { bounded, InputError } from '#core'
import { isRecordId } from '#store'
import { type PlanDocument, parsePlan } from './document.ts'
import {
  type NotifyInputs,
  type NotifySettings,
  notifyProblems,
  notifySettings,
} from './notify/settings.ts'
import { longestReason } from './settings.ts'

/** What the action is asked to do. */
export const reportModes = ['open', 'close', 'take-over', 'release', 'notify'] as const
export type ReportMode = (typeof reportModes)[number]

/** The action's settings. `hubEnvironment` is what GitHub calls the environment. */
export type ReportSettings = { readonly hubEnvironment: string } & Asked

type Asked =
  | { readonly mode: 'open'; readonly plan: PlanDocument }
  | { readonly mode: 'close'; readonly plan: PlanDocument; readonly record: string | undefined }
  | { readonly mode: 'close-by-hand'; readonly record: string; readonly reason: string }
  | { readonly mode: 'take-over'; readonly settle: number }
  | { readonly mode: 'release'; readonly pin: string; readonly reason: string }
  | { readonly mode: 'notify'; readonly notify: NotifySettings }

/** The action's inputs, as far as they depend on one another. */
export interface ReportInputs extends NotifyInputs {
  readonly environment: string | undefined
  readonly mode: ReportMode
  readonly plan: string | undefined
  readonly record: string | undefined
  readonly pin?: string | undefined
  readonly reason: string | undefined
  readonly settle: number
  readonly 'github-environment': string | undefined
}

/** Checks how the inputs fit together. Throws `InputError` with all problems. */
export function reportSettings(given: ReportInputs): ReportSettings {
  const { mode, record } = given
  const problems = [
    ...(given.environment === undefined ? ['environment: expected a name'] : []),
    ...(mode === 'open' && given.plan === undefined
      ? [
          'plan: expected the output plan of the action rollback-plan (the runner drops an output that contains a masked value: is the name of the environment, or a word of the reason, a secret?)',
        ]
      : []),
    ...(mode === 'close' ? closeProblems(given) : []),
    ...(record !== undefined && !isRecordId(record)
      ? ['record: expected <environment>/<run id>/rollback-<n>']
      : []),
    ...pinProblems(given),
    ...(mode === 'notify' ? notifyProblems(given) : []),
  ]
  if (problems.length > 0) throw new InputError(problems)
  const hubEnvironment = given['github-environment'] ?? given.environment ?? ''
  return { ...askedOf(given), hubEnvironment }
}

function askedOf(given: ReportInputs): Asked {
  const { mode, plan, record, environment = '' } = given
  const reason = bounded(given.reason ?? '', longestReason)
  switch (mode) {
    case 'open':
      return { mode, plan: parsePlan(plan ?? '', environment) }
    case 'close':
      return plan === undefined
        ? { mode: 'close-by-hand', record: record ?? '', reason }
        : { mode, plan: parsePlan(plan, environment), record }
    case 'take-over':
      return { mode, settle: given.settle }
    case 'release':
      return { mode, pin: given.pin ?? '', reason }
    case 'notify':
      return { mode, notify: notifySettings(given) }
  }
}

const closeProblems = ({ plan, record, reason }: ReportInputs): readonly string[] =>
  plan !== undefined
    ? []
    : [
        ...(record === undefined
          ? ['record: expected the id of the record to close (or plan, in the chain)']
          : []),
        ...(reason === undefined ? ['reason: expected why the record is closed by hand'] : []),
      ]

/** As much of a commit as tells it from others. */
const commit = /^[0-9a-f]{7,40}$/i

function pinProblems({ mode, pin, reason }: ReportInputs): readonly string[] {
  if (mode !== 'release') return pin === undefined ? [] : ['pin: goes only with mode: release']
  return [
    ...(pin !== undefined && commit.test(pin)
      ? []
      : ['pin: expected the commit whose pin is released, at least its first 7 digits']),
    ...(reason === undefined ? ['reason: expected why the commit may be deployed again'] : []),
  ]
}
