import { join } from 'node:path'
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import { copySuite, type RunResult, type SuiteCopy, startRun } from '../act/index.ts'
import { realClock } from '../clock.ts'
import { type Sandbox, startSandbox } from '../index.ts'
import {
  databaseSecret,
  installSample,
  lookFromOutside,
  type ReleaseNumber,
  releases,
  type Sample,
  sampleWorkflows,
  startTraffic,
} from '../sample/index.ts'
import type { Evidence } from './balance.ts'
import { type Fact, workflowNarrator } from './facts.ts'
import type { ToldRun } from './page.ts'
import { type AwsWatch, watchAws, watchCustomers } from './watch.ts'

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
  readonly evidence: Evidence
  readonly runs: readonly ToldRun[]
}

interface Stage {
  readonly sandbox: Sandbox
  readonly sample: Sample
  readonly suite: SuiteCopy
  readonly tell: StoryOptions['tell']
  /** The runs under way, to be killed when the story ends early. */
  readonly alive: Set<{ kill(): void }>
}

function narrator(tell: StoryOptions['tell'], who: Fact['who'] = 'story') {
  return (text: string, tone: Fact['tone'] = 'plain') => tell({ at: clock.now(), who, tone, text })
}

/** Ships a release by the company's own workflow file. */
async function ship(stage: Stage, aws: AwsWatch, release: ReleaseNumber) {
  const { sandbox, sample, suite, tell, alive } = stage
  // Release 4 is built on what release 2 brought.
  const commit = await sample.repository.release(release, release === 2 ? [] : [2])
  narrator(tell)(`release ${release} (${releases[release].is}) is pushed: ${commit.slice(0, 7)}`)
  const narrate = workflowNarrator()
  const run = startRun({
    repository: sample.repository.folder,
    commit,
    workflow: '.github/workflows/deploy.yml',
    suite,
    event: 'push',
    env: sandbox.env,
    onEvent: (event) => {
      const fact = narrate(event)
      if (!fact) return
      aws.catchUp()
      tell(fact)
    },
  })
  alive.add(run)
  const result = await run.done
  alive.delete(run)
  const end = result.ok ? 'green' : 'red'
  narrator(tell, 'workflow')(`the run is ${end}`, result.ok ? 'good' : 'bad')
  return result
}

/** The moment of the data in the snapshot that a deployment took. */
async function snapshotMoment({ clients }: Sample, run: RunResult): Promise<number> {
  const id = run.steps.find((step) => step.outputs.snapshot)?.outputs.snapshot
  if (!id) throw new Error('The deployment took no snapshot')
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

async function play(stage: Stage, beginning: number): Promise<Told> {
  const { sandbox, sample, tell } = stage
  const traffic = startTraffic(sample.url, { tokenKey: sample.tokenKey })
  watchCustomers(traffic, tell)
  const aws = watchAws(sandbox, sample, tell)
  narrator(tell, 'customers')('begin to use it, 20 requests a second')
  const good = await ship(stage, aws, 2)
  const before = await lookFromOutside(sample)
  const bad = await ship(stage, aws, 4)
  // A while of traffic after everything, so that a relapse would be seen.
  await clock.sleep(2000)
  await aws.stop()
  const seen = await traffic.stop()
  const after = await lookFromOutside(sample)
  const snapshotAt = await snapshotMoment(sample, bad)
  const databases = await databaseStatuses(sample)
  return {
    evidence: {
      beginning,
      before,
      after,
      traffic: seen,
      good,
      bad,
      snapshotAt,
      databases,
    },
    runs: [
      { title: `Release 2, ${releases[2].is}`, run: good },
      { title: `Release 4, ${releases[4].is}`, run: bad },
    ],
  }
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
  const sandbox = await startSandbox({ scale, account: place.account })
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
      folder: join(folder, 'shop'),
      workflows: sampleWorkflows(suite),
      environment,
    })
    say(`release 1 of a small company serves at ${sample.url}`, 'good')
    return await play({ sandbox, sample, suite, tell, alive }, beginning)
  } finally {
    await end()
  }
}
