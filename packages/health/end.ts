import {
  iso,
  type Json,
  type Outcome,
  type Result,
  type Run,
  type Section,
  type Verdict,
  worst,
} from '#core'
import type { Store } from '#store'
import type { HealthSettings } from './settings.ts'
import { type Writing, writeVerdict } from './write.ts'

/** What a verification found. Moments in milliseconds since the epoch, spans in milliseconds. */
export interface Ending {
  readonly verdict: Verdict
  readonly why: string
  readonly next: readonly string[]
  readonly failed?: readonly string[]
  readonly sections?: readonly Section[]
  /** The path of the evidence file. */
  readonly evidence?: string
  readonly data?: Json
  readonly firstBadAt?: number
  readonly detectedAfter?: number
  /** How many looks failed, of all that said something of what was verified. */
  readonly looks?: { readonly failed: number; readonly of: number }
}

/** How each verdict ends the action. */
export const outcomeOf: Readonly<Record<Verdict, Outcome>> = {
  healthy: 'done',
  unhealthy: 'unhealthy',
  inconclusive: 'inconclusive',
  error: 'failed',
}

/**
 * Writes the verdict into the store, then makes the result. A verdict that could not be written fails the action and
 * is at best `inconclusive`: the store is what a rollback reads, and an empty output would read as "killed".
 */
export async function finish(
  run: Run,
  given: { readonly settings: HealthSettings; readonly store: Store | undefined },
  ending: Ending,
): Promise<Result> {
  const writing = await writeVerdict(run, given, ending)
  const { sections, data } = ending
  const kept = {
    sections: [...(sections ?? []), { title: 'Where the verdict lies', text: whereOf(writing) }],
    ...(data === undefined ? {} : { data }),
  }
  if (writing.is !== 'failed') {
    if (writing.is === 'nowhere') run.report.info(`the verdict is an output only: ${writing.why}`)
    return {
      ...kept,
      outcome: outcomeOf[ending.verdict],
      headline: headlineOf(ending),
      next: ending.next,
      outputs: outputsOf(ending, ending.verdict),
    }
  }
  return {
    ...kept,
    outcome: 'failed',
    headline: `judged ${ending.verdict} (${ending.why}), but the verdict could not be written: ${writing.why}`,
    next: [
      'mend the store, then run this job again: nothing counts as healthy that is not written down',
      ...ending.next,
    ],
    outputs: outputsOf(ending, worst([ending.verdict, 'inconclusive'])),
  }
}

/** The outcome is printed before the headline: the verdict is named only where it is another word. */
const headlineOf = ({ verdict, why }: Ending): string =>
  outcomeOf[verdict] === verdict ? why : `${verdict}: ${why}`

function whereOf(writing: Writing): string {
  switch (writing.is) {
    case 'written':
      return `written to ${writing.where}`
    case 'nowhere':
      return `in the output only: ${writing.why}`
    case 'failed':
      return `not written: ${writing.why}`
  }
}

function outputsOf(ending: Ending, verdict: Verdict): Readonly<Record<string, string>> {
  const { firstBadAt, detectedAfter } = ending
  return {
    verdict,
    reason: ending.why,
    'failed-checks': (ending.failed ?? []).join(', '),
    evidence: ending.evidence ?? '',
    'first-bad-at': firstBadAt === undefined ? '' : iso(firstBadAt),
    'detected-after-seconds':
      detectedAfter === undefined ? '' : String(Math.round(detectedAfter / 1000)),
  }
}
