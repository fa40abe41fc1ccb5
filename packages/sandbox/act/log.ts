import { readFileSync } from 'node:fs'

/** How a step ended, in GitHub's words. */
export type StepOutcome = 'success' | 'failure' | 'skipped'

/** One fact of a run, as it happened. */
export type RunEvent = { readonly at: number; readonly job: string } & (
  | { readonly is: 'line'; readonly step: string; readonly text: string }
  | { readonly is: 'step-begins'; readonly step: string; readonly name: string }
  | {
      readonly is: 'step-ends'
      readonly step: string
      readonly name: string
      readonly outcome: StepOutcome
    }
  | { readonly is: 'output'; readonly step: string; readonly name: string; readonly value: string }
  | {
      readonly is: 'summary'
      readonly step: string
      readonly name: string
      readonly markdown: string
    }
  | { readonly is: 'job-ends'; readonly result: 'success' | 'failure' }
)

/** A line of act's JSON log. */
interface ActLine {
  readonly jobID?: string
  readonly step?: string
  readonly stage?: string
  readonly stepID?: readonly string[]
  readonly msg?: string
  readonly raw_output?: boolean
  readonly command?: string
  readonly name?: string
  readonly arg?: string
  readonly content?: string
  readonly stepResult?: StepOutcome
  readonly jobResult?: 'success' | 'failure'
}

/** What a line of act's log says; nothing for its housekeeping. */
export function eventOf(line: string, at: number): RunEvent | undefined {
  const said = parsed(line)
  if (said === undefined) {
    return line === '' ? undefined : { at, job: '', is: 'line', step: '', text: line }
  }
  const job = said.jobID ?? ''
  if (said.jobResult) return { at, job, is: 'job-ends', result: said.jobResult }
  if (said.stage !== undefined && said.stage !== 'Main') return undefined
  const step = said.stepID?.join('/') ?? ''
  const name = said.step ?? ''
  const msg = said.msg ?? ''
  if (said.command === 'summary')
    return { at, job, is: 'summary', step, name, markdown: said.content ?? '' }
  if (said.command === 'set-output')
    return { at, job, is: 'output', step, name: said.name ?? '', value: said.arg ?? '' }
  if (step !== '' && said.stepResult)
    return { at, job, is: 'step-ends', step, name, outcome: said.stepResult }
  if (step !== '' && msg.startsWith('⭐ Run Main'))
    return { at, job, is: 'step-begins', step, name }
  return msg === ''
    ? undefined
    : { at, job, is: 'line', step, text: msg.trimEnd().replace(COLOURS, '') }
}

// Steps with `run:` have a terminal under act, so programs colour what they print.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what an escape sequence begins with.
const COLOURS = /\u001b\[[0-9;]*m/g

function parsed(line: string): ActLine | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** One step that ran. */
export interface Step {
  readonly job: string
  /** Its `id`, else its number in the job from 0. */
  readonly id: string
  readonly name: string
  /** `failure` also for a step that was killed with its run. */
  readonly outcome: StepOutcome
  readonly outputs: Readonly<Record<string, string>>
  /** What it added to the job summary. */
  readonly summary: string
  /** The JSON report of one of our actions. */
  readonly report?: unknown
}

/** What happened in a run. */
export interface History {
  /** Result by job id; a job of a called workflow stands under its own id. Jobs that never ran are absent. */
  readonly jobs: Readonly<Record<string, 'success' | 'failure'>>
  /** Steps that ran, in order. */
  readonly steps: readonly Step[]
  readonly events: readonly RunEvent[]
  /** Everything that was printed. */
  readonly log: string
}

/** The report file that an action named in its output `report`, read before act removes the job's folder. */
function reportAt(event: RunEvent): unknown {
  if (event.is !== 'output' || event.name !== 'report') return undefined
  try {
    return JSON.parse(readFileSync(event.value, 'utf8'))
  } catch {
    return undefined
  }
}

interface Draft {
  job: string
  id: string
  name: string
  outcome: StepOutcome
  outputs: Record<string, string>
  summary: string
  report?: unknown
}

/** Collects events into a history. */
export function historian() {
  const events: RunEvent[] = []
  const steps: Draft[] = []
  const jobs: Record<string, 'success' | 'failure'> = {}
  const draft = (job: string, id: string, name: string): Draft => {
    const found = steps.find((one) => one.job === job && one.id === id)
    if (found) return found
    const made: Draft = { job, id, name, outcome: 'failure', outputs: {}, summary: '' }
    steps.push(made)
    return made
  }
  const add = (event: RunEvent) => {
    events.push(event)
    if (event.is === 'job-ends') jobs[event.job] = event.result
    if (event.is === 'step-begins') draft(event.job, event.step, event.name)
    if (event.is === 'step-ends') draft(event.job, event.step, event.name).outcome = event.outcome
    if (event.is === 'summary') draft(event.job, event.step, event.name).summary += event.markdown
    if (event.is !== 'output') return
    const step = draft(event.job, event.step, '')
    step.outputs[event.name] = event.value
    const report = reportAt(event)
    if (report !== undefined) step.report = report
  }
  const history = (): History => ({
    jobs: { ...jobs },
    steps: [...steps],
    events: [...events],
    log: events.flatMap((event) => (event.is === 'line' ? [event.text] : [])).join('\n'),
  })
  return { add, history }
}
