import { iso, type Outcome, type Result, type Run, span } from '#core'
import { restoreInput } from './carry.ts'
import { type Cutover, cutOver } from './cutover.ts'
import { ensureSnapshot } from './make-snapshot.ts'
import { proveRestored } from './proof.ts'
import { type Restored, restoreInstance, type Step } from './restore.ts'
import {
  findScene,
  leadsTo,
  type RestoreJob,
  readWritten,
  type Scene,
  type Written,
} from './scene.ts'
import { tagNames } from './state.ts'

/**
 * Restores the snapshot that the undone deployment took, beside the database that is there: safety snapshot, restore with every
 * setting, proof by SQL, cutover of the connection secret. The old database is left as it is. A repeat finishes what was begun.
 */
export async function restore(run: Run, job: RestoreJob): Promise<Result> {
  const written = await readWritten(job)
  const may = authorize(run, job, written)
  if (may) return may
  const found = await findScene(run, job, written)
  if (found.is === 'refused')
    return refused(found.why, [
      'look at the database, the connection secret and the restore point; then run again, or fix forward',
    ])
  const { scene } = found
  if (run.dryRun) return planned(run, scene)
  const safety = await takeSafety(run, job, scene)
  if (safety.is !== 'done') return stopped(run, scene, safety)
  const safe: Scene = { ...scene, safety: safety.value }
  const restored = await restoreInstance(run, job.clients, safe)
  if (restored.is !== 'done') return stopped(run, safe, restored)
  const { instance } = restored.value
  const ledger = written.point?.components.migrations
  const proof = await proveRestored(run, job, { scene: safe, restored: instance, ledger })
  if (proof.is !== 'done') return stopped(run, safe, proof)
  const cutover = await cutOver(run, job.clients, { scene: safe, restored: instance })
  if (cutover.is !== 'done') return stopped(run, safe, cutover)
  return finished(run, safe, {
    restored: restored.value,
    proof: proof.value,
    cutover: cutover.value,
  })
}

/** Data goes back only with consent: the record's, or `confirm-data-loss` for an action on its own (P1). */
function authorize(
  run: Run,
  { settings, store }: RestoreJob,
  { record }: Written,
): Result | undefined {
  if (settings.record === undefined) {
    if (settings.confirmed || run.dryRun) return undefined
    return refused('restoring a snapshot loses every write since it was taken', [
      'run with dry-run: true to see what would happen, then with confirm-data-loss: true',
    ])
  }
  if (!store || !record)
    return refused(`there is no record ${settings.record}`, ['give the id of an open record'])
  if (record.profile === 'A') {
    return {
      outcome: 'unchanged',
      headline: `the rollback ${record.id} leaves the database as it is (profile A)`,
    }
  }
  switch (record.consent) {
    case 'given':
    case 'automatic':
      return undefined
    case 'not-needed':
    case 'missing':
      return refused(`nobody consented to the data restore of ${record.id}`, [
        `press the Rollback button with consent: gh workflow run rollback.yml -f environment=${record.environment} -f to=auto -f dry-run=false -f consent=${record.planId}`,
        'or keep the data, and close the record with a reason to fix forward',
      ])
    case 'never':
      return refused('the configuration says data-restore: never', [
        'close the record with a reason and fix forward, or change data-restore and run again',
      ])
  }
}

const refused = (why: string, next: readonly string[]): Result => ({
  outcome: 'refused',
  headline: `${why}; nothing was changed`,
  next,
})

/** The state of now is kept before anything goes back. After the restore began it is only named. */
async function takeSafety(run: Run, job: RestoreJob, scene: Scene): Promise<Step<string>> {
  if (scene.restored) return { is: 'done', value: scene.safety }
  for (let id = scene.safety, n = 2; ; id = `${scene.safety}-${n++}`) {
    const { source, owner } = scene
    const detail = { snapshot: id }
    await run.journal.intend([
      { component: 'rds', operation: 'create-snapshot', on: source.id, detail },
    ])
    const made = await ensureSnapshot(run, job.clients, {
      id,
      source,
      tags: {
        [tagNames.record]: owner,
        [tagNames.run]: run.identity.runId,
        [tagNames.sha]: run.identity.sha,
        [tagNames.instance]: source.id,
        [tagNames.resource]: source.resourceId,
      },
      mark: tagNames.record,
      since: 0,
    })
    if (made.is === 'available') return { is: 'done', value: id }
    if (made.is !== 'taken') return { is: made.is, why: `no safety snapshot: ${made.why}` }
  }
}

/** What is lost: the writes from the snapshot until the cutover, or until now while there is none. */
function loss(run: Run, { snapshot }: Scene): string {
  if (snapshot.takenAt === undefined) return 'every write since the snapshot'
  const cutover = run.journal
    .entries()
    .findLast(({ component, operation }) => component === 'rds' && operation === 'cutover')
  const until = cutover ? Date.parse(cutover.at) : run.clock.now()
  return `every write since ${iso(snapshot.takenAt)} (${span(until - snapshot.takenAt)})`
}

function outputsOf(scene: Scene): Readonly<Record<string, string>> {
  const { snapshot } = scene
  return {
    snapshot: snapshot.id,
    'safety-snapshot': scene.safety,
    ...(snapshot.takenAt !== undefined && { 'data-lost-since': iso(snapshot.takenAt) }),
  }
}

function planned(run: Run, scene: Scene): Result {
  const { source, snapshot, secret, target } = scene
  const input = restoreInput(source, { id: target, snapshot: snapshot.id, tags: {} })
  const carried = Object.entries(source.attributes).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  const rows = scene.restored
    ? [['finish', `${scene.restored.id}, restored already`]]
    : [
        ['create-snapshot', `${scene.safety} of ${source.id}`],
        [
          'restore-instance',
          `${target} from ${snapshot.id}, with ${Object.keys(input).length} settings`,
        ],
      ]
  const cutover = leadsTo(secret, source) ? [['cutover', `${secret.secret} to ${target}`]] : []
  return {
    outcome: 'planned',
    headline: `${snapshot.id} would be restored into ${target}; ${loss(run, scene)} would be lost`,
    sections: [
      {
        title: 'Plan',
        columns: ['operation', 'on'],
        rows: [...rows, ...cutover, ['keep', source.id]],
      },
      { title: `Carried over from ${source.id}`, columns: ['setting', 'value'], rows: carried },
    ],
    outputs: { ...outputsOf(scene), 'restored-instance': target },
  }
}

/** A restore that did not get to its end: what is there, and how it goes on. */
function stopped(run: Run, scene: Scene, step: Exclude<Step<unknown>, { is: 'done' }>): Result {
  const outcome: Outcome = step.is
  return {
    outcome,
    headline: step.why,
    sections: [
      {
        title: 'State',
        columns: ['what', 'value'],
        rows: [
          [
            'served when this step began',
            leadsTo(scene.secret, scene.source) ? scene.source.id : scene.target,
          ],
          ['to restore', `${scene.snapshot.id} into ${scene.target}`],
          ['safety snapshot', scene.safety],
        ],
      },
    ],
    next: [
      `mend the cause and run this step again${scene.owner.startsWith('run/') ? '' : ` for the record ${scene.owner}`}: it goes on where it stopped`,
    ],
    outputs: outputsOf(scene),
    data: { stoppedAt: iso(run.clock.now()), source: scene.source.id, target: scene.target },
  }
}

const oldDatabase = ({ source: { id } }: Scene) =>
  `when ${id} is not needed any more (it costs money until then): aws rds delete-db-instance --db-instance-identifier ${id} --final-db-snapshot-identifier ${id}-final`

interface Ended {
  readonly restored: Restored
  readonly proof: string
  readonly cutover: Cutover
}

function finished(run: Run, scene: Scene, { restored, proof, cutover }: Ended): Result {
  const { instance, differences } = restored
  const lost = loss(run, scene)
  const rows = [
    ['serves now', `${instance.id} (${instance.resourceId})`],
    ['restored from', scene.snapshot.id],
    ['checked', proof],
    [
      'connection',
      `${cutover.secret}: version ${cutover.to}${cutover.from ? `, before ${cutover.from} (AWSPREVIOUS)` : ''}`,
    ],
    ['lost', lost],
    ['safety snapshot', scene.safety],
    ['kept untouched', `${scene.source.id} (${scene.source.resourceId})`],
  ]
  const unequal = differences.map(({ name, source, restored: is }) => [name, source, is])
  return {
    outcome: differences.length > 0 ? 'partial' : 'done',
    headline: `${instance.id} is restored from ${scene.snapshot.id} and serves${differences.length > 0 ? `, but differs from ${scene.source.id} in ${differences.length} settings` : ` with every setting of ${scene.source.id}`}; ${lost} is lost`,
    sections: [
      { title: 'Restore', columns: ['what', 'value'], rows },
      ...(unequal.length > 0
        ? [{ title: 'Settings that differ', columns: ['setting', 'before', 'now'], rows: unequal }]
        : []),
    ],
    next: [
      ...(differences.length > 0
        ? [`set what differs on ${instance.id}, then run this step again: it compares once more`]
        : []),
      oldDatabase(scene),
    ],
    leaves: [
      `the database ${scene.source.id}, as it was (nothing here ever deletes it): ${oldDatabase(scene)}`,
      `the snapshot ${scene.safety} of it: it costs money until you delete it`,
    ],
    outputs: {
      ...outputsOf(scene),
      'restored-instance': instance.id,
      'connection-version': cutover.to,
    },
    data: {
      source: scene.source.id,
      restored: instance.id,
      resourceId: instance.resourceId,
      connection: { secret: cutover.secret, from: cutover.from, to: cutover.to },
      differences: differences.map(({ name }) => name),
    },
  }
}
