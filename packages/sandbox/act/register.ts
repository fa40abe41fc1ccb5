import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { realClock } from '../clock.ts'
import type { GitHub, JobPlan } from '../github/index.ts'
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

/** Tells the stand-in of a run that act is about to play, with its commit. Answers what to call when it has ended. */
export function register(
  github: GitHub,
  options: RunOptions & { readonly runId: string },
): (told: RunResult) => Promise<void> {
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
  return async (told) => {
    for (const { name } of plansOf(text)) {
      const conclusion = told.jobs[name] ?? 'failure'
      await patiently(() => repository.finish(id, name, conclusion))
    }
  }
}

/** A job begins a moment after the one that it needs; one that never began cannot be ended. */
async function patiently(finish: () => void): Promise<void> {
  for (let look = 0; look < 20; look++) {
    try {
      return finish()
    } catch {
      await clock.sleep(20)
    }
  }
}
