import type { Outcome, Result, Section } from '#core'
import type { Point, Store } from '#store'
import type { CapturedAll } from './components.ts'
import type { Refusal } from './gate.ts'

/** A refused deployment with every reason at once. */
export function refusedBy(store: Store, reasons: readonly Refusal[]): Result {
  return {
    outcome: 'refused',
    headline: `${store.environment} is not deployed: ${reasons.map((reason) => reason.why).join('; ')}`,
    sections: [
      {
        title: 'Why',
        columns: ['reason', 'what to do'],
        rows: reasons.map(({ why, next }) => [why, next]),
      },
    ],
    next: reasons.map((reason) => reason.next),
  }
}

/** The outputs that name a point. */
export const outputsOf = (point: Point) => ({
  'restore-point': point.id,
  verified: String(point.verified.is),
  fingerprint: point.fingerprint,
})

/** What runs, and what a person should know. */
export const sectionsOf = (captured: CapturedAll): Section[] => [
  { title: 'What runs now', columns: ['thing', 'state'], rows: captured.rows },
  ...(captured.warnings.length > 0
    ? [
        {
          title: 'Warnings',
          columns: ['warning'],
          rows: captured.warnings.map((warning) => [warning]),
        },
      ]
    : []),
]

/** A point that was taken, planned or found, with what it is good for. */
export function resultOf(outcome: Outcome, point: Point, captured: CapturedAll): Result {
  const way = point.verified.is
    ? 'A rollback may return here by itself.'
    : point.verified.held
      ? 'The automatic rollback of this deployment is held: it would return to something unhealthy.'
      : 'Nothing returns here by itself. Without a verified point this deployment cannot be rolled back automatically.'
  return {
    outcome,
    headline: `${point.id}: ${point.verified.is ? 'verified' : 'not verified'}: ${point.verified.why}`,
    sections: [{ title: 'Way back', text: way }, ...sectionsOf(captured)],
    outputs: outputsOf(point),
    data: JSON.parse(JSON.stringify(point)),
  }
}
