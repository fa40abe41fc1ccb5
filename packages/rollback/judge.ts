import { consented, partNames } from '#chain'
import { join, type Outcome, passes } from '#core'
import type { Record } from '#store'

/** How a rollback stands, judged from its record alone. */
export interface Judged {
  readonly outcome: Outcome
  readonly why: string
}

/** The parts that a rollback must have before it can be done: schema or data are back, and what was stopped is started. */
function expectedParts({ profile, parts }: Record): readonly string[] {
  const started = partNames.stop in parts ? [partNames.start] : []
  switch (profile) {
    case 'A':
    case 'D':
      return []
    case 'B':
      return [partNames.migrations, ...started]
    case 'C':
      return [partNames.restore, ...started]
  }
}

/**
 * Judges a rollback: done only when every part passed and the restored system was verified healthy. Doubt, a missing
 * part and missing consent keep the record open.
 */
export function judge(record: Record): Judged {
  // The verdict in the record counts, not how the action that wrote it ended.
  const parts = Object.entries(record.parts).filter(([name]) => !name.startsWith('verify-health'))
  const bad = parts.filter(([, part]) => !passes(part.outcome))
  if (bad.length > 0) {
    const why = bad.map(([name, part]) => `${name}: ${part.outcome}: ${part.headline}`).join('; ')
    return { outcome: join(parts.map(([, part]) => part.outcome)), why }
  }
  if (!consented(record.consent)) {
    const why =
      record.consent === 'never'
        ? 'the data does not go back: the configuration says data-restore: never'
        : `the data waits for consent to the plan ${record.planId}`
    return { outcome: 'partial', why }
  }
  const missing = expectedParts(record).filter((name) => !(name in record.parts))
  if (missing.length > 0)
    return { outcome: 'partial', why: `not begun or killed: ${missing.join(', ')}` }
  if (isOutdated(record))
    return { outcome: 'inconclusive', why: 'something was changed after the last verdict' }
  switch (record.verdict?.verdict) {
    case 'healthy':
      // Without it the environment would still call an older point its last verified one, and no run would come back for it.
      return 'restore-point capture' in record.parts
        ? { outcome: 'done', why: record.verdict.why }
        : { outcome: 'partial', why: 'all is back and healthy, only its restore point is missing' }
    case 'unhealthy':
      return { outcome: 'unhealthy', why: record.verdict.why }
    case 'inconclusive':
    case 'error':
      return { outcome: 'inconclusive', why: record.verdict.why }
    case undefined:
      return { outcome: 'inconclusive', why: 'what was restored has not been verified' }
  }
}

/** A verdict says nothing about a change that an attempt after it sent. A label that keeps a version changes nothing that runs. */
export function isOutdated({ verdict, journal }: Record, at = verdict?.at): boolean {
  const last = journal.findLast(({ operation }) => operation !== 'keep-version')
  return at !== undefined && last !== undefined && Date.parse(last.at) > Date.parse(at)
}
