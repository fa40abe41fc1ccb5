import { iso, type Result, type Run, type Section, span } from '#core'
import {
  afterId,
  beforeId,
  type Destination,
  deploymentOf,
  type EnvironmentState,
  findDestination,
  imagesText,
  newestPoints,
  type Point,
  type Record,
  readEnvironment,
  readPoint,
  readRecord,
  type Store,
  standingDeployment,
} from '#store'
import { outputsOf } from './render.ts'

/** So many points are shown; a few more are read, because they say when what came before them began. */
const most = 20

/** The command that presses the Rollback button for a destination; the action gives it. */
export type Button = (
  environment: string,
  given: { readonly to: string; readonly dryRun: boolean },
) => string

/** What the store knows of an environment while its points are listed. */
interface Sight {
  readonly environment: EnvironmentState
  readonly points: readonly Point[]
  /** The open record, if there is one. */
  readonly open: Record | undefined
  /** The deployment that the button would take back; undefined when there was none. */
  readonly undone: Point | undefined
  readonly auto: Destination
  readonly lastVerified: Destination
  /** The id of the point that describes what runs now, or why there is none. */
  readonly runsNow: { readonly point: string } | { readonly why: string }
}

/** Lists the newest restore points with what they are good for, and the commands that go there. Reads the store only. */
export async function list(run: Run, store: Store, button: Button): Promise<Result> {
  const sight = await look(store)
  const shown = sight.points.slice(0, most)
  return {
    outcome: 'done',
    headline: `${shown.length === 1 ? '1 restore point' : `${shown.length} restore points`} of ${store.environment}, the newest first`,
    sections: [nowOf(sight), tableOf(run, sight, shown)],
    next: commandsOf(sight, shown, (to) => button(store.environment, { to, dryRun: true })),
    outputs: { points: JSON.stringify(shown.map(({ id }) => id)) },
  }
}

async function look(store: Store): Promise<Sight> {
  const environment = await readEnvironment(store)
  const [points, written, standing] = await Promise.all([
    newestPoints(store, { most: most + 10 }),
    environment.open === undefined ? undefined : readRecord(store, environment.open),
    standingDeployment(store, environment.latest),
  ])
  const open = written?.state === 'open' ? written : undefined
  const id = open?.undone ?? standing
  const undone = id === undefined ? undefined : await readPoint(store, beforeId(id))
  const [auto, lastVerified] = await Promise.all(
    [open?.to ?? 'auto', open?.to ?? 'last-verified'].map((to) => findDestination(store, to, id)),
  )
  const none: Destination = { is: 'none', why: 'nothing was deployed' }
  return {
    ...{
      environment,
      points,
      open,
      undone,
      auto: auto ?? none,
      lastVerified: lastVerified ?? none,
    },
    runsNow: runningNow(environment, points, open),
  }
}

/** Which point describes what runs, as far as the documents say; nothing of AWS is asked. */
function runningNow(
  { latest, verified = '' }: EnvironmentState,
  points: readonly Point[],
  open: Record | undefined,
): Sight['runsNow'] {
  if (open !== undefined)
    return { why: `between two points: the rollback ${open.id} is open, to ${open.to}` }
  if (latest === undefined) return { why: 'not known: nothing was deployed' }
  const before = points.find(({ id }) => id === beforeId(latest))
  const what = `${latest} (commit ${before?.sha.slice(0, 12) ?? 'unknown'})`
  switch (before?.deployment?.state) {
    case 'verified':
      return { point: afterId(latest) }
    case 'rolled-back':
      return verified.startsWith(`${latest}.rollback-`)
        ? { point: verified }
        : { why: `${what} was rolled back and closed by hand: no point describes it` }
    case 'captured':
    case 'abandoned':
      return { point: beforeId(latest) }
    case 'deploying':
    case 'held':
      return { why: `${what} is ${before.deployment.state}: no point describes it` }
    case undefined:
      return { why: `${what}: its restore point is not there` }
  }
}

function nowOf({ undone, auto, lastVerified, runsNow, open }: Sight): Section {
  const to = (destination: Destination) =>
    destination.is === 'point' ? destination.point.id : `nowhere: ${destination.why}`
  const taken = undone
    ? `${deploymentOf(undone.id)} (commit ${undone.sha.slice(0, 12)}), ${undone.deployment?.state ?? 'unknown'}`
    : 'nothing was deployed'
  return {
    title: 'Now',
    columns: ['question', 'answer'],
    rows: [
      ['What runs, by the records', 'point' in runsNow ? runsNow.point : runsNow.why],
      ['What the button takes back', taken],
      [open ? 'Where every repeat goes' : 'Where to: auto goes', to(auto)],
      ...(open ? [] : [['Where to: last-verified goes', to(lastVerified)]]),
    ],
  }
}

function tableOf(run: Run, sight: Sight, shown: readonly Point[]): Section {
  return {
    title: 'Restore points',
    columns: [
      ...['point', 'to go back to', 'commit that ran', 'taken, and how long it ran'],
      ...['images', 'newest migration', 'its deployment'],
    ],
    rows: shown.map((point) => [
      point.id,
      worth(sight, point),
      point.runs?.slice(0, 12) ?? 'unknown',
      `${minute(point.takenAt)}, ${ran(run, sight, point)}`,
      imagesText(point.components.ecs?.services ?? []) || 'no services',
      point.components.migrations?.applied.toSorted().at(-1) ?? 'none',
      endOf(sight, point),
    ]),
  }
}

/** A reason of many checks would fill the table; `show` has all of it. */
const brief = (why: string) => (why.length > 120 ? `${why.slice(0, 119)}…` : why)

const minute = (at: string) => `${iso(Date.parse(at)).slice(0, 16).replace('T', ' ')}Z`

const isAt = (destination: Destination, { id }: Point) =>
  destination.is === 'point' && destination.point.id === id

/** Whether a point is a candidate, and why or why not; what points at it comes first. */
function worth(sight: Sight, point: Point): string {
  const { auto, lastVerified, runsNow } = sight
  const marks = [
    ...('point' in runsNow && runsNow.point === point.id ? ['runs now'] : []),
    ...(isAt(auto, point) ? ['auto'] : []),
    ...(isAt(lastVerified, point) ? ['last-verified'] : []),
  ]
  const told = `${candidate(sight, point)}: ${brief(point.verified.why)}`
  return marks.length === 0 ? told : `${marks.join(', ')}; ${told}`
}

function candidate(sight: Sight, point: Point): string {
  if (point.verified.held) return 'no, it was unhealthy'
  if (!point.verified.is) return 'only if named, not verified'
  return isTakenBack(sight, point) ? 'only if named, rolled back since' : 'verified'
}

const deploymentIn = ({ points }: Pick<Sight, 'points'>, point: Point) =>
  points.find(({ id }) => id === beforeId(deploymentOf(point.id)))?.deployment

const isTakenBack = (sight: Sight, point: Point) =>
  point.point === 'after' && deploymentIn(sight, point)?.state === 'rolled-back'

/** From when it was taken until the next deployment began or a rollback ended it; a `before` ends with its own. */
function ran(run: Run, { points }: Sight, point: Point): string {
  const taken = Date.parse(point.takenAt)
  const older = points.find(
    (other) => other.fingerprint === point.fingerprint && Date.parse(other.takenAt) < taken,
  )
  const same = older ? `, the same as ${older.id}` : ''
  if (point.point === 'before') return `until ${deploymentOf(point.id)} began${same}`
  const next = points.findLast((other) => Date.parse(other.takenAt) > taken && isEnd(other))
  if (next === undefined) return `for ${span(run.clock.now() - taken)} until now${same}`
  const end = next.point === 'after' ? 'a rollback' : `${deploymentOf(next.id)} began`
  return `for ${span(Date.parse(next.takenAt) - taken)} until ${end}${same}`
}

const isRollback = ({ id }: Point) => /\.rollback-\d+\/after$/.test(id)

/** Where something else began to run. */
const isEnd = (point: Point): boolean =>
  isRollback(point) ||
  (point.deployment !== undefined &&
    point.deployment.state !== 'captured' &&
    point.deployment.state !== 'abandoned')

/** How the deployment ended that a point belongs to; the `after` of a rollback is of the one that was taken back. */
function endOf(sight: Sight, point: Point): string {
  const found = deploymentIn(sight, point)
  if (found === undefined)
    return isRollback(point) ? `the rollback of ${point.id.replace(/\.rollback-.*/, '')}` : ''
  const why = found.history.findLast(({ state }) => state === found.state)?.why
  return why === undefined ? found.state : `${found.state}: ${brief(why)}`
}

/** One command for each thing that could be gone back to; points that are equal need one, and what runs now none. */
function commandsOf(
  sight: Sight,
  shown: readonly Point[],
  command: (to: string) => string,
): readonly string[] {
  const { open, runsNow } = sight
  if (open) return [`${open.id} is open and goes on: ${command('auto')}`]
  const now = 'point' in runsNow ? sight.points.find(({ id }) => id === runsNow.point) : undefined
  const seen = new Set(now ? [now.fingerprint] : [])
  const candidates = shown.filter((point) => {
    const good = point.verified.is && !isTakenBack(sight, point) && !seen.has(point.fingerprint)
    if (good) seen.add(point.fingerprint)
    return good
  })
  if (candidates.length === 0)
    return ['no verified point differs from what runs: fix forward, or name a point of the table']
  return [
    ...candidates.slice(0, 5).map((point) => `to ${whatRan(point)}: ${command(point.id)}`),
    'each prints its plan and changes nothing; with dry-run=false it is done',
  ]
}

const whatRan = ({ runs, takenAt }: Point) =>
  runs === undefined ? `what ran at ${minute(takenAt)}` : `commit ${runs.slice(0, 12)}`

/** Shows one restore point whole. */
export async function show(store: Store, id: string): Promise<Result> {
  const point = await readPoint(store, id)
  if (!point) {
    return {
      outcome: 'refused',
      headline: `there is no restore point ${id}`,
      next: ['list them with mode: list'],
    }
  }
  return {
    outcome: 'done',
    headline: `${id}: ${point.verified.is ? 'verified' : 'not verified'}: ${point.verified.why}`,
    sections: [{ title: 'Document', text: JSON.stringify(point) }],
    outputs: outputsOf(point),
    data: JSON.parse(JSON.stringify(point)),
  }
}
