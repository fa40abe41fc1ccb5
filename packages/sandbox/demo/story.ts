import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import {
  copySuite,
  type Running,
  type RunResult,
  register,
  type SuiteCopy,
  startRun,
} from '../act/index.ts'
import { realClock } from '../clock.ts'
import { type Sandbox, startSandbox } from '../index.ts'
import {
  databaseSecret,
  type Glimpse,
  glimpseFromOutside,
  installSample,
  lookFromOutside,
  type ReleaseNumber,
  releases,
  type Sample,
  sampleWorkflows,
  startTraffic,
  startVisitors,
} from '../sample/index.ts'
import type { Chapter, Evidence } from './balance.ts'
import { type Fact, workflowNarrator } from './facts.ts'
import { type Deployed, deploymentsOf } from './github.ts'
import type { Measured } from './scale.ts'
import type { ToldRun } from './summaries.ts'
import { type AwsWatch, watchAws, watchCustomers, watchVisitors } from './watch.ts'

/** The bad releases, one after the other, each on what the rollback of the one before it left. */
const chapters: readonly Chapter[] = [
  {
    release: 11,
    on: [2],
    why: 'release 11 answered 5xx, renamed a column, and brought a wrong configuration and a page without its files',
    data: 'kept',
    everything: true,
  },
  {
    release: 4,
    on: [2],
    why: 'the migration of release 4 took away what every version asks for',
    data: 'restored',
  },
]

/** What a release is called in titles. */
export const titleOf = (number: ReleaseNumber) => `Release ${number}, ${releases[number].is}`

const clock = realClock()
const place = { account: '123456789012', region: 'us-east-1' }

/** How the story is told. */
export interface StoryOptions {
  /** A folder for everything; removed by the caller. */
  readonly folder: string
  /** How many times faster than AWS. */
  readonly scale: number
  readonly tell: (fact: Fact) => void
  /** Called with what ends everything early. */
  readonly onStart?: (end: () => Promise<void>) => void
}

/** The story's end. */
export interface Told {
  /** One by chapter. */
  readonly evidence: readonly Evidence[]
  readonly runs: readonly ToldRun[]
  /** Every request and every visit, as it was answered. */
  readonly requests: readonly Measured[]
  readonly visits: readonly Measured[]
  /** What GitHub lists in the end. */
  readonly deployed: readonly Deployed[]
  /** Which release a commit is. */
  readonly commits: Readonly<Record<string, string>>
}

interface Stage {
  readonly sandbox: Sandbox
  readonly sample: Sample
  readonly suite: SuiteCopy
  readonly tell: StoryOptions['tell']
  /** The runs under way, to be killed when the story ends early. */
  readonly alive: Set<{ kill(): void }>
  readonly measured: { readonly requests: Measured[]; readonly visits: Measured[] }
}

/** A run that ended, with what was seen from outside as soon as its verdict was bad. */
interface Shipped {
  readonly run: RunResult
  readonly glimpse?: Glimpse
}

function narrator(tell: StoryOptions['tell'], who: Fact['who'] = 'story') {
  return (text: string, tone: Fact['tone'] = 'plain') => tell({ at: clock.now(), who, tone, text })
}

/** Ships a release by the company's own workflow file. */
async function ship(
  stage: Stage,
  aws: AwsWatch,
  { release, on }: Pick<Chapter, 'release' | 'on'>,
): Promise<Shipped> {
  const { sandbox, sample, suite, tell, alive } = stage
  const commit = await sample.repository.release(release, on)
  narrator(tell)(`release ${release} (${releases[release].is}) is pushed: ${commit.slice(0, 7)}`)
  const runId = String(randomInt(10_000_000, 99_999_999))
  const narrate = workflowNarrator(runId)
  let glimpse: Promise<Glimpse> | undefined
  const options = {
    ...{ runId, repository: sample.repository.folder, commit, suite, event: 'push' as const },
    ...{ workflow: '.github/workflows/deploy.yml', env: sandbox.env },
  }
  const hub = sandbox.github && register(sandbox.github, options, () => run.kill())
  const run: Running = startRun({
    ...options,
    onEvent: (event) => {
      hub?.heard(event)
      const isBad = event.is === 'output' && event.name === 'verdict' && event.value !== 'healthy'
      if (isBad) glimpse ??= glimpseFromOutside(sample)
      const fact = narrate(event)
      if (!fact) return
      aws.catchUp()
      tell(fact)
    },
  })
  alive.add(run)
  const result = await run.done
  alive.delete(run)
  await hub?.ended(result)
  const isBack = !result.ok && result.jobs.rollback === 'success'
  const end = isBack ? 'red, because its release did not stay' : result.ok ? 'green' : 'red'
  narrator(tell, 'workflow')(`the run is ${end}`, result.ok ? 'good' : 'bad')
  const seen = await glimpse
  return { run: result, ...(seen && { glimpse: seen }) }
}

/** The moment of the data in the snapshot that a deployment took, if it took one. */
async function snapshotMoment({ clients }: Sample, run: RunResult): Promise<number | undefined> {
  const id = run.steps.find((step) => step.outputs.snapshot)?.outputs.snapshot
  if (!id) return undefined
  const { DBSnapshots } = await clients.rds.send(
    new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }),
  )
  const [found] = DBSnapshots ?? []
  const at = found?.SnapshotDatabaseTime ?? found?.SnapshotCreateTime
  if (!at) throw new Error(`Snapshot ${id} has no time`)
  return at.getTime()
}

async function databaseStatuses({ clients }: Sample): Promise<Readonly<Record<string, string>>> {
  const { DBInstances = [] } = await clients.rds.send(new DescribeDBInstancesCommand({}))
  const statuses = DBInstances.map((one) => [one.DBInstanceIdentifier, one.DBInstanceStatus])
  return Object.fromEntries(statuses)
}

/** Everybody who uses the company, until they are stopped. */
function people({ sample, tell, measured }: Stage) {
  const traffic = startTraffic(sample.url, { tokenKey: sample.tokenKey })
  traffic.onAnswer((answer) => void measured.requests.push(answer))
  watchCustomers(traffic, tell)
  const visitors = sample.front && startVisitors(sample.front.url)
  visitors?.onVisit((visit) => void measured.visits.push(visit))
  if (visitors) watchVisitors(visitors, tell)
  return {
    stop: async () => {
      const [seen, visits] = await Promise.all([traffic.stop(), visitors?.stop()])
      return { traffic: seen, ...(visits && { visits }) }
    },
  }
}

type People = ReturnType<typeof people>

interface Before {
  readonly beginning: number
  readonly good: RunResult
  readonly aws: AwsWatch
  readonly people: People
}

async function playChapter(stage: Stage, chapter: Chapter, given: Before): Promise<Evidence> {
  const { sample } = stage
  const { beginning, good, aws } = given
  const before = await lookFromOutside(sample)
  const from = clock.now()
  const { run: bad, glimpse } = await ship(stage, aws, chapter)
  // A while of traffic after everything, so that a relapse would be seen.
  await clock.sleep(2000)
  aws.catchUp()
  const seen = await given.people.stop()
  const span = { from, to: clock.now() }
  const after = await lookFromOutside(sample)
  const snapshotAt = await snapshotMoment(sample, bad)
  const databases = await databaseStatuses(sample)
  return {
    ...{ chapter, beginning, span, before, after, good, bad, databases, ...seen },
    ...(glimpse && { glimpse }),
    ...(snapshotAt !== undefined && { snapshotAt }),
  }
}

const commitsOf = ({ repository }: Sample) =>
  Object.fromEntries(
    ([1, 2, ...chapters.map(({ release }) => release)] as const).map((number) => [
      repository.commitOf(number),
      String(number),
    ]),
  )

async function play(stage: Stage, beginning: number): Promise<Told> {
  const { sandbox, sample, tell } = stage
  const first = people(stage)
  const aws = watchAws(sandbox, sample, tell)
  const also = sample.front ? ', and 2 visits of the page' : ''
  narrator(tell, 'customers')(`begin to use it, 20 requests a second${also}`)
  const { run: good } = await ship(stage, aws, { release: 2, on: [] })
  const evidence: Evidence[] = []
  for (const chapter of chapters) {
    const now = evidence.length === 0 ? first : people(stage)
    evidence.push(await playChapter(stage, chapter, { beginning, good, aws, people: now }))
  }
  await aws.stop()
  const bad = evidence.map(({ chapter, bad: run }) => ({ title: titleOf(chapter.release), run }))
  const runs = [{ title: titleOf(2), run: good }, ...bad]
  const deployed = sandbox.github ? await deploymentsOf(sandbox.github, 'acme/shop') : []
  return { evidence, runs, deployed, commits: commitsOf(sample), ...stage.measured }
}

/** The company's configuration: the data restore is agreed to in advance. */
const environment = {
  database: { connection: `secret:${databaseSecret}`, 'data-restore': 'automatic' },
}

/** Plays the whole story on a sandbox of its own and ends everything that it started, also when it fails. */
export async function tellStory(options: StoryOptions): Promise<Told> {
  const { folder, scale, tell } = options
  const beginning = clock.now()
  const say = narrator(tell)
  const suite = copySuite(join(folder, 'suite'))
  const sandbox = await startSandbox({ scale, account: place.account, github: true })
  sandbox.github?.repository('acme/shop').environment('production-rollback')
  const alive = new Set<{ kill(): void }>()
  let ending: Promise<void> | undefined
  const end = () => {
    for (const run of alive) run.kill()
    ending ??= sandbox.close()
    return ending
  }
  options.onStart?.(end)
  try {
    say(`a local cloud runs on ${sandbox.url}, ${scale} times faster than AWS`)
    const sample = await installSample(sandbox, {
      ...place,
      release: 1,
      everything: chapters.some(({ everything }) => everything),
      folder: join(folder, 'shop'),
      workflows: sampleWorkflows(suite),
      environment,
    })
    say(`release 1 of a small company serves at ${sample.url}`, 'good')
    const measured = { requests: [], visits: [] }
    return await play({ sandbox, sample, suite, tell, alive, measured }, beginning)
  } finally {
    await end()
  }
}
