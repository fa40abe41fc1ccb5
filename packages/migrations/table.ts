import type { LostRows, Outcome, Result } from '#core'
import type { Step } from './back-plan.ts'
import type { Estimate } from './loss.ts'

/** The plan as people read it, and how far it got. */
export interface Told {
  readonly runner: string
  readonly rows: readonly Row[]
}

interface Row {
  readonly step: Step
  readonly lost: readonly Estimate[]
  readonly state: string
}

/** How a step is called: its file. */
export const nameOf = (step: Step): string =>
  step.run === 'down' ? step.down.file.name : step.reviewed.path

/** What a step is judged to be, and why. */
function judgement(step: Step): readonly [string, string] {
  if (step.run === 'down') return [step.down.undo.is, step.down.undo.why]
  const versions = step.versions.join(', ')
  const known = step.reviewed.losses !== undefined
  return ['reviewed', `SQL for ${versions}${known ? '' : '; what it loses is not known'}`]
}

const wordsOf = (lost: readonly Estimate[]) =>
  lost.map(({ name, words }) => `${name}: ${words}`).join('; ')

/** Rows that were counted before the step that took them: nothing that was only estimated. */
const rowsLost = (rows: readonly Row[]): readonly LostRows[] =>
  rows
    .filter(({ state }) => state === 'reverted')
    .flatMap(({ lost }) => lost)
    .flatMap(({ name, rows: count }) => (count === undefined ? [] : [{ table: name, rows: count }]))

/** The plan as lines of the log, before anything happens. */
export function linesOf({ runner, rows }: Told): readonly string[] {
  return [
    `by ${runner}`,
    ...rows.map(({ step, lost }) => {
      const loses = lost.length > 0 ? `; loses ${wordsOf(lost)}` : ''
      return `${nameOf(step)}: ${judgement(step).join(': ')}${loses}`
    }),
  ]
}

interface More {
  readonly told?: Told
  readonly reverted?: readonly string[]
  /** Versions applied since the restore point that still are. */
  readonly left?: readonly string[]
  readonly next?: readonly string[]
}

/** The result with its outputs. */
export function resultOf(
  outcome: Outcome,
  headline: string,
  { told, reverted = [], left = [], next }: More,
): Result {
  const rows = (told?.rows ?? []).map(({ step, lost, state }) => [
    nameOf(step),
    ...judgement(step),
    wordsOf(lost) || 'nothing',
    state,
  ])
  return {
    outcome,
    headline,
    ...(told && {
      sections: [
        {
          title: 'Migrations to revert, newest first',
          columns: ['file', 'undo', 'what', 'lost', 'state'],
          rows,
        },
        { title: 'Run by', text: told.runner },
      ],
    }),
    ...(next && { next }),
    lost: outcome === 'planned' ? [] : rowsLost(told?.rows ?? []),
    outputs: { reverted: JSON.stringify(reverted), left: JSON.stringify(left) },
    data: { reverted, left, steps: rows },
  }
}
