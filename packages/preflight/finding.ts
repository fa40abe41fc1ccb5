import type { Result } from '#core'

/** One thing that was looked at. Doubt is something that could not be looked at; a problem refuses the deployment. */
export interface Finding {
  readonly check: string
  readonly found: string
  readonly is: 'fine' | 'warning' | 'doubt' | 'problem'
  /** What to do; for everything that is not fine and does not say it already. */
  readonly next?: string
}

const words: Readonly<Record<Finding['is'], string>> = {
  fine: '✅ yes',
  warning: '⚠️ look at it',
  doubt: '❔ not proven',
  problem: '❌ no',
}

const severity: readonly Finding['is'][] = ['problem', 'doubt', 'warning', 'fine']

/** Everything at once, the worst first: `refused` with each problem, else `done`. Pure. */
export function resultOf(environment: string, found: readonly Finding[]): Result {
  const sorted = severity.flatMap((is) => found.filter((one) => one.is === is))
  const problems = found.filter((one) => one.is === 'problem')
  const open = sorted.filter((one) => one.is !== 'fine')
  const next = [...new Set(open.flatMap((one) => one.next ?? []))]
  return {
    outcome: problems.length > 0 ? 'refused' : 'done',
    headline:
      problems.length > 0
        ? `${environment} is not deployed: ${problems.map((one) => one.found).join('; ')}`
        : `${environment} could be rolled back right now${open.length > 0 ? `, with ${counted(open.length)} to look at` : ''}`,
    sections: [
      {
        title: 'Preflight',
        columns: ['check', 'found', 'fine?'],
        rows: sorted.map(({ check, found, is }) => [check, found, words[is]]),
      },
    ],
    ...(next.length > 0 && { next }),
    data: { findings: sorted.map((one) => ({ ...one })) },
  }
}

const counted = (count: number) => (count === 1 ? 'one thing' : `${count} things`)
