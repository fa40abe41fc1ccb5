import type { GitHub } from '../github/index.ts'
import { type Html, html, table } from './html.ts'

/** One deployment as GitHub lists it, newest status last. */
export interface Deployed {
  readonly id: number
  readonly environment: string
  readonly task: string
  readonly sha: string
  readonly description: string
  readonly statuses: readonly {
    readonly state: string
    readonly description: string
    readonly at: number
  }[]
}

interface Listed {
  readonly id: number
  readonly environment: string
  readonly task: string
  readonly sha: string
  readonly description: string | null
}

interface ListedStatus {
  readonly state: string
  readonly description: string | null
  readonly created_at: string
}

/** Asks GitHub's API, as anybody would, for the deployments of a repository; oldest first. */
export async function deploymentsOf(
  github: GitHub,
  repository: string,
): Promise<readonly Deployed[]> {
  const token = github.token(repository, { deployments: 'read' })
  const ask = async <T>(path: string): Promise<T> => {
    const url = `${github.url}/repos/${repository}/${path}?per_page=100`
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${path}`)
    return (await response.json()) as T
  }
  const listed = await ask<readonly Listed[]>('deployments')
  const found = listed.map(async ({ description, ...one }): Promise<Deployed> => {
    const statuses = await ask<readonly ListedStatus[]>(`deployments/${one.id}/statuses`)
    const told = statuses.map((status) => ({
      state: status.state,
      description: status.description ?? '',
      at: Date.parse(status.created_at),
    }))
    const { id, environment, task, sha } = one
    return { id, environment, task, sha, description: description ?? '', statuses: told.reverse() }
  })
  return (await Promise.all(found)).reverse()
}

/** The deployments as a person finds them at GitHub. `releaseOf` knows the commits. */
export function deploymentsHtml(
  deployed: readonly Deployed[],
  releaseOf: (sha: string) => string | undefined,
): Html {
  const rows = deployed.map(({ environment, task, sha, description, statuses }) => {
    const release = releaseOf(sha)
    const steps = statuses.map(
      ({ state, description: why }) => html`<li>${state}${why && `: ${why}`}</li>`,
    )
    return [
      environment,
      `${task}${description && `: ${description}`}`,
      `${sha.slice(0, 7)}${release === undefined ? '' : `, release ${release}`}`,
      html`<ol>${steps}</ol>`,
    ]
  })
  const header = ['environment', 'deployment', 'commit', 'statuses, in order']
  return table(rows, { header, caption: 'Deployments at GitHub' })
}
