import { passes, span } from '#core'
import type { Record } from '#store'
import type { Step } from './matrix.ts'

/** Under which name the record keeps how a step ended: the action and its mode. */
export const partNames: Readonly<{ [S in Step]: string }> = {
  stop: 'ecs-rollback stop',
  migrations: 'migration-revert revert',
  config: 'config-rollback rollback',
  restore: 'rds-snapshot-guard restore',
  code: 'ecs-rollback rollback',
  readers: 'ecs-rollback redeploy',
  start: 'ecs-rollback start',
  site: 's3-frontend-restore restore',
  verify: 'verify-health verify',
}

/** How long a step took in earlier rollbacks: median and longest in milliseconds, over `times` of them. */
export interface Took {
  readonly median: number
  readonly longest: number
  readonly times: number
}

/** What earlier records of the environment say of the steps of a plan; a step that none of them had is left out. */
export function tookBefore(
  steps: readonly Step[],
  records: readonly Pick<Record, 'parts'>[],
): ReadonlyMap<Step, Took> {
  return new Map(
    steps.flatMap((step) => {
      const spans = records.flatMap(({ parts }) => spanOf(parts[partNames[step]])).sort(byNumber)
      const [longest, median] = [spans.at(-1), spans[Math.floor(spans.length / 2)]]
      if (longest === undefined || median === undefined) return []
      return [[step, { median, longest, times: spans.length }] as const]
    }),
  )
}

const byNumber = (a: number, b: number) => a - b

/** A part that failed, or that found nothing to do, says nothing of how long its work takes. */
function spanOf(part: Record['parts'][string] | undefined): readonly number[] {
  if (part?.from === undefined || part.outcome === 'unchanged' || !passes(part.outcome)) return []
  return [Date.parse(part.at) - Date.parse(part.from)]
}

/** The estimate in a sentence: the medians of earlier rollbacks added up, and what nobody knows yet. */
export function estimateText(
  steps: readonly Step[],
  took: ReadonlyMap<Step, Took>,
  words: (step: Step) => string,
): string {
  const known = steps.flatMap((step) => took.get(step) ?? [])
  const unknown = steps.filter((step) => !took.has(step)).map(words)
  const sum = (of: (one: Took) => number) => known.reduce((all, one) => all + of(one), 0)
  if (known.length === 0) return 'not known: no earlier rollback of this environment did this'
  const times = Math.min(...known.map((one) => one.times))
  const told = `about ${span(sum((one) => one.median))}, at most ${span(sum((one) => one.longest))} until now (${times === 1 ? '1 earlier rollback' : `${times} earlier rollbacks`})`
  return unknown.length === 0
    ? told
    : `${told}, and the time for: ${unknown.join(', ')} (not done before)`
}
