import type { Life, Run } from '#core'
import {
  beforeId,
  deploymentId,
  type EnvironmentState,
  holderOf,
  isLeftBehind,
  isNewer,
  type Lease,
  leftBehind,
  type Pin,
  type Point,
  readEnvironment,
  readLease,
  readPin,
  readPoint,
  type Store,
  waitForHolder,
} from '#store'

/** Why a deployment may not start, and what to do about it. */
export interface Refusal {
  readonly why: string
  readonly next: string
}

/** What the gate looks at. */
export interface GateEvidence {
  readonly run: string
  readonly sha: string
  readonly environment: EnvironmentState
  readonly pin: Pin | undefined
  readonly lease: Lease | undefined
  /** What GitHub says of the lease's owner; undefined when the lease stands against nothing. */
  readonly holder: Life | undefined
  /** By the server's clock. */
  readonly now: number
  /** The newest deployment's `before`, when it is not this one's. */
  readonly latest: Point | undefined
  /** This run's own `before`, when an earlier attempt took it. */
  readonly own: Point | undefined
  /** Why a component could not be rolled back right now. */
  readonly problems: readonly string[]
}

/**
 * Lists every reason to refuse a deployment: a pinned commit, an open record, somebody else's lease, an unjudged deployment, an
 * earlier attempt that cannot be repeated, readiness.
 */
export function refusals(evidence: GateEvidence): readonly Refusal[] {
  const { environment, pin, lease, latest, sha } = evidence
  const found: Refusal[] = []
  if (pin && !pin.released) {
    found.push({
      why: `the commit ${sha.slice(0, 12)} was rolled back (${pin.record}): ${pin.reason}`,
      next: `deploy a commit with the fix: once it is verified healthy the pin goes by itself, if this commit is in its history; a false alarm is released with: ${releaseCommand(environment.environment, sha)}`,
    })
  }
  if (environment.open !== undefined) {
    found.push({
      why: `the rollback ${environment.open} is open`,
      next: `finish it (re-run its rollback job, or the Rollback button), or close it with a reason: rollback-report mode close, record ${environment.open}`,
    })
  }
  if (lease && holdsAgainst(lease, evidence) && !isLeft(lease, evidence)) {
    found.push({
      why: `the environment is being changed by ${holderOf(lease)}`,
      next: waitForHolder(lease, evidence.holder ?? { is: 'unknown', why: 'nobody was asked' }),
    })
  }
  const unjudged =
    latest?.deployment?.state === 'deploying' && latest.deployment.verdict?.verdict !== 'healthy'
  if (latest && unjudged && environment.open === undefined) {
    found.push({
      why: `the deployment ${latest.id.replace(/\/before$/, '')} began and was never judged`,
      next: `re-run the rollback job of run ${latest.run}, press the Rollback button, or leave it to rollback-resume.yml`,
    })
  }
  if (found.length === 0) found.push(...againstRepeat(evidence))
  const readiness = evidence.problems.map((why) => ({
    why,
    next: 'mend this before deploying: a rollback would fail on it',
  }))
  return [...found, ...readiness]
}

/**
 * Why a repeat of this run may not deploy: its restore point and snapshot are of its first attempt, and returning to them would
 * also undo what came between.
 */
function againstRepeat({ own, latest }: GateEvidence): readonly Refusal[] {
  if (own?.deployment === undefined) return []
  const { state, verdict } = own.deployment
  const id = own.id.replace(/\/before$/, '')
  const afresh = 'start a new run: it takes a restore point of its own'
  if (latest !== undefined && isNewer(latest, own)) {
    const newer = latest.id.replace(/\/before$/, '')
    return [{ why: `${newer} was deployed after the first attempt of ${id}`, next: afresh }]
  }
  if (state === 'verified' || state === 'rolled-back')
    return [{ why: `the deployment ${id} is over: it was ${state}`, next: afresh }]
  if (verdict?.verdict !== 'unhealthy') return []
  return [
    {
      why: `the deployment ${id} was judged unhealthy and is not rolled back yet: ${verdict.why}`,
      next: 're-run only the rollback job of this run, press the Rollback button, or deploy a commit with the fix',
    },
  ]
}

/** Releases a pin by hand. The workflow's name is that of the example caller, `rollback.yml`. */
export const releaseCommand = (environment: string, sha: string): string =>
  `gh workflow run rollback.yml -f environment=${environment} -f release-pin=${sha} -f dry-run=false -f reason="false alarm"`

function holdsAgainst(lease: Lease, { run, now }: Pick<GateEvidence, 'run' | 'now'>): boolean {
  return lease.owner !== 'nobody' && lease.run !== run && Date.parse(lease.until) >= now
}

const isLeft = (lease: Lease, { holder }: GateEvidence): boolean =>
  holder !== undefined && isLeftBehind(lease, { owner: 'deployment' }, holder)

/** The environment's facts, without the name of a record that is closed: it refuses nothing. */
async function readOpenEnvironment(store: Store): Promise<EnvironmentState> {
  const left = await leftBehind(store)
  const { open, ...rest } = await readEnvironment(store)
  return open === undefined || open === left ? rest : { ...rest, open }
}

/** Reads what the gate needs: one look at the environment, the pin and the lease. */
export async function readGate(
  run: Run,
  store: Store,
  problems: readonly string[],
): Promise<GateEvidence> {
  const environment = await readOpenEnvironment(store)
  const own = deploymentId(store.environment, run.identity.runId)
  const other =
    environment.latest !== undefined && environment.latest !== own ? environment.latest : undefined
  const [pin, lease, latest, before] = await Promise.all([
    readPin(store, run.identity.sha),
    readLease(store),
    other === undefined ? undefined : readPoint(store, beforeId(other)),
    readPoint(store, beforeId(own)),
  ])
  const now = store.objects.serverTime()
  const against = lease !== undefined && holdsAgainst(lease, { run: run.identity.runId, now })
  return {
    holder: against ? await run.lifeOf(lease) : undefined,
    run: run.identity.runId,
    sha: run.identity.sha,
    environment,
    pin,
    lease,
    now,
    latest,
    own: before,
    problems,
  }
}
