import { type GitHub, isMissing } from './api.ts'

/** A workflow run's attempt. */
export interface RunAttempt {
  readonly run: string
  readonly attempt: number
}

/** Whether an attempt of a run can still do anything; `unknown` when GitHub has no such run: doubt, never an end. */
export type Life =
  | { readonly is: 'alive'; readonly status: string }
  | { readonly is: 'ended'; readonly conclusion: string }
  | { readonly is: 'unknown' }

/** Asks whether an attempt has ended: only `completed` is (REST API, "Get a workflow run attempt"). */
export async function lifeOf(github: GitHub, { run, attempt }: RunAttempt): Promise<Life> {
  if (!/^\d+$/.test(run)) return { is: 'unknown' }
  try {
    const found = await github.ask(
      'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}',
      `run ${run}`,
      { run_id: Number(run), attempt_number: attempt },
    )
    if (found.status !== 'completed') return { is: 'alive', status: found.status ?? 'unknown' }
    return { is: 'ended', conclusion: found.conclusion ?? 'unknown' }
  } catch (thrown) {
    if (isMissing(thrown)) return { is: 'unknown' }
    throw thrown
  }
}
