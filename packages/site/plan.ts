import { isDenied } from '#aws'
import { CallError, operations, type Plan, type Run, refused } from '#core'
import { type BuildFile, digestOf, isFile } from './build.ts'
import type { SiteClients } from './client.ts'
import {
  type Act,
  type At,
  type Created,
  decide,
  presentOf,
  type Refusal,
  stateAt,
  untie,
} from './decide.ts'
import { kindOf } from './keys.ts'
import { inParallel } from './lanes.ts'
import { histories, walk } from './list.ts'
import { type Again, grantsOf, type Head, hasAcls, headOf, isSame } from './look.ts'
import { type History, identityOf, type Kind, type Site, secondOf, type Version } from './state.ts'
import type { Target } from './target.ts'

/** A version that is made the current one again. */
export interface Copy {
  readonly do: 'copy'
  readonly key: string
  readonly kind: Kind
  readonly versionId: string
  readonly now: Version | undefined
  readonly again: Again
  readonly grants: Readonly<Record<string, string>>
}

/** An object that gets a delete marker. */
export interface Hide {
  readonly do: 'hide'
  readonly key: string
  readonly kind: Kind
  readonly now: Version
}

/** A file of a build that is put into the bucket. */
export interface Upload {
  readonly do: 'upload'
  readonly key: string
  readonly kind: Kind
  readonly file: BuildFile
  readonly now: Version | undefined
  readonly grants: Readonly<Record<string, string>>
}

/** What makes an object the wanted one again. */
export type Put = Copy | Upload
export type Operation = Put | Hide

/** A key as it is, in the words of what an edge may have kept of it. */
export interface Standing {
  readonly key: string
  readonly kind: Kind
  /** Its `identityOf`. */
  readonly versionId: string
  /** The second in which it was written. */
  readonly written: number
  /** True when this record put it over another one, of which edges may know: an asset of the same name. */
  readonly replaced: boolean
}

/** What has to be done to a site, and what is right already. */
export interface SitePlan {
  readonly plan: Plan<Operation>
  readonly refusals: readonly (readonly [key: string, why: string])[]
  /** Keys whose very version is current. */
  readonly unchanged: number
  /** Keys that serve the same in another version: put back before, or uploaded again without a change. */
  readonly same: readonly Standing[]
  /** Documents that were there after the destination and are hidden already. */
  readonly hidden: readonly Standing[]
  /** Keys created since, which stay. */
  readonly kept: readonly string[]
  /** Keys that somebody changed after this rollback had begun (P14). */
  readonly superseded: readonly string[]
}

/** What a plan is made for. */
export interface Wanted {
  readonly site: Site
  readonly target: Target
  readonly created: Created
  /** The second, by S3's clock, in which this record first changed the site; undefined when it did not. */
  readonly begun: number | undefined
}

/** Plans a restore: reads everything that it needs, checks that every old version can be read, and changes nothing. */
export async function planSite(run: Run, clients: SiteClients, wanted: Wanted): Promise<SitePlan> {
  const sorted = await sort(run, clients, wanted)
  const acls = sorted.changes.length > 0 && (await hasAcls(clients, wanted.site))
  const looked = await inParallel(sorted.changes, async (change) => {
    await run.journal.beat()
    return change.is === 'copy'
      ? look(clients, wanted, { ...change, acls })
      : lookAtFile(clients, wanted, { ...change, acls })
  })
  const puts = looked.flatMap((one) => (one.is === 'put' ? [one.put] : []))
  const refusals = [
    ...sorted.refusals,
    ...looked.flatMap((one) => (one.is === 'refused' ? [[one.key, one.why] as const] : [])),
  ]
  const [first] = refusals
  const all: readonly Operation[] = [...puts, ...sorted.hides]
  return {
    plan: first
      ? refused(`${first[0]}: ${first[1]}`)
      : operations(all, 'every object is as it was there'),
    refusals,
    unchanged: sorted.unchanged,
    same: looked.flatMap((one) => (one.is === 'same' ? [one.standing] : [])),
    hidden: sorted.hidden,
    kept: sorted.kept,
    superseded: looked.flatMap((one) => (one.is === 'superseded' ? [one.key] : [])),
  }
}

type CopyAct = Extract<Act, { is: 'copy' }> & {
  readonly key: string
  readonly kind: Kind
  readonly over: boolean
}
interface UploadAct {
  readonly is: 'upload'
  readonly file: BuildFile
  readonly now: Version | undefined
  readonly over: boolean
}

const uploadOf = (file: BuildFile, history: History): UploadAct => ({
  is: 'upload',
  file,
  now: presentOf(history),
  over: isOver(history),
})

/** Tells whether the newest version lies over one that was served; taken for granted where no version is kept. */
function isOver({ versions: [now, before] }: History): boolean {
  return before === undefined ? now?.versionId === 'null' : !before.marker
}

interface Sorted {
  readonly changes: (CopyAct | UploadAct)[]
  readonly hides: Hide[]
  readonly hidden: Standing[]
  readonly kept: string[]
  readonly refusals: (readonly [string, string])[]
  unchanged: number
}

/** Walks over all keys once and keeps only what is not as it should be. */
async function sort(run: Run, clients: SiteClients, wanted: Wanted): Promise<Sorted> {
  const { target, site } = wanted
  const sorted: Sorted = {
    changes: [],
    hides: [],
    hidden: [],
    kept: [],
    refusals: [],
    unchanged: 0,
  }
  const missing = new Set(wantedKeys(target))
  for await (const history of histories(clients, site)) {
    missing.delete(history.key)
    const file = target.by === 'build' ? target.files.get(history.key) : undefined
    if (file) sorted.changes.push(uploadOf(file, history))
    else sortKey(sorted, wanted, { history, at: await momentOf(clients, wanted, history) })
    await run.journal.beat()
  }
  for (const key of missing) {
    const file = target.by === 'build' ? target.files.get(key) : undefined
    if (file) sorted.changes.push(uploadOf(file, { key, versions: [] }))
    else sorted.refusals.push([key, 'no version of it is there any more: it was deleted for ever'])
  }
  return sorted
}

function wantedKeys(target: Target): Iterable<string> {
  switch (target.by) {
    case 'manifest':
      return target.recorded.keys()
    case 'build':
      return target.files.keys()
    case 'time':
      return []
  }
}

async function momentOf(
  clients: SiteClients,
  { target, site }: Wanted,
  history: History,
): Promise<At | Refusal> {
  if (target.by === 'build') return { is: 'absent' }
  if (target.by === 'manifest') return target.recorded.get(history.key) ?? { is: 'absent' }
  const moment = stateAt(history, target.since)
  if (moment.is !== 'tied') return moment
  const { second } = moment
  const order = await walk(clients, site, { key: history.key, until: second })
  return untie(history, second, order)
}

function sortKey(
  sorted: Sorted,
  { created, target }: Wanted,
  { history, at }: { readonly history: History; readonly at: At | Refusal },
): void {
  const { key } = history
  const kind = kindOf(key)
  const act = at.is === 'refused' ? at : decide(history, at, { kind, created })
  switch (act.is) {
    case 'nothing': {
      const now = history.versions.find((one) => one.latest)
      if (at.is === 'version') sorted.unchanged += 1
      else if (now && secondOf(now.modified) >= target.since && kind !== 'asset') {
        sorted.hidden.push(standing(now, kind, false))
      }
      return
    }
    case 'copy':
      sorted.changes.push({ ...act, key, kind, over: isOver(history) })
      return
    case 'hide':
      sorted.hides.push({ do: 'hide', key, kind, now: act.now })
      return
    case 'keep':
      sorted.kept.push(key)
      return
    case 'refused':
      sorted.refusals.push([key, act.why])
  }
}

type Looked =
  | { readonly is: 'put'; readonly put: Put }
  | { readonly is: 'same'; readonly standing: Standing }
  | { readonly is: 'superseded'; readonly key: string }
  | { readonly is: 'refused'; readonly key: string; readonly why: string }

/** Looks whether an old version can be read, what a copy of it would lose, and whether the current one is the same. */
async function look(
  clients: SiteClients,
  { site, begun }: Wanted,
  { key, kind, from, now, maybeSame, over, acls }: CopyAct & { readonly acls: boolean },
): Promise<Looked> {
  const old = await readable(() => headOf(clients, site, from))
  if ('why' in old) return { is: 'refused', key, why: old.why }
  if (old.head.archived) {
    const why = `its version ${from.versionId} is archived (${from.storageClass}): restore it with aws s3api restore-object, then run again`
    return { is: 'refused', key, why }
  }
  const current = maybeSame && now ? await headOf(clients, site, now) : undefined
  const age = now === undefined || begun === undefined ? -1 : secondOf(now.modified) - begun
  if (now && current && (isSame(old.head, current) || (age >= 0 && isLikely(old.head, current)))) {
    return { is: 'same', standing: standing(now, kind, over && age >= 0) }
  }
  if (age > 0) return { is: 'superseded', key }
  const grants = acls ? await grantsOf(clients, site, from) : {}
  const { versionId } = from
  return {
    is: 'put',
    put: { do: 'copy', key, kind, versionId, now, again: old.head.again, grants },
  }
}

/** Looks whether an object is what a file of the build would be. */
async function lookAtFile(
  clients: SiteClients,
  { site, begun }: Wanted,
  { file, now, over, acls }: UploadAct & { readonly acls: boolean },
): Promise<Looked> {
  const { key, kind } = file
  const age = now === undefined || begun === undefined ? -1 : secondOf(now.modified) - begun
  if (now?.size === file.size) {
    const head = await headOf(clients, site, now)
    if (isFile(head, file, await digestOf(file))) {
      return { is: 'same', standing: standing(now, kind, over && age >= 0) }
    }
  }
  if (age > 0) return { is: 'superseded', key }
  const grants = acls && now ? await grantsOf(clients, site, now) : {}
  return { is: 'put', put: { do: 'upload', key, kind, file, now, grants } }
}

const standing = (now: Version, kind: Kind, replaced: boolean): Standing => ({
  key: now.key,
  kind,
  versionId: identityOf(now),
  written: secondOf(now.modified),
  replaced,
})

/** A copy of an object that was uploaded in parts has another ETag: after this record began, headers and size tell it. */
const isLikely = (old: Head, current: Head) =>
  old.etag.includes('-') && old.headers === current.headers && old.size === current.size

/** A version that cannot be read is this key's refusal; a missing permission is everybody's and is thrown. */
async function readable(
  read: () => Promise<Head>,
): Promise<{ readonly head: Head } | { readonly why: string }> {
  try {
    return { head: await read() }
  } catch (thrown) {
    if (!(thrown instanceof CallError) || isDenied(thrown)) throw thrown
    if (!/NotFound|NoSuchVersion|NoSuchKey|BadRequest|^400$/.test(thrown.code)) throw thrown
    return { why: `its old version cannot be read: ${thrown.message}` }
  }
}
