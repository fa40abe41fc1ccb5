/** How an action ended: the same words in every action, output and record. */
export const outcomes = [
  'done',
  'unchanged',
  'planned',
  'refused',
  'partial',
  'superseded',
  'unhealthy',
  'inconclusive',
  'failed',
] as const
export type Outcome = (typeof outcomes)[number]

const passing: Readonly<Record<Outcome, boolean>> = {
  done: true,
  unchanged: true,
  planned: true,
  refused: false,
  partial: false,
  superseded: false,
  unhealthy: false,
  inconclusive: false,
  failed: false,
}

/** Tells whether an action with this outcome lets its job go on. */
export function passes(outcome: Outcome): boolean {
  return passing[outcome]
}

/** From the most to the least telling, for parts that ended differently without one of them being done. */
const severity: readonly Outcome[] = [
  'failed',
  'unhealthy',
  'superseded',
  'partial',
  'inconclusive',
  'refused',
  'planned',
  'done',
  'unchanged',
]

/** Joins the outcomes of parts into the outcome of the whole: something done beside something that did not pass is `partial`. */
export function join(parts: readonly Outcome[]): Outcome {
  const worst = severity.find((outcome) => parts.includes(outcome)) ?? 'unchanged'
  if (passes(worst) || worst === 'superseded') return worst
  return parts.includes('done') ? 'partial' : worst
}

/** What a person sees of an outcome before reading a word. */
export const marks: Readonly<Record<Outcome, string>> = {
  done: '✅',
  unchanged: '✅',
  planned: '📝',
  refused: '⛔',
  partial: '⚠️',
  superseded: '↪️',
  unhealthy: '❌',
  inconclusive: '❔',
  failed: '❌',
}
