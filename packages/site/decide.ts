import { type History, type Kind, secondOf, type Version } from './state.ts'

/** What was there at the moment to which the site goes back. */
export type At =
  | { readonly is: 'absent' }
  | {
      readonly is: 'version'
      readonly versionId: string
      /** As it was recorded; undefined where nobody recorded it. */
      readonly etag?: string
      readonly size?: number
    }

/** What a moment says of one key; `tied` when the listing alone cannot tell. */
export type Moment = At | { readonly is: 'tied'; readonly second: number } | Refusal

export interface Refusal {
  readonly is: 'refused'
  readonly why: string
}

const refused = (why: string): Refusal => ({ is: 'refused', why })

/**
 * What a key was at the end of a second. Versions of one second are in S3's order, a version and a marker of one second
 * are not: unless one of them is the newest of all the order has to be asked for. More than one of the very second that is
 * asked for is refused: nobody can know which of them was meant.
 */
export function stateAt({ versions }: History, second: number): Moment {
  const later = versions.filter((one) => secondOf(one.modified) > second)
  if (later.some((one) => one.versionId === 'null')) {
    return refused(
      'it was written while versioning was suspended, after that time: what lay there before may have been overwritten',
    )
  }
  const before = versions.filter((one) => secondOf(one.modified) <= second)
  const [newest] = before
  if (newest === undefined) return { is: 'absent' }
  const peers = before.filter((one) => secondOf(one.modified) === secondOf(newest.modified))
  if (peers.length > 1 && secondOf(newest.modified) === second) {
    return refused(
      `it changed ${peers.length} times within that very second: name a time before or after it`,
    )
  }
  const mixed = peers.some((one) => one.marker) && peers.some((one) => !one.marker)
  if (mixed && !newest.latest) return { is: 'tied', second: secondOf(newest.modified) }
  return of(newest)
}

/** Resolves a tie by the true order of the key's versions, of which `second` is the tied one. */
export function untie(
  { versions }: History,
  second: number,
  order: readonly Version[],
): At | Refusal {
  const peers = versions.filter((one) => secondOf(one.modified) === second)
  const walked = order.filter((one) => secondOf(one.modified) === second)
  const known = new Set(peers.map((one) => one.versionId))
  const [first] = walked
  if (!first || walked.length !== peers.length || walked.some((one) => !known.has(one.versionId))) {
    return refused('two of its versions have one time, and S3 does not tell their order')
  }
  return of(first)
}

const of = (version: Version): At =>
  version.marker
    ? { is: 'absent' }
    : {
        is: 'version',
        versionId: version.versionId,
        etag: version.etag,
        size: version.size,
      }

/** What is done to one key. */
export type Act =
  | { readonly is: 'nothing' }
  /** The current version may be the same already: its headers decide. */
  | {
      readonly is: 'copy'
      readonly from: Version
      readonly now: Version | undefined
      readonly maybeSame: boolean
    }
  | { readonly is: 'hide'; readonly now: Version }
  /** It was not there, and stays: pages of the release that is undone still ask for it. */
  | { readonly is: 'keep'; readonly now: Version }
  | Refusal

/** What is done with what was created since. */
export type Created = 'hide-documents' | 'keep'

/** The copy of an object in one call ends at 5 GiB (Amazon S3 API reference, CopyObject). */
const largest = 5 * 1024 ** 3

/** The version that is served now; undefined when there is none or it is hidden. */
export const presentOf = ({ versions }: History): Version | undefined =>
  versions.find((one) => one.latest && !one.marker)

/** The decision table: what was there, what is there. Pure. */
export function decide(
  history: History,
  at: At,
  policy: { readonly kind: Kind; readonly created: Created },
): Act {
  const now = history.versions.find((one) => one.latest)
  const present = presentOf(history)
  if (at.is === 'absent') {
    if (present === undefined) return { is: 'nothing' }
    const hides = policy.kind === 'document' || policy.kind === 'service-worker'
    return policy.created === 'hide-documents' && hides
      ? { is: 'hide', now: present }
      : { is: 'keep', now: present }
  }
  const from = history.versions.find((one) => one.versionId === at.versionId && !one.marker)
  if (from === undefined) return refused(gone(at.versionId))
  if (at.etag !== undefined && from.etag !== at.etag) {
    return refused(
      `its version ${at.versionId} was overwritten since: versioning was suspended in between`,
    )
  }
  if (present?.versionId === from.versionId) return { is: 'nothing' }
  if (from.size > largest) {
    return refused(
      `it has ${(from.size / 1024 ** 3).toFixed(1)} GiB: S3 copies at most 5 GiB in one call; copy it by hand`,
    )
  }
  const maybeSame = present !== undefined && present.size === from.size
  return { is: 'copy', from, now, maybeSame }
}

const gone = (versionId: string) =>
  `its version ${versionId} is not there any more: a lifecycle rule or a person deleted it for ever`
