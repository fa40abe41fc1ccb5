import { type Glimpse, isWhole, type Outside, type SiteSeen } from '../sample/index.ts'
import { type Evidence, lostRows } from './balance.ts'
import { tasksOf } from './facts.ts'

/** One thing of a chapter: what it was, what the bad release made of it, and what it is. */
export interface Restored {
  readonly component: string
  readonly before: string
  readonly bad: string
  readonly after: string
  /** What was compared, from outside. */
  readonly proof: string
  readonly holds: boolean
}

/** Something that could not be seen while it was broken. */
const UNSEEN = 'not seen'

const equal = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

const short = (digest = '') => digest.replace(/^sha256:/, '').slice(0, 12)

function services({ before, glimpse, after }: Evidence): readonly Restored[] {
  return before.services.map((was) => {
    const named = (seen: Partial<Outside> | Glimpse | undefined) =>
      seen?.services?.find(({ name }) => name === was.name)
    const words = (seen: ReturnType<typeof named>) =>
      seen ? `${seen.taskDefinition}, ${seen.running} of ${tasksOf(seen.desired)}` : UNSEEN
    const is = named(after)
    const holds =
      equal(was.digests, is?.digests) &&
      was.taskDefinition === is?.taskDefinition &&
      is.running === was.desired
    return {
      component: `service ${was.name}`,
      ...{ before: words(was), bad: words(named(glimpse)), after: words(is) },
      proof: `image digest ${was.digests.map(short).join(', ')} on every task`,
      holds,
    }
  })
}

const ledger = (applied: readonly string[] | undefined) =>
  applied ? `${applied.length} applied, last ${applied.at(-1) ?? 'none'}` : UNSEEN

function database(evidence: Evidence): readonly Restored[] {
  const { chapter, before, glimpse, after, traffic, databases } = evidence
  const [was, is] = [before.database, after.database]
  const isNew = was.instance !== is.instance
  const kept = isNew ? `; ${was.instance} is kept, ${databases[was.instance] ?? 'gone'}` : ''
  const lost = lostRows(evidence)
  const rows =
    chapter.data === 'restored'
      ? `${lost.fromBefore} rows from before the snapshot are lost, and ${lost.all} written after it`
      : `${lost.all} of ${traffic.acknowledged.length} acknowledged rows are lost`
  return [
    {
      component: 'database',
      ...{ before: was.instance, bad: glimpse?.database?.instance ?? UNSEEN, after: is.instance },
      proof: `${Object.keys(was.settings).length} settings are equal${kept}`,
      holds: equal(was.settings, is.settings) && isNew === (chapter.data === 'restored'),
    },
    {
      component: 'schema',
      before: ledger(was.applied),
      bad: ledger(glimpse?.database?.applied),
      after: ledger(is.applied),
      proof: 'the ledgers of migrations are equal',
      holds: equal(was.applied, is.applied),
    },
    {
      component: 'data',
      ...{ before: `${was.triggers} rows`, bad: 'customers go on writing' },
      after: `${is.triggers} rows, with those written since`,
      proof: rows,
      holds: (chapter.data === 'restored' ? lost.fromBefore : lost.all) === 0,
    },
  ]
}

function configuration({ before, glimpse, after }: Evidence): readonly Restored[] {
  return Object.entries(before.configuration ?? {}).map(([name, was]) => {
    const is = after.configuration?.[name]
    const bad = glimpse?.configuration?.[name]
    const words = (seen: typeof is) => (seen ? `version ${seen.version.slice(0, 8)}` : UNSEEN)
    const changed = bad && (bad.mark === was.mark ? ', the same value' : ', another value')
    return {
      component: name.startsWith('/') ? `parameter ${name}` : `secret ${name}`,
      ...{ before: words(was), bad: `${words(bad)}${changed ?? ''}`, after: words(is) },
      proof: 'the values are equal (compared by a keyed hash)',
      holds: was.mark === is?.mark,
    }
  })
}

function front({ before, glimpse, after }: Evidence): readonly Restored[] {
  const was = before.site
  if (!was) return []
  const words = (site: SiteSeen | undefined) => {
    if (!site) return UNSEEN
    const bad = site.files.filter(({ status }) => status !== 200).length
    const files =
      bad === 0 ? `${site.files.length} files` : `${bad} of ${site.files.length} missing`
    return `release ${site.release ?? '?'}, ${files}`
  }
  const hashes = (site: SiteSeen | undefined) =>
    site?.files.map(({ path, sha256 }) => [path, sha256])
  const bytes = was.files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    {
      component: 'front end',
      ...{ before: words(was), bad: words(glimpse?.site), after: words(after.site) },
      proof: `SHA-256 of ${was.files.length} files, ${bytes} bytes, is equal`,
      holds: isWhole(was) && equal(hashes(was), hashes(after.site)),
    },
  ]
}

function door({ before, glimpse, after }: Evidence): Restored {
  const words = ({ doors = [] }: { readonly doors?: Outside['doors'] }) => {
    const [first] = doors
    if (!first) return UNSEEN
    const commit = first.commit ? `, ${first.commit.slice(0, 7)}` : ''
    return first.status === 0 ? 'no answer' : `HTTP ${first.status}${commit}`
  }
  const [was] = before.doors
  const same = after.doors.filter((one) => equal(one, was)).length
  return {
    component: 'front door',
    ...{ before: words(before), bad: words(glimpse ?? {}), after: words(after) },
    proof: `${same} of ${after.doors.length} answers name the commit that answered before`,
    holds: was?.status === 200 && same === after.doors.length,
  }
}

/** What was restored, thing by thing, each with what was compared. */
export const restoredOf = (evidence: Evidence): readonly Restored[] => [
  door(evidence),
  ...services(evidence),
  ...database(evidence),
  ...configuration(evidence),
  ...front(evidence),
]
