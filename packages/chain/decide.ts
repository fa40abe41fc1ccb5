import { type Verdict, worst } from '#core'
import type { DeploymentState } from '#store'

/** What is known after a deployment's job ended, from the store and from the verdict it passed on. */
export interface Evidence {
  /** Undefined when no restore point was taken. */
  readonly state: DeploymentState | undefined
  /** The verdict that `verify-health` wrote into the restore point. */
  readonly stored: Verdict | undefined
  /** The verdict that the workflow passed on; undefined when it is empty. */
  readonly given: Verdict | undefined
  /** A record of this deployment that is still open. */
  readonly openRecord: string | undefined
  readonly onInconclusive: 'hold' | 'roll-back'
  /** A person pressed the Rollback button. */
  readonly asked: boolean
}

/** What the workflow does next. `verify` writes the `after` point; `hold` waits for a person; `nothing` has nothing to undo. */
export type Choice = 'verify' | 'roll-back' | 'hold' | 'nothing'

export interface Decision {
  readonly choice: Choice
  readonly why: string
  readonly trigger: 'verdict' | 'no-verdict' | 'button'
}

/**
 * Decides what happens after a deployment: in code, from the store and the verdict, never from a job's status, because a
 * timed-out job is "cancelled" and an output may be lost. Where both verdicts exist the worse counts.
 */
export function decide(evidence: Evidence): Decision {
  const verdict = joined(evidence)
  const trigger = evidence.asked ? 'button' : verdict === undefined ? 'no-verdict' : 'verdict'
  const decided = (choice: Choice, why: string): Decision => ({ choice, why, trigger })

  if (evidence.openRecord !== undefined) {
    return decided('roll-back', `the record ${evidence.openRecord} is open: it is finished first`)
  }
  if (evidence.state === undefined)
    return decided('nothing', 'no restore point was taken: nothing was deployed')
  if (evidence.asked) return decided('roll-back', 'a person asked for it')
  return decided(...afterDeployment(evidence.state, verdict, evidence.onInconclusive))
}

function afterDeployment(
  state: DeploymentState,
  verdict: Verdict | undefined,
  onInconclusive: Evidence['onInconclusive'],
): [Choice, string] {
  switch (state) {
    case 'rolled-back':
      return ['nothing', 'this deployment was already rolled back']
    case 'abandoned':
      return ['nothing', 'this deployment was abandoned before it changed anything']
    case 'verified':
      return ['verify', 'this deployment is already verified']
    case 'captured':
    case 'deploying':
    case 'held':
      return afterVerdict(state, verdict, onInconclusive)
  }
}

function afterVerdict(
  state: 'captured' | 'deploying' | 'held',
  verdict: Verdict | undefined,
  onInconclusive: Evidence['onInconclusive'],
): [Choice, string] {
  switch (verdict) {
    case 'healthy':
      return ['verify', 'the verdict is healthy']
    case 'unhealthy':
      return ['roll-back', 'the verdict is unhealthy']
    case 'inconclusive':
    case 'error':
      return onInconclusive === 'hold'
        ? ['hold', `the verdict is ${verdict}: nothing is undone until a person decides`]
        : ['roll-back', `the verdict is ${verdict} and on-inconclusive says roll-back`]
    case undefined:
      if (state === 'captured')
        return ['nothing', 'the deployment ended before it changed anything']
      if (state === 'held') return ['hold', 'this deployment is held until a person decides']
      return [
        'roll-back',
        'the deployment began and nobody judged it: it was killed, cancelled or timed out',
      ]
  }
}

function joined({ stored, given }: Evidence): Verdict | undefined {
  const both = [stored, given].filter((verdict) => verdict !== undefined)
  return both.length === 0 ? undefined : worst(both)
}
