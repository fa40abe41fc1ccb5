import type { Verdict } from '#core'
import type { Point } from '#store'

/** What a baseline said; undefined when no checks are configured. */
export interface Baseline {
  readonly verdict: Verdict
  readonly why: string
  /** What the checks measured, by check name. */
  readonly measured?: NonNullable<Point['measured']>
}

/**
 * Decides whether a `before` counts as verified: a healthy baseline just then, or a fingerprint equal to the last
 * verified point. A baseline that judged it unhealthy wins over the fingerprint and holds the automatic rollback:
 * returning there would return to something equally broken.
 */
export function judgeBefore(
  fingerprint: string,
  verified: Point | undefined,
  baseline: Baseline | undefined,
): Point['verified'] {
  if (baseline?.verdict === 'unhealthy') {
    return { is: false, held: true, why: `unhealthy before the deployment: ${baseline.why}` }
  }
  if (baseline?.verdict === 'healthy') {
    return { is: true, held: false, why: `the checks judged it healthy: ${baseline.why}` }
  }
  if (verified?.fingerprint === fingerprint) {
    return { is: true, held: false, why: `it equals ${verified.id}, which was verified` }
  }
  const doubt = baseline
    ? `the checks could not judge it: ${baseline.why}`
    : 'no checks are configured'
  const other = verified ? `it differs from ${verified.id}` : 'nothing was verified before'
  return { is: false, held: false, why: `${doubt}, and ${other}` }
}

/** The commit that runs in a `before`: known only when it equals a point whose commit is known. */
export function runningCommit(
  fingerprint: string,
  verified: Point | undefined,
): string | undefined {
  return verified?.fingerprint === fingerprint ? verified.runs : undefined
}
