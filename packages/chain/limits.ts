import type { Record } from '#store'
import type { Decision } from './decide.ts'

/** What of earlier rollbacks counts. */
export interface History {
  /** The deployment that would be rolled back. */
  readonly undone: string
  /** By the server's clock, milliseconds. */
  readonly now: number
  /** Earlier rollbacks of the environment. */
  readonly records: readonly Pick<Record, 'id' | 'undone' | 'trigger' | 'openedAt'>[]
  /** So many rollbacks within 24 hours may begin without a person. */
  readonly perDay: number
}

const day = 24 * 3_600_000

/**
 * Holds a rollback that nobody asked for when the deployment went back by itself before, or the environment did too often within
 * 24 hours: what fails again and again is not mended by going back once more.
 */
export function withinLimits(decision: Decision, history: History): Decision {
  if (decision.choice !== 'roll-back' || decision.trigger === 'button') return decision
  const held = (why: string): Decision => ({
    ...decision,
    choice: 'hold',
    why: `${decision.why}, but ${why}: nothing is undone until a person decides`,
  })
  const alone = history.records.filter(({ trigger }) => trigger !== 'button')
  const same = alone.find(({ undone }) => undone === history.undone)
  if (same) return held(`this deployment went back by itself before (${same.id})`)
  const recent = alone.filter(({ openedAt }) => history.now - Date.parse(openedAt) < day)
  if (recent.length < history.perDay) return decision
  const which = recent.map(({ id, openedAt }) => `${id} at ${openedAt}`).join(', ')
  return held(
    recent.length === 0
      ? 'automatic-rollbacks-per-day is 0'
      : `the environment went back by itself ${times(recent.length)} within 24 hours (${which})`,
  )
}

const times = (count: number) => ({ 1: 'once', 2: 'twice' })[count] ?? `${count} times`
