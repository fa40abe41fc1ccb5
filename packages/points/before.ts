import { iso, type Result, type Run } from '#core'
import type { GitHub } from '#github'
import {
  beforeId,
  changeEnvironment,
  changePoint,
  createDocument,
  type Deployment,
  type DeploymentState,
  deploymentId,
  envelope,
  holderOf,
  keys,
  type Lease,
  type Point,
  pointJournal,
  readPoint,
  readVerified,
  type Store,
  takeLease,
  waitForHolder,
} from '#store'
import { type CapturedAll, type Captures, captureAll } from './components.ts'
import { fingerprint } from './fingerprint.ts'
import { readGate, refusals } from './gate.ts'
import type { Keep } from './keep.ts'
import type { Button } from './list.ts'
import { outputsOf, refusedBy, resultOf, sectionsOf } from './render.ts'
import { type Baseline, judgeBefore, runningCommit } from './verified.ts'

/** What restore-point needs beside the run and the store. */
export interface Ports {
  readonly captures: Captures
  /** Runs the configured checks once; undefined when there are none. */
  readonly baseline: ((run: Run) => Promise<Baseline>) | undefined
  /** Keeps what a point names; undefined when it names nothing that would go by itself. */
  readonly keep: Keep | undefined
  /** Undefined without a token. */
  readonly github: GitHub | undefined
  readonly button: Button
}

/** Looks whether a deployment may start, and changes nothing. */
export async function gate(run: Run, store: Store, ports: Ports): Promise<Result> {
  const captured = await captureAll({ ...run, dryRun: true }, ports.captures)
  const reasons = refusals(await readGate(run, store, captured.problems))
  if (reasons.length > 0) return refusedBy(store, reasons)
  return {
    outcome: 'done',
    headline: `${store.environment} may be deployed, and could be rolled back right now`,
    sections: sectionsOf(captured),
  }
}

/**
 * Takes the restore point `before`: gate, lease, what runs, baseline, then the document. An existing one is never
 * overwritten; without a database it is also the last step before the caller's first, so the deployment begins here.
 */
export async function captureBefore(run: Run, store: Store, ports: Ports): Promise<Result> {
  const captured = await captureAll(run, ports.captures)
  const reasons = refusals(await readGate(run, store, captured.problems))
  if (reasons.length > 0) return refusedBy(store, reasons)
  const id = beforeId(deploymentId(store.environment, run.identity.runId))
  const existing = await readPoint(store, id)
  if (existing) return keepExisting(run, store, { existing, captured, ports })

  const baseline = await ports.baseline?.(run)
  if (baseline?.verdict === 'error') {
    return {
      outcome: 'failed',
      headline: `the checks cannot judge anything: ${baseline.why}; nothing was changed`,
      next: ['mend the checks in the configuration file, then run again'],
    }
  }
  const point = await newBefore(run, store, { id, captured, baseline })
  if (run.dryRun) return resultOf('planned', point, captured)
  const held = await holdLease(run, store)
  if (held.is === 'refused') return held.result
  if (!(await createDocument(store, keys.document(id), point)))
    return captureBefore(run, store, ports)
  await noteLatest(store, id)
  const doubts = await keepOf(run, store, ports, { point, lease: held.lease })
  const warnings = [...captured.warnings, ...doubts]
  return resultOf('done', point, { ...captured, warnings })
}

/** Keeps what the point names; each label is written into the deployment's journal first. */
export async function keepOf(
  run: Run,
  store: Store,
  { keep }: Ports,
  { point, lease }: { readonly point: Point; readonly lease: Lease },
): Promise<readonly string[]> {
  if (keep === undefined) return []
  const before = await readPoint(store, beforeId(lease.deployment))
  if (before === undefined) return []
  const pen = { store, lease, clock: run.clock, run: run.identity.runId }
  return keep({ ...run, journal: pointJournal(pen, before) }, point)
}

async function keepExisting(
  run: Run,
  store: Store,
  { existing: point, captured, ports }: { existing: Point; captured: CapturedAll; ports: Ports },
): Promise<Result> {
  const { state } = point.deployment ?? {}
  if (state === 'abandoned' && point.fingerprint !== fingerprint(captured.components)) {
    return refusedBy(store, [
      {
        why: `what runs has changed since ${point.id} was taken`,
        next: 'start a new run: it takes a restore point of its own',
      },
    ])
  }
  if (run.dryRun) return { outcome: 'unchanged', headline: `${point.id} is there already` }
  const held = await holdLease(run, store)
  if (held.is === 'refused') return held.result
  await noteLatest(store, point.id)
  await beginAgain(run, store, point.id)
  const doubts = await keepOf(run, store, ports, { point, lease: held.lease })
  for (const doubt of doubts) run.report.warning(doubt)
  return {
    outcome: 'unchanged',
    headline: `${point.id} was taken at ${point.takenAt} and is kept`,
    outputs: outputsOf(point),
  }
}

/**
 * A repeat deploys again: what an earlier attempt was judged says nothing about it, and would be taken for its verdict if it
 * were killed.
 */
async function beginAgain(run: Run, store: Store, id: string): Promise<void> {
  await changePoint(store, id, (point) => {
    if (point.deployment === undefined) return undefined
    const { verdict, ...deployment } = point.deployment
    const state = again(deployment)
    if (verdict === undefined && state === deployment.state) return undefined
    const move = {
      state,
      at: iso(run.clock.now()),
      run: run.identity.runId,
      why: `attempt ${run.identity.attempt} begins`,
    }
    return {
      ...point,
      deployment: { ...deployment, state, history: [...deployment.history, move] },
    }
  })
}

/** One that was held had begun; one that was abandoned begins where its first attempt began. */
function again({ state, history }: Pick<Deployment, 'state' | 'history'>): DeploymentState {
  if (state === 'held') return 'deploying'
  return state === 'abandoned' ? (history[0]?.state ?? 'captured') : state
}

export type Held =
  | { readonly is: 'held'; readonly lease: Lease }
  | { readonly is: 'refused'; readonly result: Result }

/** Takes the lease for a deployment, this run's own by default; else says who has it. */
export async function holdLease(
  run: Run,
  store: Store,
  deployment = deploymentId(store.environment, run.identity.runId),
): Promise<Held> {
  const { runId, attempt } = run.identity
  const claim = { owner: 'deployment', deployment, run: runId, attempt } as const
  const taken = await takeLease(store, claim, run)
  if (taken.is === 'held') return taken
  const result = refusedBy(store, [
    {
      why: `the environment is being changed by ${holderOf(taken.lease)}`,
      next: waitForHolder(taken.lease, taken.life),
    },
  ])
  return { is: 'refused', result }
}

const noteLatest = (store: Store, pointId: string) =>
  changeEnvironment(store, (state) => ({ ...state, latest: pointId.replace(/\/before$/, '') }))

async function newBefore(
  run: Run,
  store: Store,
  found: { id: string; captured: CapturedAll; baseline: Baseline | undefined },
): Promise<Point> {
  const verified = await readVerified(store)
  const mark = fingerprint(found.captured.components)
  const runs = runningCommit(mark, verified)
  const state: DeploymentState = found.captured.components.rds ? 'captured' : 'deploying'
  const at = iso(run.clock.now())
  const why =
    state === 'captured'
      ? 'the restore point was taken'
      : 'no database is named: the deployment begins'
  return {
    kind: 'restore-point',
    ...envelope(store),
    id: found.id,
    point: 'before',
    takenAt: at,
    repository: run.identity.repository,
    sha: run.identity.sha,
    run: run.identity.runId,
    verified: judgeBefore(mark, verified, found.baseline),
    fingerprint: mark,
    ...(runs === undefined ? {} : { runs }),
    components: found.captured.components,
    ...measuredBy(found.baseline),
    deployment: {
      state,
      history: [{ state, at, run: run.identity.runId, why }],
      journal: [],
    },
  }
}

/** What the checks measured, where they measured anything. */
function measuredBy(baseline: Baseline | undefined): Pick<Point, 'measured'> {
  const { measured = {} } = baseline ?? {}
  return Object.keys(measured).length > 0 ? { measured } : {}
}
