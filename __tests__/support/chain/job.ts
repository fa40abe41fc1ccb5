import { type Outcome, passes } from '#core'
import { actionDefinition } from '../../../scripts/actions.ts'
import { ownPath } from '../../../scripts/workflows.ts'
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

/** How an action ended, as the next steps see it. */
export interface ActionEnd {
  readonly outcome: Outcome
  readonly outputs: Readonly<Record<string, string>>
}

/** How one step ended; a skipped one has no outputs. */
export interface StepEnd {
  readonly name: string
  readonly outcome: Outcome | 'skipped'
  readonly outputs?: Readonly<Record<string, string>>
}

/** How a job ended. */
export interface JobEnd {
  readonly conclusion: 'success' | 'failure' | 'skipped' | 'killed'
  readonly steps: readonly StepEnd[]
  readonly outputs: Readonly<Record<string, string>>
  readonly lines: readonly string[]
}

/** The inputs of an action as the runner passes them: every declared one, by name. */
export type Given = Readonly<Record<string, string>>

/** A job of one of our workflow files, and who performs its actions. */
export interface Order {
  readonly file: string
  readonly job: string
  readonly inputs: Inputs
  readonly run: RunOf
  /** Runs an action in a process of its own; `say` takes its log. */
  readonly perform: (
    action: string,
    given: Given,
    say: (line: string) => void,
  ) => Promise<ActionEnd>
  /** Resolves when the machine under the job is gone: then nothing else of it runs. */
  readonly death: Promise<'killed'>
}

/**
 * Runs a job as the runner does: the steps of the workflow file in its order, each `if:` and `with:` evaluated by GitHub's own
 * evaluator.
 */
export async function runJob(order: Order): Promise<JobEnd> {
  const job = jobOf(order.file, order.job)
  const github = { sha: order.run.sha, run_id: order.run.runId }
  const inputs = inputsOf(order.file, order.inputs)
  const base = { inputs, github, secrets: {}, needs: {} }
  const none = { conclusion: 'skipped' as const, steps: [], outputs: {}, lines: [] }
  if (!allows(job.if, { contexts: base, failed: false })) return none
  const running = new RunningJob(order, base)
  const ended = await Promise.race([running.work(job), order.death])
  const { ends: steps, lines, failed } = running
  if (ended === 'killed') return { conclusion: 'killed', steps, outputs: {}, lines }
  return { conclusion: failed ? 'failure' : 'success', steps, outputs: ended, lines }
}

class RunningJob {
  readonly ends: StepEnd[] = []
  readonly lines: string[] = []
  failed = false
  readonly #steps: Record<string, { outputs: Given; outcome: 'success' | 'failure' | 'skipped' }> =
    {}
  readonly #order: Order
  readonly #base: Readonly<Record<string, unknown>>
  constructor(order: Order, base: Readonly<Record<string, unknown>>) {
    this.#order = order
    this.#base = base
  }

  async work(job: Job): Promise<Given> {
    for (const step of job.steps ?? []) {
      const action = ownPath(step.uses)?.replace('actions/', '')
      if (action !== undefined) await this.#step(step, action)
      else if (!step.uses?.startsWith('actions/checkout@'))
        throw new Error(`cannot run the step ${step.uses ?? step.run}`)
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
      if (step.id !== undefined) this.#steps[step.id] = { outputs: {}, outcome: 'skipped' }
      return
    }
    const named = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([key, value]) => [key, filled(value, scope)]),
    )
    const say = (line: string) => void this.lines.push(`${action}: ${line}`)
    const { outcome, outputs } = await this.#order.perform(action, givenOf(action, named), say)
    this.ends.push({ name, outcome, outputs })
    if (step.id !== undefined) {
      const ended = passes(outcome) ? 'success' : 'failure'
      this.#steps[step.id] = { outputs: { ...outputs, outcome }, outcome: ended }
    }
    if (!passes(outcome)) this.failed = true
  }
}

const definitions = new Map<string, ReturnType<typeof actionDefinition>>()

/** What the runner passes: what the step names, else the default of action.yml. */
export function givenOf(action: string, named: Given): Given {
  const definition = definitions.get(action) ?? actionDefinition(action)
  definitions.set(action, definition)
  const declared = definition.inputs ?? {}
  const unknown = Object.keys(named).filter((key) => !(key in declared))
  if (unknown.length > 0) throw new Error(`${action} has no input ${unknown.join(', ')}`)
  return Object.fromEntries(
    Object.entries(declared).map(([name, { default: usual }]) => [
      name,
      named[name] ?? usualOf(usual),
    ]),
  )
}

/** The default that is an expression is the job's token: these jobs have none. */
const usualOf = (usual: unknown) => (usual === '${{ github.token }}' ? '' : String(usual ?? ''))

const guarded = '.github/workflows/guarded-deploy.yml'
const rollback = '.github/workflows/rollback.yml'

/** What the jobs of one company share: where they run, and what they are always given. */
export type Place = Pick<Order, 'perform' | 'death' | 'run'> & { readonly inputs: Inputs }

/** The deploy job of the guarded chain: restore point, snapshot, the company's scripts, verdict. */
export function deployJob(place: Place): Promise<JobEnd> {
  const scripts = { migrate: 'scripts/migrate', deploy: 'scripts/deploy' }
  return runJob({
    ...place,
    file: guarded,
    job: 'deploy',
    inputs: { environment: 'production', ...scripts, ...place.inputs },
  })
}

/** The rollback job that follows a deploy job; with the inputs of the button, the one of the Rollback button. */
export function rollbackJob(place: Place, inputs: Inputs): Promise<JobEnd> {
  return runJob({
    ...place,
    file: rollback,
    job: 'rollback',
    inputs: { environment: 'production', ...place.inputs, ...inputs },
  })
}

/** What the Rollback button passes. */
export const pressed: Inputs = { asked: true, reason: 'pressed' }
