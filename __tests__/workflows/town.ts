import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../packages/sandbox/index.ts'
import {
  type InstallOptions,
  installSample,
  lookFromOutside,
  type Outside,
  type ReleaseNumber,
  type Sample,
  sampleWorkflows,
  siteBucket,
  type workflowFiles,
} from '../../packages/sandbox/sample/index.ts'
import {
  copySuite,
  type RunEvent,
  type Running,
  type RunOptions,
  type RunResult,
  register,
  rerunAll,
  rerunJobs,
  runWorkflow,
  type Step,
  type SuiteCopy,
  stillRuns,
  suiteName,
} from '../support/act.ts'

/** The stories of a file share one sandbox; each company lives in an account of its own. */
export interface Town {
  readonly sandbox: Sandbox
  settle(account: string, settings?: Settings): Promise<Company>
  close(): Promise<void>
}

interface Settings extends Pick<InstallOptions, 'environment' | 'everything'> {
  /** How jobs come to credentials: keys in their environment by default. */
  readonly credentials?: 'keys' | 'oidc'
  /** True: deploy.yml has the job `preflight`, as the example that people copy has. */
  readonly preflight?: boolean
}

/** A run with what it did to the cloud. */
export interface Told extends RunResult {
  /** What every action wrote to a file: reports and evidence, read before the runner clears them. */
  readonly papers: readonly string[]
  /** The mutating calls that AWS accepted, by job: `service:Operation name`; `site` for those to the front end's bucket. */
  readonly changes: { readonly deploy: readonly string[]; readonly rollback: readonly string[] }
  readonly options: RunOptions
  /** When it was cancelled, what its jobs with `always()` did then. */
  readonly still?: RunResult
}

type Workflow = keyof typeof workflowFiles

/** What a story may add to a run. */
export interface Twist {
  /** `notify.yml` is committed by its own story. */
  readonly workflow?: Workflow | 'notify.yml'
  /** Variables of every job beside those of the town. */
  readonly env?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly onEvent?: (event: RunEvent, run: Running) => void
}

/** A company with its pipeline. */
export interface Company extends Sample {
  /** Every run so far. */
  readonly runs: readonly Told[]
  /** Commits a release on top of main and pushes it: the deploy workflow runs. */
  ship(release: ReleaseNumber, on?: readonly ReleaseNumber[], twist?: Twist): Promise<Told>
  /** Runs the deploy workflow at HEAD once more, as a new run. */
  deploy(twist?: Twist): Promise<Told>
  /** Presses the Rollback button. */
  press(inputs: Readonly<Record<string, string>>, twist?: Twist): Promise<Told>
  /** "Re-run all jobs", or only the named ones. */
  rerun(first: Told, jobs?: readonly string[], twist?: Twist): Promise<Told>
  /** Commits a changed `.github/rollback.yml`: what differs from the one of the installation; undefined leaves a key out. */
  configure(change: Change): Promise<string>
  look(): Promise<Outside>
}

interface Change {
  readonly store?: string
  readonly environment?: Readonly<Record<string, unknown>>
}

const region = 'us-east-1'
const configPath = '.github/rollback.yml'

/** Starts a sandbox in which a minute takes less than a second. */
export async function foundTown(
  scale = 100,
  options: Pick<SandboxOptions, 'roles'> = {},
): Promise<Town> {
  const folder = mkdtempSync(join(tmpdir(), 'stories-'))
  const suite = copySuite(join(folder, 'suite'))
  const sandbox = await startSandbox({ scale, github: true, ...options })
  const shop = sandbox.github?.repository('acme/shop')
  for (const name of ['production-rollback', 'staging-rollback']) shop?.environment(name)
  const companies: Company[] = []
  const settle = async (account: string, settings: Settings = {}) => {
    const { environment, everything, credentials, preflight = false } = settings
    const sample = await installSample(sandbox, {
      account,
      region,
      release: 1,
      folder: join(folder, account),
      workflows: sampleWorkflows(suiteName, { preflight }),
      ...(environment && { environment }),
      ...(everything && { everything }),
    })
    const company = companyOf(sample, suite, {
      sandbox,
      env: {
        ...environmentOf(sandbox, account, credentials ?? 'keys'),
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
      },
    })
    companies.push(company)
    return company
  }
  const close = async () => {
    for (const { clients } of companies) clients.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { sandbox, settle, close }
}

/** The variables of a job: with OIDC it has no key at all until it assumes the role. */
function environmentOf(sandbox: Sandbox, account: string, credentials: 'keys' | 'oidc') {
  const { AWS_ACCESS_KEY_ID: _key, AWS_SECRET_ACCESS_KEY: secret, ...rest } = sandbox.env
  if (credentials === 'oidc') return rest
  return { ...rest, AWS_ACCESS_KEY_ID: account, AWS_SECRET_ACCESS_KEY: String(secret) }
}

interface Place {
  readonly sandbox: Sandbox
  readonly env: Readonly<Record<string, string>>
}

function companyOf(sample: Sample, suite: SuiteCopy, { sandbox, env }: Place): Company {
  const runs: Told[] = []
  const original = sample.repository.read(configPath)
  const tell = async (options: RunOptions) => {
    const told = await run(sandbox, sample.account, options)
    runs.push(told)
    return told
  }
  const base = (twist: Twist, file: Workflow, event: RunOptions['event']): RunOptions => ({
    repository: sample.repository.folder,
    workflow: `.github/workflows/${twist.workflow ?? file}`,
    suite,
    env: { ...env, ...twist.env },
    ...(event && { event }),
    ...(twist.secrets && { secrets: twist.secrets }),
    ...(twist.onEvent && { onEvent: twist.onEvent }),
  })
  const deploy = (twist: Twist = {}) => tell(base(twist, 'deploy.yml', 'push'))
  return {
    ...sample,
    runs,
    deploy,
    ship: async (release, on = [], twist = {}) => {
      await sample.repository.release(release, on)
      return deploy(twist)
    },
    press: (inputs, twist = {}) =>
      tell({ ...base(twist, 'rollback.yml', 'workflow_dispatch'), inputs }),
    rerun: (first, jobs, twist = {}) => {
      const { onEvent: _, ...options } = first.options
      const now = { ...options, ...(twist.onEvent && { onEvent: twist.onEvent }) }
      return tell(jobs ? rerunJobs(now, first, jobs) : rerunAll(now, first))
    },
    configure: ({ store, environment }) => {
      const { environments, ...rest } = parse(original)
      const production = { ...environments.production, ...environment }
      const text = stringify({ ...rest, ...(store && { store }), environments: { production } })
      return sample.repository.commit('Change the configuration', { [configPath]: text })
    },
    look: () => lookFromOutside(sample),
  }
}

/** Runs a workflow and notes where in the sandbox's log of calls its rollback job began. */
async function run(sandbox: Sandbox, account: string, options: RunOptions): Promise<Told> {
  const papers: string[] = []
  const kept = mkdtempSync(join(tmpdir(), 'papers-'))
  const last = () => sandbox.calls.list().at(-1)?.n ?? 0
  const begun = last()
  const runId = options.runId ?? String(randomInt(10_000_000, 99_999_999))
  const first = sandbox.github && (options.attempt ?? 1) === 1
  let running: Running | undefined
  const hub = first
    ? register(sandbox.github, { ...options, runId }, () => running?.kill())
    : undefined
  let turned: number | undefined
  const result = await runWorkflow({
    ...options,
    env: { ...options.env, NODE_OPTIONS: `--import=${keepPapers}`, KEPT_PAPERS: kept },
    runId,
    onEvent: (event, now) => {
      running = now
      hub?.heard(event)
      if (event.job === 'rollback' && event.is === 'step-begins') turned ??= last()
      if (event.is === 'output' && (event.name === 'report' || event.name === 'evidence'))
        papers.push(readPaper(kept, event.value))
      options.onEvent?.(event, now)
    },
  })
  const still = hub?.isCancelled() ? await runWorkflow(stillRuns(options, result)) : undefined
  await hub?.ended(result)
  rmSync(kept, { recursive: true, force: true })
  const turn = turned ?? last()
  const calls = sandbox.calls.list({ account, mutating: true, after: begun })
  const said = (rollback: boolean) =>
    calls
      .filter((call) => call.n > turn === rollback && call.status < 300)
      .map(({ service, operation, subject }) => {
        const isSite = subject.Bucket === siteBucket({ account, region })
        return `${isSite ? 'site' : service}:${operation} ${nameOf(subject)}`
      })
  const changes = { deploy: said(false), rollback: said(true) }
  return { ...result, papers, options, changes, ...(still && { still }) }
}

/** What a call changed: the most telling of its identifiers. */
const nameOf = (subject: Readonly<Record<string, string>>) =>
  [
    ...['service', 'family', 'Key', 'DBInstanceIdentifier', 'SecretId', 'DBSnapshotIdentifier'],
    ...['Name', 'DistributionId'],
  ]
    .map((name) => subject[name])
    .find((name) => name !== undefined) ?? JSON.stringify(subject)

const keepPapers = join(import.meta.dirname, '../support/keep-papers.mjs')

/** Reads the copy that was kept of what an action wrote. */
function readPaper(kept: string, file: string): string {
  return file === '' ? '' : readFileSync(join(kept, file), 'utf8')
}

/** A step by its id, name or the name of the action that it uses. Throws when it did not run. */
export function stepOf(told: RunResult, name: string): Step {
  const found = findStep(told, name)
  if (!found)
    throw new Error(`No step ${name} in ${told.steps.map((step) => step.name).join(', ')}`)
  return found
}

/** The same; undefined when it did not run. */
export function findStep(told: RunResult, name: string): Step | undefined {
  const is = (step: Step) =>
    step.id === name || step.name === name || step.name.includes(`/actions/${name}@`)
  return told.steps.find(is)
}

/** How each of our actions ended, by the step's name or id: its output `outcome`. */
export const outcomeOf = (told: RunResult, name: string) => stepOf(told, name).outputs.outcome

/**
 * Everything that a run let anybody see: the whole output, summaries, outputs, files. Only the commands that tell the
 * runner what to mask are left out: it takes them out of the log.
 */
export const everythingSaid = (told: Told): string =>
  [
    ...told.output.split('\n').filter((line) => !line.includes('"command":"add-mask"')),
    ...told.steps.map((step) => step.summary),
    ...told.papers,
  ].join('\n')

/** What a run changed outside the store, in order. */
export const changesOf = (told: Told, job: keyof Told['changes']): readonly string[] =>
  told.changes[job].filter((change) => !change.startsWith('s3:'))

/** The inputs of the `gh workflow run` that was printed with a line beginning with `about`, read as a shell would. Throws when none was. */
export function printedCommand(told: Told, about: string): Readonly<Record<string, string>> {
  const line = told.log
    .split('\n')
    .find((one) => one.includes('gh workflow run rollback.yml') && one.trim().startsWith(about))
  if (!line) throw new Error(`No command about "${about}" was printed`)
  const flags = line.matchAll(/-f (?:'([^=']+)=([^']*)'|([\w-]+)=(?:"([^"]*)"|(\S+)))/g)
  return Object.fromEntries(
    [...flags].map(([, quoted, text, name, spaced, word]) => [
      quoted ?? name,
      text ?? spaced ?? word,
    ]),
  )
}

/** Whether an event is the beginning of a step, by its id or name. */
export const begins = (event: RunEvent, name: string) =>
  event.is === 'step-begins' && (event.step === name || event.name === name)

/** Starts a story beside others; whoever needs its end awaits what it returns. */
export function meanwhile<T>(story: () => Promise<T>): () => Promise<T> {
  const told = story()
  told.catch(() => undefined)
  return () => told
}
