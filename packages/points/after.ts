import { iso, type Result, type Run } from '#core'
import {
  afterId,
  beforeId,
  changeEnvironment,
  createDocument,
  envelope,
  keys,
  moveDeployment,
  type Point,
  readPoint,
  readRecord,
  releaseLease,
  rollbackAfterId,
  type Store,
} from '#store'
import type { Ports } from './before.ts'
import { captureAll } from './components.ts'
import { fingerprint } from './fingerprint.ts'
import type { Refusal } from './gate.ts'
import { refusedBy, resultOf } from './render.ts'

/** What an `after` is taken for: a deployment judged healthy, or a rollback whose record names where it went. */
export interface Subject {
  readonly deployment: string
  readonly record: string | undefined
}

/**
 * Takes the verified restore point `after`, makes it the environment's last verified one and releases the lease of a
 * deployment. Refused unless the store holds the verdict `healthy`. A re-run finishes what an earlier one began.
 */
export async function captureAfter(
  run: Run,
  store: Store,
  ports: Ports,
  subject: Subject,
): Promise<Result> {
  const proof =
    subject.record === undefined
      ? await deploymentProof(store, subject.deployment)
      : await rollbackProof(store, subject.record)
  if ('refusal' in proof) return refusedBy(store, [proof.refusal])
  const captured = await captureAll(run, ports.captures)
  const id = proof.id
  const point: Point = {
    kind: 'restore-point',
    ...envelope(store),
    id,
    point: 'after',
    takenAt: iso(run.clock.now()),
    repository: run.identity.repository,
    sha: proof.sha,
    run: run.identity.runId,
    verified: { is: true, held: false, why: proof.why },
    fingerprint: fingerprint(captured.components),
    ...(proof.runs === undefined ? {} : { runs: proof.runs }),
    components: captured.components,
  }
  if (run.dryRun) return resultOf('planned', point, captured)
  const created = await createDocument(store, keys.document(id), point)
  await changeEnvironment(store, (state) =>
    state.verified === id ? undefined : { ...state, verified: id },
  )
  if (subject.record === undefined) await finishDeployment(run, store, subject.deployment)
  return resultOf(created ? 'done' : 'unchanged', point, captured)
}

async function finishDeployment(run: Run, store: Store, deployment: string): Promise<void> {
  const move = {
    state: 'verified' as const,
    why: 'the verdict is healthy',
    at: iso(run.clock.now()),
    run: run.identity.runId,
  }
  await moveDeployment(store, beforeId(deployment), move)
  await releaseLease(store, run.identity.runId)
}

type Proof =
  | { id: string; sha: string; runs: string | undefined; why: string }
  | { refusal: Refusal }

async function deploymentProof(store: Store, deployment: string): Promise<Proof> {
  const before = await readPoint(store, beforeId(deployment))
  const verdict = before?.deployment?.verdict
  if (!before || verdict?.verdict !== 'healthy') {
    const why = before
      ? `its verdict is ${verdict?.verdict ?? 'missing'}`
      : 'no restore point was taken before it'
    return {
      refusal: {
        why: `${deployment} is not verified: ${why}`,
        next: 'run the action verify-health first',
      },
    }
  }
  return { id: afterId(deployment), sha: before.sha, runs: before.sha, why: verdict.why }
}

async function rollbackProof(store: Store, id: string): Promise<Proof> {
  const record = await readRecord(store, id)
  if (record?.verdict?.verdict !== 'healthy') {
    const why = record
      ? `its verdict is ${record.verdict?.verdict ?? 'missing'}`
      : 'there is no such record'
    return {
      refusal: {
        why: `${id} is not verified: ${why}`,
        next: 'run the action verify-health (expect: restored) first',
      },
    }
  }
  const destination = await readPoint(store, record.to)
  return {
    id: rollbackAfterId(record.id),
    sha: destination?.runs ?? 'unknown',
    runs: destination?.runs,
    why: record.verdict.why,
  }
}
