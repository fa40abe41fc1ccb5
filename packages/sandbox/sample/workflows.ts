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

/** All workflow files of the company's repository. */
export function sampleWorkflows(suite: SuiteName): Readonly<Record<string, string>> {
  const folder = join(suiteRoot(), 'workflows-examples')
  const files = Object.entries(workflowFiles).map(([name, example]) => [
    name,
    adaptedWorkflow(readFileSync(join(folder, example), 'utf8'), suite),
  ])
  return Object.fromEntries(files)
}
