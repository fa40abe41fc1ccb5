import { type Bar, type Chart, passes, type Section } from '#core'
import type { Moments, Record } from '#store'
import { momentNames } from './moments.ts'

type Part = Record['parts'][string]

/** The components of a rollback, and the parts of a record that are about each. */
const groups: readonly { readonly name: string; readonly parts: RegExp; readonly of?: RegExp }[] = [
  { name: 'Front end', parts: /^s3-frontend-restore /, of: /^site / },
  { name: 'Migrations', parts: /^migration-revert / },
  { name: 'Secrets, parameters', parts: /^config-rollback / },
  { name: 'Database', parts: /^rds-snapshot-guard / },
  { name: 'Services', parts: /^ecs-rollback /, of: /^ecs / },
  { name: 'Verification', parts: /^(verify-health|restore-point) / },
]

/** The rollback as a chart: the moments of the whole, then each component with its parts and what it reached. */
export function timelineChart(record: Record): Section {
  return {
    title: 'Timeline (UTC)',
    chart: {
      groups: [
        { name: 'Release', bars: releaseBars(record.moments ?? {}) },
        ...groups
          .map((group) => ({ name: group.name, bars: barsOf(record, group) }))
          .toSorted((a, b) => beganAt(a.bars) - beganAt(b.bars)),
      ],
    },
  }
}

const beganAt = ([first]: readonly Bar[]) => (first === undefined ? 0 : Date.parse(first.from))

function releaseBars(moments: Moments): readonly Bar[] {
  const { firstBad, detected, badTrafficEnded } = moments
  const from = firstBad ?? detected
  const bad: readonly Bar[] =
    from === undefined || badTrafficEnded === undefined
      ? []
      : [{ label: 'bad release served', from, to: badTrafficEnded, is: 'bad' }]
  return [
    ...bad,
    ...momentNames.flatMap(([name, label]): readonly Bar[] => {
      const at = moments[name]
      return at === undefined ? [] : [{ label, from: at, is: 'moment' }]
    }),
  ]
}

function barsOf(
  { parts, reached = {} }: Record,
  group: (typeof groups)[number],
): Chart['groups'][number]['bars'] {
  const done = Object.entries(parts)
    .filter(([name]) => group.parts.test(name))
    .map(([name, part]) => barOf(name, part))
    .toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from))
  const milestones = Object.entries(reached)
    .filter(([thing]) => group.of?.test(thing))
    .flatMap(([thing, moments]): readonly Bar[] => {
      const at = moments.capacityRestored ?? moments.badTrafficEnded
      const word = moments.capacityRestored === undefined ? 'back' : 'full again'
      const name = thing.replace(/^(ecs|site) (s3:\/\/)?/, '')
      return at === undefined ? [] : [{ label: `${name} ${word}`, from: at, is: 'moment' }]
    })
  return [...done, ...milestones]
}

/** `restore`, `rollback`; with how it ended where that is not well. */
function barOf(name: string, { from, at, outcome }: Part): Bar {
  const label = name.startsWith('verify-health') ? 'verify' : name
  const ended = passes(outcome) ? '' : ` ${outcome}`
  return {
    label: `${label}${ended}`,
    from: from ?? at,
    to: at,
    is: passes(outcome) ? 'good' : 'bad',
  }
}

/** Rows of the timeline before it says how many more there are. */
const shown = 150

/** The same and every change as rows, oldest first, for those who read a log. */
export function timeline(record: Record): Section {
  const { openedAt, reason, journal, verdict, parts, moments = {} } = record
  const rows: readonly (readonly [string, string])[] = [
    [openedAt, `record opened: ${reason}`],
    ...momentNames.flatMap(([name, words]): readonly (readonly [string, string])[] => {
      const at = moments[name]
      return at === undefined ? [] : [[at, `${words} (whole rollback)`]]
    }),
    ...journal.map(({ at, component, operation, on }): readonly [string, string] => [
      at,
      `${component}: ${operation} ${on}`,
    ]),
    ...Object.entries(parts).map(([name, { at, outcome }]): readonly [string, string] => [
      at,
      `${name} ended ${outcome}`,
    ]),
    ...(verdict ? [[verdict.at, `verdict: ${verdict.verdict}: ${verdict.why}`] as const] : []),
  ]
  const sorted = rows.toSorted(([a], [b]) => Date.parse(a) - Date.parse(b))
  const left = sorted.length - shown
  const first = left > 0 ? sorted.slice(0, shown / 2) : sorted
  const last = left > 0 ? sorted.slice(-shown / 2) : []
  const gap = left > 0 ? [['', `… ${left} more, in the record`]] : []
  return {
    title: 'Timeline, every change',
    columns: ['at', 'what'],
    rows: [...first, ...gap, ...last].map(([at = '', what = '']) => [at, what.slice(0, 300)]),
  }
}
