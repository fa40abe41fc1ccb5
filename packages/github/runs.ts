import { CallError, type Life, messageOf, type RunAttempt } from '#core'
import { type GitHub, isMissing } from './api.ts'

const noSuchRun: Life = {
  is: 'unknown',
  why: 'GitHub has no such run in this repository',
  missing: true,
}

/** Asks whether an attempt has ended: only `completed` is (REST API, "Get a workflow run attempt"). */
export async function lifeOf(github: GitHub, { run, attempt }: RunAttempt): Promise<Life> {
  if (!/^\d+$/.test(run)) return noSuchRun
  try {
    const found =
      attempt === undefined
        ? await latestOf(github, run)
        : await github.ask(
            'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}',
            `run ${run}`,
            { run_id: Number(run), attempt_number: attempt },
          )
    if (found.status !== 'completed') return { is: 'alive', status: found.status ?? 'unknown' }
    return { is: 'ended', conclusion: found.conclusion ?? 'unknown' }
  } catch (thrown) {
    if (isMissing(thrown)) return noSuchRun
    throw thrown
  }
}

const latestOf = (github: GitHub, run: string) =>
  github.ask('GET /repos/{owner}/{repo}/actions/runs/{run_id}', `run ${run}`, {
    run_id: Number(run),
  })

/** The same in a job that may have no token. Never throws: what GitHub does not answer is doubt. */
export async function askLife(github: GitHub | undefined, of: RunAttempt): Promise<Life> {
  if (github === undefined)
    return { is: 'unknown', why: 'this step has no token to ask GitHub with' }
  try {
    return await lifeOf(github, of)
  } catch (thrown) {
    return { is: 'unknown', why: messageOf(thrown) }
  }
}

/** A job of a run, as GitHub shows it. */
export interface RunJob {
  readonly name: string
  /** Its conclusion; what it does while it has none. */
  readonly state: string
}

/** The number of a run's latest attempt. */
export async function latestAttempt(github: GitHub, run: string): Promise<number> {
  return (await latestOf(github, run)).run_attempt ?? 1
}

/** The jobs of an attempt, at most a hundred. */
export async function jobsOf(
  github: GitHub,
  { run, attempt }: Required<RunAttempt>,
): Promise<readonly RunJob[]> {
  const { jobs } = await github.ask(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs',
    `run ${run}`,
    { run_id: Number(run), attempt_number: attempt, per_page: 100 },
  )
  return jobs.map(({ name, conclusion, status }) => ({ name, state: conclusion ?? status }))
}

/** Asks for the end of a run; with `forced` also of what `always()` keeps going. A run that has ended is left as it is. */
export async function cancelRun(github: GitHub, run: string, how: 'asked' | 'forced') {
  const given = { run_id: Number(run) }
  try {
    if (how === 'asked')
      await github.ask(
        'POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel',
        `run ${run}`,
        given,
      )
    else
      await github.ask(
        'POST /repos/{owner}/{repo}/actions/runs/{run_id}/force-cancel',
        `run ${run}`,
        given,
      )
  } catch (thrown) {
    if (!(thrown instanceof CallError && thrown.code === '409')) throw thrown
  }
}
