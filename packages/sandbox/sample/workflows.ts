import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type SuiteName, suiteRoot } from '../act/index.ts'

/** The workflow files of the company: each is one of the examples that people copy, with data of its own. */
export const workflowFiles = {
  'deploy.yml': 'sandwich.yml',
  'guarded-deploy.yml': 'guarded-deploy.yml',
  'rollback.yml': 'rollback.yml',
  'rollback-resume.yml': 'rollback-resume.yml',
  'ecs-api.yml': 'ecs-api.yml',
  'workers.yml': 'workers.yml',
  'environments.yml': 'environments.yml',
  'api-and-front-end.yml': 'api-and-front-end.yml',
  'regions.yml': 'regions.yml',
} as const

interface Call {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job extends Call {
  readonly steps?: readonly Call[]
  readonly needs?: string | readonly string[]
  readonly if?: string
}

/** What a company leaves out of the examples. */
export interface Adaptation {
  /**
   * False leaves the job `preflight` out of deploy.yml: it changes nothing, costs each run a job, and most stories are not about it.
   * The other files keep theirs.
   */
  readonly preflight?: boolean
}

/** How often the company's actions look while they wait: its cloud is compressed in time. */
const POLL_INTERVAL = '200ms'

/** A call of the suite with its poll interval set; other calls stay as they are. */
function adapted<T extends Call>(call: T, { repository }: SuiteName): T {
  if (!call.uses?.startsWith(`${repository}/`)) return call

  return { ...call, with: { ...call.with, 'poll-interval': POLL_INTERVAL } }
}

/**
 * An example workflow for the company's repository: the pin is the commit of the suite, and each call waits in short
 * steps. Nothing else changes.
 */
export function adaptedWorkflow(text: string, suite: SuiteName): string {
  const pinned = text.replaceAll(/@0{40}\b/g, `@${suite.commit}`)
  const workflow = parse(pinned)
  const jobs = Object.entries<Job>(workflow.jobs).map(([id, job]) => {
    const steps = job.steps?.map((step) => adapted(step, suite))
    return [id, { ...adapted(job, suite), ...(steps && { steps }) }]
  })
  return stringify({ ...workflow, jobs: Object.fromEntries(jobs) }, { lineWidth: 0 })
}

const behindPreflight = " && needs.preflight.result == 'success'"

/** A workflow without its job `preflight`, and without what hangs on it. Throws when nothing does. */
function withoutPreflight(text: string): string {
  const { jobs, ...rest } = parse(text) as { readonly jobs: Readonly<Record<string, Job>> }
  const { preflight, ...others } = jobs
  const decides = Object.values(others).some((job) => job.if?.includes(behindPreflight))
  if (!preflight || !decides) throw new Error('Nothing in this workflow waits for a preflight')
  const left = Object.entries(others).map(([id, { needs, ...job }]) => {
    const waits = [needs ?? []].flat().filter((one) => one !== 'preflight')
    return [
      id,
      {
        ...(waits.length > 0 && { needs: waits }),
        ...job,
        ...(job.if && { if: job.if.replace(behindPreflight, '') }),
      },
    ]
  })
  return stringify({ ...rest, jobs: Object.fromEntries(left) }, { lineWidth: 0 })
}

/** All workflow files of the company's repository. */
export function sampleWorkflows(
  suite: SuiteName,
  { preflight = true }: Adaptation = {},
): Readonly<Record<string, string>> {
  const folder = join(suiteRoot(), 'workflows-examples')
  const files = Object.entries(workflowFiles).map(([name, example]) => {
    const text = adaptedWorkflow(readFileSync(join(folder, example), 'utf8'), suite)
    return [name, name === 'deploy.yml' && !preflight ? withoutPreflight(text) : text]
  })
  return Object.fromEntries(files)
}
