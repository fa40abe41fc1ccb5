import { iso, type Result, type Run } from '#core'
import {
  beforeId,
  changePoint,
  deploymentId,
  type Point,
  readPoint,
  type SnapshotState,
  type Store,
} from '#store'
import type { RdsClients } from './client.ts'
import { type FoundDatabase, findDatabase } from './find.ts'
import { ensureSnapshot, type Made, snapshotFaults } from './make-snapshot.ts'
import { snapshotName } from './names.ts'
import { observeSnapshot, observeSnapshotsOf } from './observe.ts'
import { type Instance, type Tags, tagNames } from './state.ts'

/** What mode snapshot needs beside the run. */
export interface SnapshotJob {
  readonly clients: RdsClients
  readonly store: Store | undefined
  readonly connection: string
  readonly suffix: string | undefined
}

/**
 * Takes the snapshot of the database before a deployment's migrations, waits for it and verifies it. With a store it is written
 * into the restore point before it is asked for, and only when it is available the deployment begins (`deploying`).
 */
export async function takeSnapshot(run: Run, job: SnapshotJob): Promise<Result> {
  const point = await readOwnPoint(run, job.store)
  const { state, snapshot: earlier } = point?.deployment ?? {}
  if (state !== undefined && state !== 'captured' && state !== 'deploying') return over(point)
  const found = await findDatabase(run, job.clients, job.connection)
  if (earlier?.status === 'available') return keepEarlier(run, job, { point, earlier, found })
  if (state === 'deploying') return tooLate(point)
  const id = await chooseName(run, job, { earlier, instance: found.instance })
  if (run.dryRun) return planned(id, found.instance)
  return make(run, job, { id, found, at: earlier?.id === id ? earlier.at : iso(run.clock.now()) })
}

async function readOwnPoint(run: Run, store: Store | undefined): Promise<Point | undefined> {
  if (!store) return undefined
  return readPoint(store, beforeId(deploymentId(store.environment, run.identity.runId)))
}

/** The name written down by an earlier attempt; without a store the snapshot that carries this run's tag; else a new one. */
async function chooseName(
  run: Run,
  job: SnapshotJob,
  known: { readonly earlier: SnapshotState | undefined; readonly instance: Instance },
): Promise<string> {
  const { earlier, instance } = known
  if (earlier?.status === 'intended' && earlier.resourceId === instance.resourceId)
    return earlier.id
  const name = snapshotName('pre-migration', run.clock.now(), job.suffix)
  if (job.store) return name === earlier?.id ? `${name}-2` : name
  const mark = tagsOf(run, job, instance)[tagNames.deployment]
  const own = (await observeSnapshotsOf(job.clients.rds, instance.id)).find(
    ({ id, tags }) => tags[tagNames.deployment] === mark && id.startsWith('pre-migration-'),
  )
  return own?.id ?? name
}

function tagsOf(run: Run, { store }: Pick<SnapshotJob, 'store'>, instance: Instance): Tags {
  const { runId, sha } = run.identity
  return {
    ...(store && { [tagNames.environment]: store.environment }),
    [tagNames.deployment]: store ? deploymentId(store.environment, runId) : `run/${runId}`,
    [tagNames.run]: runId,
    [tagNames.sha]: sha,
    [tagNames.instance]: instance.id,
    [tagNames.resource]: instance.resourceId,
  }
}

interface Intended {
  readonly id: string
  readonly found: FoundDatabase
  /** UTC ISO 8601: when this snapshot was first intended. */
  readonly at: string
}

async function make(run: Run, job: SnapshotJob, intended: Intended): Promise<Result> {
  const { id, at, found } = intended
  const { instance } = found
  const state: SnapshotState = {
    id,
    instance: instance.id,
    resourceId: instance.resourceId,
    status: 'intended',
    at,
  }
  await run.journal.intend([
    { component: 'rds', operation: 'create-snapshot', on: instance.id, detail: { snapshot: id } },
  ])
  await keep(run, job.store, state)
  const made = await ensureSnapshot(run, job.clients, {
    id,
    source: instance,
    tags: tagsOf(run, job, instance),
    mark: tagNames.deployment,
    since: Date.parse(at),
  })
  switch (made.is) {
    case 'taken':
      return make(run, job, { ...intended, id: nextName(id) })
    case 'failed':
      await keep(run, job.store, { ...state, status: 'failed' })
      return ended('failed', { made, instance, store: job.store })
    case 'inconclusive':
      return ended('inconclusive', { made, instance, store: job.store })
    case 'available': {
      await keep(run, job.store, { ...state, status: 'available' })
      return done(id, found, job.store)
    }
  }
}

/** `…-031500` becomes `…-031500-2`, and so on. */
const nextName = (id: string) => {
  const number = /-([2-9])$/.exec(id)?.[1]
  return number === undefined ? `${id}-2` : `${id.slice(0, -1)}${Number(number) + 1}`
}

/** Writes the snapshot's state into the restore point; with `available` the deployment begins, in the same write. */
async function keep(run: Run, store: Store | undefined, snapshot: SnapshotState): Promise<void> {
  if (!store) return
  const { runId } = run.identity
  await changePoint(store, beforeId(deploymentId(store.environment, runId)), (point) => {
    if (!point.deployment) return undefined
    const { deployment } = point
    const begins = snapshot.status === 'available' && deployment.state === 'captured'
    const why = `the snapshot ${snapshot.id} is available`
    const move = { state: 'deploying' as const, at: iso(run.clock.now()), run: runId, why }
    const begun = begins ? { state: move.state, history: [...deployment.history, move] } : {}
    return { ...point, deployment: { ...deployment, ...begun, snapshot } }
  })
}

const rowsOf = (id: string, { instance, secret }: FoundDatabase) => [
  ['snapshot', id],
  ['database', `${instance.id} (${instance.resourceId})`],
  ['engine', `${instance.engine} ${instance.engineVersion}`],
  ['size', `${instance.allocatedStorage} GiB${instance.encrypted ? ', encrypted' : ''}`],
  ['connection', `${secret.secret}, version ${secret.version}`],
]

function done(id: string, found: FoundDatabase, store: Store | undefined): Result {
  return {
    outcome: 'done',
    headline: `the snapshot ${id} of ${found.instance.id} is available and verified${store ? ': the deployment begins' : ''}`,
    sections: [{ title: 'Snapshot', columns: ['what', 'value'], rows: rowsOf(id, found) }],
    outputs: { snapshot: id },
    data: { snapshot: id, instance: found.instance.id, resourceId: found.instance.resourceId },
  }
}

function planned(id: string, instance: Instance): Result {
  return {
    outcome: 'planned',
    headline: `a snapshot ${id} of ${instance.id} would be taken`,
    sections: [
      {
        title: 'Plan',
        columns: ['operation', 'on'],
        rows: [['create-snapshot', `${id} of ${instance.id}`]],
      },
    ],
    outputs: { snapshot: id },
  }
}

function ended(
  outcome: 'failed' | 'inconclusive',
  end: {
    readonly made: Extract<Made, { why: string }>
    readonly instance: Instance
    readonly store: Store | undefined
  },
): Result {
  return {
    outcome,
    headline: `there is no usable snapshot of ${end.instance.id}: ${end.made.why}; nothing was migrated`,
    next: [
      `look at the snapshots and events of ${end.instance.id} in the RDS console, mend the cause`,
      end.store
        ? 're-run this job: the same commit may be deployed, and a snapshot that is still being made is found again'
        : 're-run this job: a snapshot that is still being made is found again',
    ],
  }
}

/** A re-run: the snapshot from before the migrations is the right one, and no other is taken. */
async function keepEarlier(
  run: Run,
  job: SnapshotJob,
  known: {
    readonly point: Point | undefined
    readonly earlier: SnapshotState
    readonly found: FoundDatabase
  },
): Promise<Result> {
  const { earlier, found } = known
  const snapshot = await observeSnapshot(job.clients.rds, earlier.id)
  if (snapshot?.status !== 'available') {
    return {
      outcome: 'refused',
      headline: `the snapshot ${earlier.id}, which this deployment took before its migrations, is ${snapshot?.status ?? 'gone'}; nothing was changed`,
      next: [
        'start a new run: this one has nothing to return to, and a snapshot taken now may not be from before its migrations',
      ],
    }
  }
  if (!run.dryRun) await keep(run, job.store, earlier)
  const moved = snapshotFaults(snapshot, { source: found.instance, since: 0 })
  return {
    outcome: 'unchanged',
    headline: `the snapshot ${earlier.id} was taken at ${earlier.at} and is kept`,
    ...(moved.length > 0 && { sections: [{ title: 'Since then', text: moved.join('; ') }] }),
    outputs: { snapshot: earlier.id },
  }
}

function over(point: Point | undefined): Result {
  return {
    outcome: 'refused',
    headline: `the deployment of ${point?.id ?? 'this run'} is over (${point?.deployment?.state ?? ''}); nothing was changed`,
    next: ['start a new run to deploy again'],
  }
}

function tooLate(point: Point | undefined): Result {
  return {
    outcome: 'refused',
    headline: `the deployment of ${point?.id ?? 'this run'} has begun without a snapshot: one taken now may hold its migrations already; nothing was changed`,
    next: ['start a new run: its restore point and snapshot are taken before anything else'],
  }
}
