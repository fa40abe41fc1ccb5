import { tmpdir } from 'node:os'
import { act, resultOf } from '#action'
import { type Outcome, passes, type Result, type Verdict } from '#core'
import { actionDefinition } from '../../../scripts/actions.ts'
import { ownPath } from '../../../scripts/workflows.ts'
import type { Company } from './company.ts'
import type { Machine } from './machine.ts'
import { actionsOf } from './steps.ts'
import {
  allows,
  filled,
  type Inputs,
  inputsOf,
  type Job,
  jobOf,
  type Scope,
  type Step,
} from './workflow.ts'

/** Which run of a workflow: its id and attempt, and the commit. */
export interface RunOf {
  readonly runId: string
  readonly attempt: number
  readonly sha: string
}

/** How one step ended; a skipped one has no result. */
export interface StepEnd {
  readonly name: string
  readonly outcome: Outcome | 'skipped'
  readonly result?: Result
}

/** How a job ended. */
export interface JobEnd {
  readonly conclusion: 'success' | 'failure' | 'skipped' | 'killed'
  readonly steps: readonly StepEnd[]
  readonly outputs: Readonly<Record<string, string>>
  readonly lines: readonly string[]
}

/** A job of one of our workflow files to run on a machine. */
export interface Order {
  readonly file: string
  readonly job: string
  readonly inputs: Inputs
  readonly run: RunOf
  readonly machine: Machine
  readonly needs?: Readonly<Record<string, unknown>>
}

const secrets: unknown = {}

/**
 * Runs a job as the runner does: the steps of the workflow file in its order, each `if:` and `with:` evaluated by GitHub's own
 * evaluator, each action through the product's `act` with a journal, lease and record of its own.
 */
export async function runJob(company: Company, order: Order): Promise<JobEnd> {
  const job = jobOf(order.file, order.job)
  const github = { sha: order.run.sha, run_id: order.run.runId }
  const inputs = inputsOf(order.file, order.inputs)
  const base = { inputs, github, secrets, needs: order.needs ?? {} }
  const none = { conclusion: 'skipped' as const, steps: [], outputs: {}, lines: [] }
  if (!allows(job.if, { contexts: base, failed: false })) return none
  const running = new RunningJob(company, order, base)
  const ended = await Promise.race([running.work(job), order.machine.death])
  if (ended === 'killed')
    return { conclusion: 'killed', steps: running.ends, outputs: {}, lines: running.lines }
  const { ends: steps, lines } = running
  return { conclusion: running.failed ? 'failure' : 'success', steps, outputs: ended, lines }
}

class RunningJob {
  readonly ends: StepEnd[] = []
  readonly lines: string[] = []
  failed = false
  readonly #steps: Record<string, { outputs: Readonly<Record<string, string>> }> = {}
  readonly #company: Company
  readonly #order: Order
  readonly #base: Readonly<Record<string, unknown>>
  constructor(company: Company, order: Order, base: Readonly<Record<string, unknown>>) {
    this.#company = company
    this.#order = order
    this.#base = base
  }

  async work(job: Job): Promise<Readonly<Record<string, string>>> {
    for (const step of job.steps ?? []) {
      const action = ownPath(step.uses)?.replace('actions/', '')
      if (action === undefined) {
        if (!step.uses?.startsWith('actions/checkout@'))
          throw new Error(`cannot run the step ${step.uses ?? step.run}`)
        continue
      }
      await this.#step(step, action)
    }
    const scope = this.#scope()
    return Object.fromEntries(
      Object.entries(job.outputs ?? {}).map(([name, text]) => [name, filled(text, scope)]),
    )
  }

  #scope(): Scope {
    return { contexts: { ...this.#base, steps: this.#steps }, failed: this.failed }
  }

  async #step(step: Step, action: string): Promise<void> {
    const name = step.name ?? action
    const scope = this.#scope()
    if (!allows(step.if, scope)) {
      this.ends.push({ name, outcome: 'skipped' })
      return
    }
    const given = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([key, value]) => [key, filled(value, scope)]),
    )
    const result = await this.#act(action, given)
    this.ends.push({ name, outcome: result.outcome, result })
    if (step.id !== undefined)
      this.#steps[step.id] = { outputs: { ...result.outputs, outcome: result.outcome } }
    if (!passes(result.outcome)) this.failed = true
  }

  async #act(action: string, given: Readonly<Record<string, string>>): Promise<Result> {
    const { run, machine } = this.#order
    return runAction(this.#company, { action, given, run, machine, lines: this.lines })
  }
}

/** One step: an action in a process of its own, with the inputs that a step names. */
export async function runAction(
  company: Company,
  step: Pick<Order, 'run' | 'machine'> & {
    readonly action: string
    readonly given: Readonly<Record<string, string>>
    /** Where its log goes. */
    readonly lines?: string[]
  },
): Promise<Result> {
  const { action, given, run, machine, lines = [] } = step
  const definition = actionsOf(company)[action]
  if (!definition) throw new Error(`no action ${action}`)
  const say = (line: string) => void lines.push(`${action}: ${line}`)
  const result = await act(definition, {
    clock: machine.clock,
    report: { info: say, warning: say, mask: () => {} },
    identity: { ...run, repository: 'acme/shop', actor: 'ada', runUrl: '' },
    folder: tmpdir(),
    variables: {},
    input: (name) => inputOf(action, given, name),
    login: () => machine.aws,
  }).catch(resultOf)
  say(`${result.outcome}: ${result.headline}`)
  return { ...result, outputs: { ...definition.fallback, ...result.outputs } }
}

/** What the runner passes: what the step says, else the default of action.yml. */
function inputOf(action: string, given: Readonly<Record<string, string>>, name: string): string {
  const declared = definitionOf(action).inputs ?? {}
  const unknown = Object.keys(given).filter((key) => !(key in declared))
  if (unknown.length > 0) throw new Error(`${action} has no input ${unknown.join(', ')}`)
  return given[name] ?? String(declared[name]?.default ?? '')
}

const definitions = new Map<string, ReturnType<typeof actionDefinition>>()
function definitionOf(action: string) {
  const found = definitions.get(action) ?? actionDefinition(action)
  definitions.set(action, found)
  return found
}

const guarded = '.github/workflows/guarded-deploy.yml'
const rollback = '.github/workflows/rollback.yml'
/** Where a test looks how often: steps of a minute keep virtual hours cheap. */
const pollInterval = '60s'

/** The deploy job of the guarded chain: restore point, snapshot, the company's scripts, verdict. */
export function deployJob(company: Company, run: RunOf, machine = company.machine()) {
  const inputs = {
    environment: 'production',
    config: company.config,
    migrate: 'scripts/migrate',
    deploy: 'scripts/deploy',
    'poll-interval': pollInterval,
  }
  return runJob(company, { file: guarded, job: 'deploy', inputs, run, machine })
}

/** The rollback job that follows a deploy job; with `asked` the one of the Rollback button. */
export function rollbackJob(
  company: Company,
  run: RunOf,
  given: { readonly verdict?: Verdict | ''; readonly inputs?: Inputs; readonly machine?: Machine },
) {
  const { verdict = 'unhealthy', machine = company.machine() } = given
  const inputs = {
    ...{ environment: 'production', config: company.config, verdict },
    ...{ 'poll-interval': pollInterval, ...given.inputs },
  }
  return runJob(company, { file: rollback, job: 'rollback', inputs, run, machine })
}

/** The rollback that a person asks for: another run, without a verdict. */
export function buttonJob(
  company: Company,
  run: RunOf,
  given: { readonly inputs?: Inputs; readonly machine?: Machine } = {},
) {
  return rollbackJob(company, run, {
    verdict: '',
    ...given,
    inputs: { asked: true, reason: 'pressed', ...given.inputs },
  })
}
