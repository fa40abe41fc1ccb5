import type { Moments, Record } from '#store'

/** What happened at a moment, in plain words that may be hostile. */
export interface Line {
  readonly at: string
  readonly what: string
}

const momentWords: Readonly<{ [Name in keyof Required<Moments>]: string }> = {
  firstBad: 'first bad evidence of the release',
  detected: 'found to be bad',
  badTrafficEnded: 'nothing of the bad release is served any more',
  capacityRestored: 'as many good tasks as desired serve',
  steady: 'the deployment is completed, the old tasks are gone',
  confirmed: 'verified healthy',
}

/** What a record says happened, in order of time; the same thing at the same moment once, like changes in a row as one. */
export function timelineOf(record: Record): readonly Line[] {
  const lines = [
    ...Object.entries(record.moments ?? {}).flatMap(([name, at]) =>
      at === undefined ? [] : [{ at, what: momentWords[name as keyof Moments] }],
    ),
    { at: record.openedAt, what: `record opened by ${record.actor}: ${record.reason}` },
    ...record.runs.slice(1).map(({ at, run, attempt, resumes }) => ({
      at,
      what: `${resumes ? 'finished by itself' : 'went on'} in run ${run}, attempt ${attempt}`,
    })),
    ...changesOf(record),
    ...Object.entries(record.parts).map(([name, { at, outcome, headline }]) => ({
      at,
      what: `${name}: ${outcome}: ${headline}`,
    })),
    ...(record.verdict
      ? [{ at: record.verdict.at, what: `${record.verdict.verdict}: ${record.verdict.why}` }]
      : []),
    ...(record.closedAt
      ? [{ at: record.closedAt, what: `closed by ${record.closedBy}: ${record.closedWhy}` }]
      : []),
  ]
  const seen = new Set<string>()
  return lines
    .filter(({ at, what }) => {
      const key = `${at} ${what}`
      return seen.has(key) ? false : seen.add(key)
    })
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

/** The names that a line of like changes tells. */
const named = 5

function changesOf({ journal }: Record): readonly Line[] {
  const groups: { at: string; what: string; names: string[] }[] = []
  for (const { at, component, operation, on } of journal) {
    const what = `${component}: ${operation}`
    const last = groups.at(-1)
    if (last?.what === what) last.names.push(on)
    else groups.push({ at, what, names: [on] })
  }
  return groups.map(({ at, what, names }) => {
    const different = [...new Set(names)]
    const rest = different.length - named
    const more = rest > 0 ? ` and ${rest} more` : ''
    return { at, what: `${what} ${different.slice(0, named).join(', ')}${more}` }
  })
}
