import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { realClock } from '../clock.ts'
import type { GitHub, JobPlan } from '../github/index.ts'
import type { RunEvent } from './log.ts'
import { rerunJobs } from './rerun.ts'
import type { RunOptions, RunResult } from './run.ts'

/** act plays the jobs, the stand-in for GitHub's API knows the run that they belong to. */

const clock = realClock()
const REPOSITORY = 'acme/shop'
/** A run of a commit that was run before brings no new one. */
const known = new WeakMap<GitHub, Set<string>>()

interface FileJob {
  readonly needs?: string | readonly string[]
  readonly if?: string
  readonly environment?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/** The jobs of a workflow file; each runs until it is told to end. */
function plansOf(text: string): readonly JobPlan[] {
  const { jobs } = parse(text) as { jobs: Readonly<Record<string, FileJob>> }
  return Object.entries(jobs).map(([name, job]) => {
    const environment = job.environment ?? job.with?.['deploy-environment']
    return {
      name,
      needs: [job.needs ?? []].flat(),
      always: job.if?.includes('always()') ?? false,
      ms: null,
      ...(typeof environment === 'string' && !environment.includes('${{') && { environment }),
    }
  })
}

/** A run that the stand-in knows. */
export interface Registered {
  /** Whether a cancellation has reached it. */
  isCancelled(): boolean
  /** Ends a job as soon as act has ended it: what needs it begins at GitHub too. */
  heard(event: RunEvent): void
  /** Tells how its other jobs have ended. */
  ended(told: RunResult): Promise<void>
}

/** Tells the stand-in of a run that act is about to play, with its commit. `onCancel` is called when a cancellation reaches it. */
export function register(
  github: GitHub,
  options: RunOptions & { readonly runId: string },
  onCancel: () => void,
): Registered {
  const repository = github.repository(REPOSITORY)
  const id = Number(options.runId)
  const text = readFileSync(join(options.repository, options.workflow), 'utf8')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', options.repository, ...args], { encoding: 'utf8' }).trim()
  const at = options.commit ?? 'HEAD'
  const [sha = '', message = ''] = git('log', '-1', '--format=%H %s', at).split(/ (.*)/)
  const commits = known.get(github) ?? new Set()
  if (!commits.has(sha)) repository.commit({ sha, message })
  known.set(github, commits.add(sha))
  repository.workflow({ path: options.workflow, jobs: plansOf(text) })
  repository.run(options.workflow, {
    id,
    sha,
    ...(options.event && { event: options.event }),
    ...(options.inputs && { inputs: options.inputs }),
  })
  let cancelled = false
  repository.onCancel(id, () => {
    if (!cancelled) onCancel()
    cancelled = true
  })
  const over = new Map<string, Promise<void>>()
  const names = plansOf(text).map(({ name }) => name)
  const heard = (event: RunEvent) => {
    if (event.is !== 'job-ends' || !names.includes(event.job) || over.has(event.job)) return
    const before = Promise.all(over.values())
    const end = () => patiently(() => repository.finish(id, event.job, event.result))
    over.set(event.job, before.then(end))
  }
  const ended = async (told: RunResult) => {
    await Promise.all(over.values())
    for (const name of names.filter((one) => !over.has(one))) {
      const conclusion = told.jobs[name] ?? (cancelled ? 'cancelled' : 'failure')
      await patiently(() => repository.finish(id, name, conclusion))
    }
  }
  return { isCancelled: () => cancelled, heard, ended }
}

/** What GitHub still runs of a run that was cancelled: its jobs with `always()`, in the same attempt. act ends with the kill. */
export function stillRuns(options: RunOptions, first: RunResult): RunOptions {
  const text = readFileSync(join(options.repository, options.workflow), 'utf8')
  const always = plansOf(text).filter((plan) => plan.always)
  const names = always.map(({ name }) => name)
  return { ...rerunJobs(options, first, names), attempt: first.attempt }
}

/** A runner takes a job a moment after the one that it needs has ended; one that never began cannot be ended. */
async function patiently(finish: () => void): Promise<void> {
  for (let look = 0; look < 200; look++) {
    try {
      return finish()
    } catch (thrown) {
      if (!String(thrown).endsWith('is queued')) return
      await clock.sleep(50)
    }
  }
}
