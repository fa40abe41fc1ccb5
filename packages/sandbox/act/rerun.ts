import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { RunOptions, RunResult } from './run.ts'

interface Job {
  readonly needs?: string | readonly string[]
  readonly outputs?: Readonly<Record<string, string>>
}

/** The value that a job's output had: what its step set, empty when the step never came so far. */
function outputOf(expression: string, job: string, first: RunResult): string {
  const [, step, name] = /steps\.([\w-]+)\.outputs\.([\w-]+)/.exec(expression) ?? []
  const found = first.steps.find((one) => one.job === job && one.id === step)
  return (name && found?.outputs[name]) ?? ''
}

/** In the place of a job that is not run again: it has the result and the outputs that it had. */
function standIn(id: string, job: Job, first: RunResult) {
  const outputs = Object.entries(job.outputs ?? {}).map(([name, expression]) => [
    name,
    outputOf(expression, id, first),
  ])
  const run = first.jobs[id] === 'success' ? 'true' : 'false'
  return {
    'runs-on': 'ubuntu-latest',
    ...(job.needs && { needs: job.needs }),
    ...(outputs.length > 0 && { outputs: Object.fromEntries(outputs) }),
    steps: [{ run }],
  }
}

/**
 * "Re-run this job": the named jobs of the caller's workflow run again under the same run id with the next attempt; the
 * others keep result and outputs. act's own `--job` would run again what the job needs.
 */
export function rerunJobs(
  options: RunOptions,
  first: RunResult,
  jobs: readonly string[],
): RunOptions {
  const prepare = (folder: string) => {
    options.prepare?.(folder)
    const file = join(folder, options.workflow)
    const workflow = parse(readFileSync(file, 'utf8'))
    const rewritten = Object.entries<Job>(workflow.jobs).map(([id, job]) => [
      id,
      jobs.includes(id) ? job : standIn(id, job, first),
    ])
    writeFileSync(
      file,
      stringify({ ...workflow, jobs: Object.fromEntries(rewritten) }, { lineWidth: 0 }),
    )
  }
  return { ...options, prepare, runId: first.runId, attempt: first.attempt + 1 }
}

/** "Re-run all jobs": everything again, under the same run id. */
export function rerunAll(options: RunOptions, first: RunResult): RunOptions {
  return { ...options, runId: first.runId, attempt: first.attempt + 1 }
}
