import { createHash } from 'node:crypto'
import { iso, type Result, type Run, type Written } from '#core'
import { readRecord, type Store } from '#store'
import { copyBack, hideObject, uploadFile } from './apply.ts'
import type { SiteClients } from './client.ts'
import { batchOf, type Invalidated, invalidate } from './invalidate.ts'
import { changeEach, type Failure } from './lanes.ts'
import { expiries, tooOld } from './lifecycle.ts'
import { unversioned, versioningOf } from './look.ts'
import { type Phases, phasesOf } from './phases.ts'
import { type Operation, planSite, type SitePlan, type Standing } from './plan.ts'
import { serves } from './serves.ts'
import type { Changing, RestoreSettings } from './settings.ts'
import { locationOf, type Site } from './state.ts'
import { endedResult, plannedResult, refusedResult, unchangedResult } from './table.ts'
import { findTarget, type Target } from './target.ts'
import { standsAs } from './verify.ts'

/** What a restore works with. */
export interface SitePorts {
  readonly clients: SiteClients
  readonly store: Store | undefined
}

/** Puts a site back to its destination: everything is planned and readable before the first object is changed. */
export async function restoreSite(
  run: Run,
  ports: SitePorts,
  settings: RestoreSettings,
): Promise<Result> {
  const { clients, store } = ports
  const { site } = settings
  const status = unversioned(site.bucket, await versioningOf(clients, site))
  if (status !== undefined) {
    return refusedResult(site, status, [
      'build the good release and put it back with mode redeploy; enable versioning for the next time',
    ])
  }
  const found = await findTarget(run, store, settings)
  if (found.is === 'none') return refusedResult(site, found.why, found.next)
  const { target } = found
  const blind = await blindness(run, clients, { site, target })
  if (blind !== undefined && settings.created === 'hide-documents') {
    return refusedResult(site, blind, [
      'name a restore point, whose manifest knows every object, or a later time in to:',
      'or give created: keep, which puts back what is still there and hides nothing',
    ])
  }
  return proceed(run, ports, { settings, target })
}

/** Why a listing may not tell what was there: pages whose old versions are deleted look as if created since. */
async function blindness(
  run: Run,
  clients: SiteClients,
  { site, target }: { readonly site: Site; readonly target: Target },
): Promise<string | undefined> {
  if (target.by !== 'time') return undefined
  const { rules, unknown } = await expiries(clients, site)
  if (unknown !== undefined) run.report.warning(unknown)
  const now = Math.floor(run.clock.now() / 1000)
  const text = tooOld(rules, { time: target.since, now })
  const blind =
    text === undefined
      ? undefined
      : `${text}: what was there at ${iso(target.since * 1000)} may be deleted by now`
  if (blind !== undefined) run.report.warning(blind)
  return blind
}

/** From a destination to the end, whatever kind it is: plan, then print or carry out. */
export async function proceed(
  run: Run,
  ports: SitePorts,
  { settings, target }: { readonly settings: Changing; readonly target: Target },
): Promise<Result> {
  const { clients, store } = ports
  const { site, created } = settings
  run.report.info(`destination: ${target.why}`)
  const begun = begunIn(await entriesOf(run, store, settings.record))
  const plan = await planSite(run, clients, { site, target, created, begun })
  switch (plan.plan.is) {
    case 'refused':
      return refusedResult(site, plan.plan.why, plan.plan.next ? [plan.plan.next] : [], plan)
    case 'unchanged':
      if (plan.superseded.length === 0 && standings(plan, target).length === 0) {
        return unchangedResult(site, plan, target.why)
      }
      break
    case 'operations':
      break
  }
  const operations = plan.plan.is === 'operations' ? plan.plan.operations : []
  if (run.dryRun) return plannedResult(settings, plan, { operations, why: target.why })
  return carryOut(run, ports, { settings, target, plan, operations })
}

/** What this record did so far. A dry run holds no lease and reads it from the store. */
async function entriesOf(
  run: Run,
  store: Store | undefined,
  record: string | undefined,
): Promise<readonly Written[]> {
  if (!run.dryRun || !store || record === undefined) return run.journal.entries()
  return ((await readRecord(store, record))?.journal ?? []) as readonly Written[]
}

/** The second, by S3's clock, before this record first changed the site. */
function begunIn(entries: readonly Written[]): number | undefined {
  const first = entries.find((one) => one.component === 'site')?.detail
  if (typeof first !== 'object' || first === null || !('serverSecond' in first)) return undefined
  return typeof first.serverSecond === 'number' ? first.serverSecond : undefined
}

/** Objects that an earlier attempt may have put back, of which edges know nothing yet. */
const putBack = ({ same }: SitePlan, target: Target): readonly Standing[] =>
  same.filter(
    ({ kind, written, replaced }) =>
      replaced || (kind !== 'asset' && (target.by !== 'build' || written >= target.since)),
  )

/** What an edge may hold otherwise although S3 is right. */
const standings = (plan: SitePlan, target: Target): readonly Standing[] => [
  ...putBack(plan, target),
  ...plan.hidden,
]

interface Work {
  readonly settings: Changing
  readonly target: Target
  readonly plan: SitePlan
  readonly operations: readonly Operation[]
}

type Stale = Pick<Standing, 'key' | 'kind' | 'versionId'>

/** What was done until now, in the order of the phases. */
export interface Progress {
  /** The new version of every key that was put back or hidden. */
  readonly done: Map<string, string>
  readonly failures: Failure<Operation>[]
  readonly invalidations: Invalidated[]
  /** The phases that were not begun, because one before them did not end well. */
  readonly left: string[]
}

async function carryOut(run: Run, ports: SitePorts, work: Work): Promise<Result> {
  const phases = phasesOf(work.operations)
  const progress: Progress = { done: new Map(), failures: [], invalidations: [], left: [] }
  const steps = stepsOf({ run, ports, work, phases, progress })
  let stopped = false
  for (const step of steps) {
    if (stopped && !step.always) {
      if (!step.empty()) progress.left.push(step.name)
    } else if (!(await step.go())) stopped = true
  }
  const { site, url } = work.settings
  const stands = await standsAs(ports.clients, { ...work, site, done: progress.done })
  const documents = phases.documents.map(({ key }) => key)
  const served =
    url === undefined || progress.left.length > 0
      ? undefined
      : await serves(run, ports.clients, { site, url, keys: documents })
  const at = iso(run.clock.now())
  return endedResult(work, { ...progress, stands, served, at })
}

interface Step {
  readonly name: string
  readonly empty: () => boolean
  /** Done although one before it failed: what is back in the bucket must not stay hidden behind an edge's copy. */
  readonly always: boolean
  /** False when what comes after it must not be done. */
  readonly go: () => Promise<boolean>
}

interface Scene {
  readonly run: Run
  readonly ports: SitePorts
  readonly work: Work
  readonly phases: Phases
  readonly progress: Progress
}

function stepsOf(scene: Scene): readonly Step[] {
  const { phases, work, progress } = scene
  const { plan, target } = work
  const standing = (ops: readonly Operation[]): readonly Stale[] =>
    ops.flatMap(({ key, kind }) => {
      const versionId = progress.done.get(key)
      return versionId === undefined ? [] : [{ key, kind, versionId }]
    })
  const isWorker = ({ kind }: Stale) => kind === 'service-worker'
  const back = putBack(plan, target)
  const put = target.by === 'build' ? 'upload' : 'copy'
  const replaced = phases.assets.filter(({ now }) => now !== undefined && !now.marker)
  const first = () => [
    ...standing([...replaced, ...phases.files, ...phases.documents]),
    ...back.filter((one) => !isWorker(one)),
  ]
  const second = () => [
    ...standing([...phases.workers, ...phases.hides]),
    ...back.filter(isWorker),
    ...plan.hidden,
  ]
  return [
    change(scene, `${put}-assets`, phases.assets),
    change(scene, `${put}-files`, phases.files),
    change(scene, `${put}-documents`, phases.documents),
    forget(scene, 'invalidate-documents', first),
    change(scene, `${put}-service-worker`, phases.workers),
    change(scene, 'hide-documents', phases.hides),
    forget(scene, 'invalidate-hidden', second),
  ]
}

function change(scene: Scene, name: string, operations: readonly Operation[]): Step {
  const { run, ports, work, progress } = scene
  const { site } = work.settings
  const go = async () => {
    if (operations.length === 0) return true
    await run.journal.intend([entryOf(name, site, { operations, store: ports.store })])
    const failures = await changeEach(run, `${name.replace('-', ' ')}: ${operations.length}`, {
      items: operations,
      change: async (operation) => {
        const versionId = await send(ports.clients, site, operation)
        progress.done.set(operation.key, versionId)
      },
    })
    progress.failures.push(...failures)
    return failures.length === 0
  }
  return { name, empty: () => operations.length === 0, always: false, go }
}

function send(clients: SiteClients, site: Site, operation: Operation): Promise<string> {
  switch (operation.do) {
    case 'copy':
      return copyBack(clients, site, operation)
    case 'upload':
      return uploadFile(clients, site, operation)
    case 'hide':
      return hideObject(clients, site, operation)
  }
}

/** One entry for a whole phase: a record must stay small, and the keys follow from the manifest and the versions of the bucket. */
function entryOf(
  operation: string,
  site: Site,
  given: { readonly operations: readonly Operation[]; readonly store: Store | undefined },
) {
  const keys = given.operations.map(({ key }) => key)
  return {
    component: 'site',
    operation,
    on: locationOf(site),
    detail: {
      objects: keys.length,
      keys: keys.slice(0, 20),
      sha256: createHash('sha256').update(JSON.stringify(keys)).digest('hex'),
      ...(given.store ? { serverSecond: Math.floor(given.store.objects.serverTime() / 1000) } : {}),
    },
  }
}

/** Where nothing keeps versions the same content may come twice: then only the run tells one change from another. */
const seedOf = (run: Run, { settings, target }: Work): string =>
  settings.record ?? (target.by === 'build' && !target.versioned ? run.identity.runId : '')

function forget(scene: Scene, name: string, objects: () => readonly Stale[]): Step {
  const { run, ports, work, progress } = scene
  const { site } = work.settings
  const { distribution } = site
  const go = async () => {
    const batch = batchOf(site, objects(), seedOf(run, work))
    if (batch === undefined || distribution === undefined) return true
    const detail = { reference: batch.reference, paths: batch.paths.slice(0, 20) }
    await run.journal.intend([{ component: 'site', operation: name, on: distribution, detail }])
    const ended = await invalidate(run, ports.clients, { distribution, batch })
    progress.invalidations.push(ended)
    return ended.is !== 'failed'
  }
  const empty = () => distribution === undefined || objects().length === 0
  return { name, empty, always: true, go }
}
