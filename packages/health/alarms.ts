import { z } from 'zod'
import { iso, type Json } from '#core'
import { brief, type Seen } from './sample.ts'
import type { Expect } from './version.ts'

/** One alarm as CloudWatch answers it. `since`: when it came into this state, milliseconds since the epoch. */
export interface Alarm {
  readonly name: string
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'
  readonly since: number | undefined
}

/** How alarms stood at one moment, by name. */
export interface Standing {
  readonly ok: readonly string[]
  readonly alarm: readonly string[]
  readonly insufficient: readonly string[]
}

const standing = z.object({
  ok: z.array(z.string()),
  alarm: z.array(z.string()),
  insufficient: z.array(z.string()),
})

/** How alarms stand, for the restore point. */
export function standingOf(alarms: readonly Alarm[]): Standing & Json {
  const named = (state: Alarm['state']) =>
    alarms.filter((alarm) => alarm.state === state).map(({ name }) => name)
  return { ok: named('OK'), alarm: named('ALARM'), insufficient: named('INSUFFICIENT_DATA') }
}

/** Reads a standing from a restore point; undefined when there is none. */
export function readStanding(measured: Json | undefined): Standing | undefined {
  const parsed = standing.safeParse(measured)
  return parsed.success ? parsed.data : undefined
}

/** What the judge knows beside the look. */
export interface AlarmsContext {
  readonly expect: Expect
  /** How they stood before the deployment; undefined when that was not captured. */
  readonly before: Standing | undefined
  /** Alarms that an earlier look of this watch saw OK. */
  readonly seenOk: ReadonlySet<string>
}

const expected = 'no alarm that was OK is on'

/**
 * Judges one look at alarms. Only an alarm that was OK and is on counts as bad. It is soft evidence, that is, it must stay on
 * for some looks: an alarm is itself a statistic over a period, can recover, and names no cause; ECS and CodeDeploy act on
 * the first ALARM, and so take a cut-over of a minute for a failure. Waiting for a row costs less than one period of the alarm.
 * After a rollback one that is still on may only be late, because its period still covers the bad release.
 */
export function judgeAlarms(alarms: readonly Alarm[], context: AlarmsContext): Seen {
  if (context.expect === 'anything') return judgeBefore(alarms)
  const raised = alarms.filter((alarm) => isRaised(alarm, context))
  if (raised.length > 0) return bad(raised, context)
  const doubts = [...alarms.flatMap((one) => doubt(one, context) ?? []), ...gone(alarms, context)]
  const [first] = doubts
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more)` : ''
  if (first !== undefined) return unknown(alarms, `${first}${more}`)
  return plain(alarms, 'no alarm can be judged')
}

function judgeBefore(alarms: readonly Alarm[]): Seen {
  return plain(alarms, 'no alarm is OK: none of them could tell that a release is bad')
}

const isOn = ({ state }: Alarm) => state === 'ALARM'

function isRaised(alarm: Alarm, { before, seenOk }: AlarmsContext): boolean {
  if (!isOn(alarm) || before?.alarm.includes(alarm.name)) return false
  return seenOk.has(alarm.name) || (before?.ok.includes(alarm.name) ?? false)
}

function bad(raised: readonly Alarm[], { expect, seenOk }: AlarmsContext): Seen {
  const late = expect === 'restored' && !raised.some(({ name }) => seenOk.has(name))
  const since = raised[0]?.since
  return {
    class: 'bad',
    ...(late ? { late: 'in-progress' as const } : {}),
    value: `${raised.length} on: ${listed(raised)}`,
    expected,
    why: `${listed(raised)} went from OK to ALARM${since === undefined ? '' : `, since ${iso(since)}`}`,
  }
}

/** Why an alarm says nothing that could be called good. */
function doubt({ name, state }: Alarm, { before, seenOk }: AlarmsContext): string | undefined {
  const shown = brief(name, 60)
  if (state === 'OK' || before?.alarm.includes(name)) return undefined
  const wasOk = seenOk.has(name) || before?.ok.includes(name)
  if (state === 'INSUFFICIENT_DATA') {
    if (before?.insufficient.includes(name) && !seenOk.has(name)) return undefined
    return wasOk ? `${shown} was OK and has no data any more` : `${shown} has no data`
  }
  if (before === undefined) {
    return `${shown} is on, and no restore point says whether it was before the deployment`
  }
  return `${shown} is on, and was not OK before the deployment`
}

function gone(alarms: readonly Alarm[], { before }: AlarmsContext): readonly string[] {
  const there = new Set(alarms.map(({ name }) => name))
  return (before?.ok ?? [])
    .filter((name) => !there.has(name))
    .map((name) => `${brief(name, 60)} was OK and is gone`)
}

/** Good when at least one alarm is OK; one that was on already is said, and is no evidence. */
function plain(alarms: readonly Alarm[], nothing: string): Seen {
  if (!alarms.some(({ state }) => state === 'OK')) return unknown(alarms, nothing)
  return { class: 'good', value: counted(alarms), expected, why: 'no alarm went on' }
}

const unknown = (alarms: readonly Alarm[], why: string): Seen => ({
  class: 'void',
  value: counted(alarms),
  expected,
  why,
})

function counted(alarms: readonly Alarm[]): string {
  const of = (state: Alarm['state']) => alarms.filter((alarm) => alarm.state === state)
  const [on, blind] = [of('ALARM'), of('INSUFFICIENT_DATA')]
  return [
    `${of('OK').length} OK`,
    ...(on.length > 0 ? [`${on.length} on already, not counted: ${listed(on)}`] : []),
    ...(blind.length > 0 ? [`${blind.length} without data: ${listed(blind)}`] : []),
  ].join(', ')
}

function listed(alarms: readonly Alarm[]): string {
  const names = alarms.slice(0, 3).map(({ name }) => brief(name, 60))
  return `${names.join(', ')}${alarms.length > 3 ? ` and ${alarms.length - 3} more` : ''}`
}
