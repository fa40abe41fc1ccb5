import type { Json, Run } from '#core'
import {
  beforeId,
  deploymentId,
  type Point,
  type Record,
  readPoint,
  readRecord,
  type Store,
} from '#store'
import type { Wanted } from './probe.ts'
import type { HealthSettings } from './settings.ts'
import type { Expected } from './version.ts'

/** What must be there, or why that cannot be said: a wrong configuration. */
export type Found =
  | { readonly is: 'wanted'; readonly wanted: Wanted }
  | { readonly is: 'wrong'; readonly why: string; readonly next: string }

/** Learns from inputs, run and store which version must answer and how many tasks there were. Throws `CallError`. */
export async function findWanted(
  run: Run,
  settings: HealthSettings,
  store: Store | undefined,
): Promise<Found> {
  return settings.expect === 'released' ? released(run, settings, store) : restored(settings, store)
}

async function released(
  run: Run,
  settings: HealthSettings,
  store: Store | undefined,
): Promise<Found> {
  const version = settings.released ?? settings.version ?? run.identity.sha
  if (version === '' && asksVersion(settings)) {
    return {
      is: 'wrong',
      why: 'a check asserts the version, and no released commit is known',
      next: 'pass the input released with the commit that was deployed',
    }
  }
  const point = store && (await readPoint(store, deploymentPoint(run, store)))
  const expected: Expected =
    version === '' ? { is: 'unknown', why: 'no commit is known' } : { is: 'known', version }
  return { is: 'wanted', wanted: wantedOf('released', expected, { point, before: point }) }
}

/** The id of the restore point that this run's deployment took before it began. */
export const deploymentPoint = (run: Run, store: Store): string =>
  beforeId(deploymentId(store.environment, run.identity.runId))

const asksVersion = (settings: HealthSettings): boolean =>
  settings.plan.checks.some((check) => check.kind === 'http' && check.version !== undefined)

async function restored(settings: HealthSettings, store: Store | undefined): Promise<Found> {
  const { record: id } = settings
  if (id === undefined || store === undefined) {
    return { is: 'wanted', wanted: wantedOf('restored', versionOf(settings, undefined), {}) }
  }
  const record = await readRecord(store, id)
  if (!record) {
    return {
      is: 'wrong',
      why: `there is no record ${id} in the store`,
      next: 'pass the output record of rollback-report (mode open)',
    }
  }
  const point = await readPoint(store, record.to)
  // What the checks measured last before the harm: the destination may be an older point.
  const before = await readPoint(store, beforeId(record.undone))
  return {
    is: 'wanted',
    wanted: wantedOf('restored', versionOf(settings, point, record), { point, before }),
  }
}

function versionOf(
  settings: HealthSettings,
  point: Point | undefined,
  record?: Pick<Record, 'only'>,
): Expected {
  if (settings.version !== undefined) return { is: 'known', version: settings.version }
  if (record?.only !== undefined && !record.only.includes('services')) {
    return { is: 'unknown', why: 'the services were not chosen: they stay as they are' }
  }
  if (point === undefined) {
    return { is: 'unknown', why: 'no record or version was given: any version is taken' }
  }
  const { runs } = point
  if (runs !== undefined) return { is: 'known', version: runs }
  return { is: 'unknown', why: `the commit that runs in ${point.id} is not known` }
}

function wantedOf(
  expect: Wanted['expect'],
  version: Expected,
  { point, before }: { readonly point?: Point | undefined; readonly before?: Point | undefined },
): Wanted {
  const services = point?.components.ecs?.services ?? []
  return {
    expect,
    version,
    desired: new Map(services.map(({ name, desiredCount }) => [name, desiredCount])),
    recorded: new Map(services.map(({ name, taskDefinition }) => [name, taskDefinition])),
    since: point === undefined ? undefined : Date.parse(point.takenAt),
    measured: new Map(Object.entries(before?.measured ?? {}) as [string, Json][]),
  }
}
