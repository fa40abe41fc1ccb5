import type { SiteClients } from './client.ts'
import { type At, decide, type Moment, stateAt } from './decide.ts'
import { kindOf } from './keys.ts'
import { histories } from './list.ts'
import type { Operation, SitePlan } from './plan.ts'
import { type History, identityOf, type Site } from './state.ts'
import type { Target } from './target.ts'

/** What a second look at the whole bucket says. */
export interface Stands {
  /** Keys that are as they were at the destination. */
  readonly right: number
  /** Keys that were right, or put back, and are not any more: somebody else writes. */
  readonly changed: readonly string[]
}

/** Looks at every key again, after the last write: the proof of a restore is what the bucket says, not what was sent. */
export async function standsAs(
  clients: SiteClients,
  given: {
    readonly site: Site
    readonly target: Target
    readonly plan: SitePlan
    readonly operations: readonly Operation[]
    readonly done: ReadonlyMap<string, string>
  },
): Promise<Stands> {
  const { site, target, plan, operations, done } = given
  const accepted = new Map([
    ...plan.same.map(({ key, versionId }) => [key, versionId] as const),
    ...done,
  ])
  const undone = operations.flatMap(({ key }) => (done.has(key) ? [] : [key]))
  const known = new Set([...undone, ...plan.superseded, ...plan.kept])
  const changed: string[] = []
  const unseen = new Set(accepted.keys())
  let right = 0
  for await (const history of histories(clients, site)) {
    const { key } = history
    unseen.delete(key)
    if (known.has(key)) continue
    const moment = momentOf(target, history)
    const now = history.versions.find((one) => one.latest)
    if (now && accepted.has(key) && accepted.get(key) === identityOf(now)) right += 1
    else if (stands(history, moment)) right += 1
    else changed.push(key)
  }
  // Where nothing keeps versions a deleted object leaves no trace in the listing.
  return { right, changed: [...changed, ...unseen] }
}

function momentOf(target: Target, history: History): Moment {
  switch (target.by) {
    case 'manifest':
      return target.recorded.get(history.key) ?? { is: 'absent' }
    case 'time':
      return stateAt(history, target.since)
    case 'build':
      // Its files are accepted in the version in which they were put or found.
      return { is: 'absent' }
  }
}

function stands(history: History, moment: Moment): boolean {
  if (moment.is === 'refused') return false
  // A tie was resolved when it was planned; what was not copied for it was right then.
  if (moment.is === 'tied') return true
  const at: At = moment
  const act = decide(history, at, { kind: kindOf(history.key), created: 'keep' })
  return act.is === 'nothing'
}
