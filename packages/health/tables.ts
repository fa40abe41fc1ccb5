import { iso, type Section, span } from '#core'
import type { Judgement } from './baseline.ts'
import type { CheckVerdict, Rule } from './decide.ts'
import { warmUp } from './decide.ts'
import { brief, type Sample } from './sample.ts'
import type { Expected } from './version.ts'
import type { Watched } from './watch.ts'

const clock = (at: number) => iso(at).slice(11, 19)

/** Columns of a sparkline at most. */
const width = 40

const marks = { good: '▁', late: '▄', bad: '█', void: '·' } as const

/** The samples as one line, oldest first; where several share a column the worst shows. */
export function sparkline(samples: readonly Sample[]): string {
  const columns = Math.min(width, samples.length)
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * samples.length) / columns)
    const to = Math.floor(((column + 1) * samples.length) / columns)
    return markOf(samples.slice(from, to))
  }).join('')
}

function markOf(samples: readonly Sample[]): string {
  const bad = samples.filter((sample) => sample.class === 'bad')
  if (bad.some((sample) => sample.late === undefined)) return marks.bad
  if (bad.length > 0) return marks.late
  return samples.some((sample) => sample.class === 'good') ? marks.good : marks.void
}

/** The summary of a watch: each check, its samples, what decided, and what would have decided otherwise. */
export function watchSections(
  watched: Watched,
  rule: Rule,
  expected: Expected,
): readonly Section[] {
  const { decision, series, ended } = watched
  return [
    {
      title: 'Checks',
      columns: ['check', 'verdict', 'good / bad / void', 'last value', 'expected', 'decided at'],
      rows: [...decision.checks.map(checkRow), ...skipped(expected, series)],
    },
    {
      title: `Samples of ${span(ended - rule.started)} (${marks.good} good, ${marks.bad} bad, ${marks.late} not yet, ${marks.void} no information)`,
      columns: ['check', 'samples'],
      rows: series.map((one) => [one.check, sparkline(one.samples)]),
    },
    {
      title: 'What decided',
      columns: ['check', 'why', 'value and threshold', 'what would have changed the verdict'],
      rows: decision.telling.map(({ check, why, threshold, otherwise }) => [
        check,
        why,
        threshold,
        otherwise,
      ]),
    },
    { title: 'Rule', text: ruleText(rule) },
  ]
}

function checkRow(found: CheckVerdict): readonly string[] {
  const { counts, last } = found
  return [
    found.check,
    found.verdict,
    `${counts.good} / ${counts.bad} / ${counts.void}`,
    last?.value ?? 'nothing',
    last?.expected ?? '',
    found.decidedAt === undefined ? '' : clock(found.decidedAt),
  ]
}

/** A version that is not asked for is said, not hidden. */
function skipped(expected: Expected, series: Watched['series']): readonly (readonly string[])[] {
  if (expected.is === 'known' || !series.some(({ kind }) => kind === 'http')) return []
  return [['version', 'not asked', '', '', expected.why, '']]
}

const ruleText = (rule: Rule) =>
  `unhealthy after ${rule.consecutive} bad samples in a row or hard evidence read twice; not up counts after ${span(warmUp(rule))}; healthy only when the window of ${span(rule.watch)} ended well`

/** The summary of a baseline. */
export function baselineSections(judgement: Judgement): readonly Section[] {
  return [
    {
      title: 'Checks before anything is changed',
      columns: ['check', 'verdict', 'seen', 'expected', 'attempts'],
      rows: judgement.checks.map(({ check, verdict, why, samples }) => [
        check,
        verdict,
        samples.at(-1)?.value ?? brief(why, 160),
        samples.at(-1)?.expected ?? '',
        String(samples.length),
      ]),
    },
  ]
}
