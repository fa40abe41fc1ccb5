import type { Answer, GitHub } from './api.ts'

/** A deployment that GitHub keeps. */
export interface HubDeployment {
  readonly id: number
  readonly production: boolean
}

/** GitHub refuses a longer description of a status (REST API, "Create a deployment status"). */
const longest = 140

/** The beginning of a text that fits into a description: whole letters, and safe whichever units of them are counted. */
export function described(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= longest) return line
  let cut = ''
  for (const letter of line) {
    if (cut.length + letter.length > longest - 1) break
    cut += letter
  }
  return `${cut}…`
}

/** Finds the deployment that GitHub itself recorded for a job of a run: by environment, commit and the page of the job. */
export async function deploymentOfRun(
  github: GitHub,
  given: { readonly environment: string; readonly sha: string; readonly run: string },
): Promise<HubDeployment | undefined> {
  const { environment, sha, run } = given
  const list = await github.ask('GET /repos/{owner}/{repo}/deployments', environment, {
    ...{ environment, sha },
    per_page: 10,
  })
  for (const one of list.filter(({ task }) => task !== rollback)) {
    const statuses = await github.ask(
      'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
      `deployment ${one.id}`,
      { deployment_id: Number(one.id), per_page: 30 },
    )
    if (statuses.some(({ log_url }) => isOfRun(log_url, run))) return toDeployment(one)
  }
  return undefined
}

const isOfRun = (url: string | undefined, run: string) =>
  url !== undefined && `${url}/`.includes(`/runs/${run}/`)

const rollback = 'rollback'

const toDeployment = (one: Answer<'GET /repos/{owner}/{repo}/deployments'>[number]) => ({
  id: Number(one.id),
  production: one.production_environment ?? one.environment === 'production',
})

/** Finds the deployment that an earlier run made for the rollback of a record. */
export async function rollbackDeployment(
  github: GitHub,
  given: { readonly environment: string; readonly record: string },
): Promise<HubDeployment | undefined> {
  const { environment, record } = given
  const list = await github.ask('GET /repos/{owner}/{repo}/deployments', environment, {
    ...{ environment, task: rollback },
    per_page: 30,
  })
  const found = list.find(({ payload }) => recordIn(payload) === record)
  return found && toDeployment(found)
}

/** A payload comes back as it was given, or as its text. */
function recordIn(payload: unknown): unknown {
  if (typeof payload === 'object' && payload !== null && 'record' in payload) return payload.record
  if (typeof payload !== 'string' || !payload.startsWith('{')) return undefined
  try {
    return recordIn(JSON.parse(payload))
  } catch {
    return undefined
  }
}

/** What the deployment of a rollback is made from. */
export interface NewRollback {
  readonly environment: string
  readonly production: boolean
  /** The commit that goes back live. */
  readonly ref: string
  readonly payload: { readonly record: string; readonly undone: string; readonly to: string }
}

/** Makes the deployment of a rollback. Neither merging nor commit checks: what goes back was live before. */
export async function createRollback(
  github: GitHub,
  { environment, production, ref, payload }: NewRollback,
): Promise<HubDeployment> {
  const made = await github.ask('POST /repos/{owner}/{repo}/deployments', environment, {
    ...{ ref, environment, payload, task: rollback },
    description: described(`rollback ${payload.record}`),
    auto_merge: false,
    required_contexts: [],
    production_environment: production,
  })
  if (!('id' in made)) throw new Error(`GitHub made no deployment: ${made.message ?? ''}`)
  return { id: Number(made.id), production }
}

/** Says how a deployment stands. */
export async function setStatus(
  github: GitHub,
  id: number,
  given: {
    readonly state: 'in_progress' | 'success' | 'failure' | 'error'
    readonly description: string
    /** The page of the run; empty outside GitHub. */
    readonly logUrl: string
  },
): Promise<void> {
  const { state, description, logUrl } = given
  await github.ask(
    'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
    `deployment ${id}`,
    {
      deployment_id: id,
      state,
      description: described(description),
      ...(logUrl !== '' && { log_url: logUrl }),
    },
  )
}
