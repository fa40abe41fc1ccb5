import type { Target, TargetGroup } from './targetGroup.ts'

/** A target group and its share of a rule's requests. */
export interface Forward {
  readonly group: TargetGroup
  readonly weight: number
}

/** A listener rule: passes requests to target groups by weight. */
export interface Rule {
  readonly arn: string
  /** From now on requests go to these groups; weights need not add up to anything. */
  forward(to: readonly Forward[]): void
  weights(): readonly Forward[]
  /** The next target; a group without one still gets its share, as on AWS. */
  pick(): Target | undefined
}

/**
 * A rule that passes everything to one group. Shares are exact: of a hundred requests with 5 and 95 five go to the first
 * (each group collects its weight with every request, and the richest pays for it).
 */
export function weightedRule(arn: string, group: TargetGroup): Rule {
  let shares = [{ group, weight: 100, credit: 0 }]
  return {
    arn,
    forward: (to) => {
      shares = to.map((one) => ({ ...one, credit: 0 }))
    },
    weights: () => shares.map(({ group: each, weight }) => ({ group: each, weight })),
    pick: () => {
      const total = shares.reduce((sum, share) => sum + share.weight, 0)
      for (const share of shares) share.credit += share.weight
      const [next] = shares.filter((one) => one.weight > 0).sort((a, b) => b.credit - a.credit)
      if (!next) return undefined
      next.credit -= total
      return next.group.pick()
    },
  }
}
