import { iso, type Result, type Run, type Section } from '#core'
import {
  afterId,
  beforeId,
  type Components,
  changeEnvironment,
  createDocument,
  envelope,
  isNewer,
  keys,
  moveDeployment,
  type Point,
  type Record,
  readEnvironment,
  readPoint,
  readRecord,
  releaseLease,
  rollbackAfterId,
  type Store,
} from '#store'
import { type Held, holdLease, keepOf, type Ports } from './before.ts'
import { type CapturedAll, captureAll } from './components.ts'
import { fingerprint } from './fingerprint.ts'
import type { Refusal } from './gate.ts'
import { releaseFixed } from './release.ts'
import { outputsOf, refusedBy, resultOf } from './render.ts'

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
  const { id } = proof
  const over = subject.record === undefined ? await overtaken(store, subject.deployment) : undefined
  if (over) return over
  const held = await holding(run, store, subject)
  if (held?.is === 'refused') return held.result
  const existing = await readPoint(store, id)
  if (existing) {
    const keep = () => keepNow(run, store, ports, { point: existing, held })
    const pins = () => fixedPins(run, store, ports, { point: existing, subject })
    return keepExisting(run, store, { existing, subject, keep, pins })
  }
  const captured = await captureAll(run, ports.captures)
  if (isUnread(captured)) return unread(captured)
  const runs = proof.runs(captured.components)
  const point: Point = {
    kind: 'restore-point',
    ...envelope(store),
    id,
    point: 'after',
    takenAt: iso(run.clock.now()),
    repository: run.identity.repository,
    sha: runs ?? 'unknown',
    run: run.identity.runId,
    verified: { is: true, held: false, why: proof.why },
    fingerprint: fingerprint(captured.components),
    ...(runs === undefined ? {} : { runs }),
    components: captured.components,
  }
  if (run.dryRun) return resultOf('planned', point, captured)
  await createDocument(store, keys.document(id), point)
  const doubts = await keepNow(run, store, ports, { point, held })
  await makeVerified(run, store, { id, subject })
  const done = resultOf('done', point, {
    ...captured,
    warnings: [...captured.warnings, ...doubts],
  })
  const pins = await fixedPins(run, store, ports, { point, subject })
  return { ...done, sections: [...(done.sections ?? []), ...pins] }
}

/** Only a deployment brings a fix; a rollback takes commits away. */
async function fixedPins(
  run: Run,
  store: Store,
  { github }: Ports,
  { point, subject }: { readonly point: Point; readonly subject: Subject },
): Promise<readonly Section[]> {
  if (subject.record !== undefined) return []
  return releaseFixed(run, store, github, { sha: point.sha, point: point.id })
}

/** A rollback has its lease and its journal already; a dry run takes nothing. */
async function holding(run: Run, store: Store, subject: Subject): Promise<Held | undefined> {
  if (subject.record !== undefined || run.dryRun) return undefined
  return holdLease(run, store, subject.deployment)
}

/** Labels the versions of the point: in the journal of the deployment, or of the rollback's record. */
async function keepNow(
  run: Run,
  store: Store,
  ports: Ports,
  { point, held }: { readonly point: Point; readonly held: Held | undefined },
): Promise<readonly string[]> {
  if (held?.is === 'held') return keepOf(run, store, ports, { point, lease: held.lease })
  return (await ports.keep?.(run, point)) ?? []
}

async function makeVerified(
  run: Run,
  store: Store,
  { id, subject }: { id: string; subject: Subject },
): Promise<void> {
  await changeEnvironment(store, (state) =>
    state.verified === id ? undefined : { ...state, verified: id },
  )
  if (subject.record === undefined) await finishDeployment(run, store, subject.deployment)
}

interface Earlier {
  readonly existing: Point
  readonly subject: Subject
  readonly keep: () => Promise<readonly string[]>
  readonly pins: () => Promise<readonly Section[]>
}

/** What was verified is in the document of the earlier attempt, and not what runs by now. What it left undone is done. */
async function keepExisting(
  run: Run,
  store: Store,
  { existing, subject, keep, pins }: Earlier,
): Promise<Result> {
  const { id } = existing
  if (!run.dryRun) {
    const kept = (await readEnvironment(store)).verified === id
    for (const doubt of kept ? [] : await keep()) run.report.warning(doubt)
    await makeVerified(run, store, { id, subject })
  }
  return {
    outcome: 'unchanged',
    headline: `${existing.id} was taken at ${existing.takenAt} and is kept`,
    sections: run.dryRun ? [] : await pins(),
    outputs: outputsOf(existing),
  }
}

/** A newer deployment's state must not be kept under this one's name, nor an older point be called the last verified. */
async function overtaken(store: Store, deployment: string): Promise<Result | undefined> {
  const { latest } = await readEnvironment(store)
  if (latest === undefined || latest === deployment) return undefined
  const [own, newer] = await Promise.all(
    [deployment, latest].map((id) => readPoint(store, beforeId(id))),
  )
  if (!own || !newer || !isNewer(newer, own)) return undefined
  const done = own.deployment?.state === 'verified'
  return {
    outcome: done ? 'unchanged' : 'superseded',
    headline: done
      ? `${deployment} was verified before ${latest} was deployed: nothing is changed`
      : `${latest} was deployed after ${deployment}: what runs now is not what was verified, and nothing is marked`,
    next: done ? [] : [`look at ${latest}: its own run verifies it`],
  }
}

/** Without one service that could be read, the point would say that nothing runs, and be the last verified one. */
const isUnread = ({ components, problems }: CapturedAll): boolean =>
  components.ecs?.services.length === 0 && problems.length > 0

const unread = (captured: CapturedAll): Result => ({
  outcome: 'failed',
  headline: `what runs could not be read: ${captured.problems.join('; ')}; nothing was marked verified`,
  next: ['mend this, then re-run this job: nothing is rolled back meanwhile'],
})

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
  | {
      readonly id: string
      /** The commit that runs, judged by what was captured; undefined where it is not known. */
      readonly runs: (components: Components) => string | undefined
      readonly why: string
    }
  | { readonly refusal: Refusal }

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
  const { state } = before.deployment ?? {}
  if (state === 'rolled-back' || state === 'abandoned') {
    return {
      refusal: {
        why: `${deployment} was ${state}: what was verified does not run any more`,
        next: 'start a new run to deploy again',
      },
    }
  }
  return { id: afterId(deployment), runs: () => before.sha, why: verdict.why }
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
  const commits = await commitsAfter(store, record, destination)
  return {
    id: rollbackAfterId(record.id),
    runs: (components) =>
      commits.find(({ of }) => of === undefined || sameCode(of, components))?.runs,
    why: record.verdict.why,
  }
}

interface RunningCommit {
  /** The components in which it runs; undefined where it runs whatever was captured. */
  readonly of: Components | undefined
  readonly runs: string | undefined
}

/**
 * Which commit's code may run after a rollback: the destination's. Where the services were not chosen it is the one whose services
 * they are: the destination's, or those of the deployment that was taken back in its other parts.
 */
async function commitsAfter(
  store: Store,
  record: Record,
  destination: Point | undefined,
): Promise<readonly RunningCommit[]> {
  if (record.only === undefined || record.only.includes('services'))
    return [{ of: undefined, runs: destination?.runs }]
  const own = await readPoint(store, afterId(record.undone))
  return [destination, own].flatMap((point) =>
    point ? [{ of: point.components, runs: point.runs }] : [],
  )
}

const sameCode = (a: Components, b: Components): boolean =>
  fingerprint(codeOf(a)) === fingerprint(codeOf(b))

const codeOf = ({ ecs }: Components): Components => (ecs ? { ecs } : {})
