import { Octokit } from '@octokit/core'
import { retry } from '@octokit/plugin-retry'
import type { Endpoints } from '@octokit/types'
import { CallError, messageOf } from '#core'

/** A route of GitHub's REST API, as its published description names it. */
export type Route = keyof Endpoints

/** What a route is given; owner and repository are the client's own. */
export type Given<R extends Route> = Omit<Endpoints[R]['parameters'], 'owner' | 'repo'>

/** What a route answers. */
export type Answer<R extends Route> = Endpoints[R]['response']['data']

/** GitHub's REST API, for one repository. */
export interface GitHub {
  /** `owner/name`. */
  readonly repository: string
  /** Sends one request. Throws `CallError` that names route, thing and the permission that the job lacks. */
  ask<R extends Route>(route: R, on: string, given: Given<R>): Promise<Answer<R>>
}

/** How GitHub is reached. */
export interface GitHubOptions {
  readonly token: string
  readonly repository: string
  /** `https://api.github.com` unless the runner says another (`GITHUB_API_URL`). */
  readonly url: string | undefined
  readonly fetch?: typeof fetch
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Milliseconds that one question may take, its repeats included. */
const patience = 10_000

/**
 * Makes the client of one repository. Server errors and lost connections are tried three times within ten seconds, so that
 * an evening on which GitHub is down costs a rollback seconds.
 */
export function connect({ token, repository, url, fetch: given = fetch }: GitHubOptions): GitHub {
  const [owner = '', repo = ''] = repository.split('/')
  const octokit = new (Octokit.plugin(retry))({
    auth: token,
    userAgent: 'rollback-actions',
    log: silent,
    ...(url !== undefined && { baseUrl: url }),
    request: { fetch: given },
    // What a conflict is about does not pass within seconds.
    retry: {
      retries: 2,
      retryAfterBaseValue: 300,
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 451],
    },
  })
  return {
    repository,
    ask: async (route, on, parameters) => {
      try {
        const request = { signal: AbortSignal.timeout(patience) }
        const asked = { owner, repo, ...parameters, request }
        const { data } = await octokit.request(route, asked as never)
        return data as never
      } catch (thrown) {
        throw callError(thrown, route, on)
      }
    },
  }
}

interface Refused {
  readonly status?: number
  readonly response?: { readonly headers?: Readonly<Record<string, string | undefined>> }
}

/** GitHub names in a header the permissions that a route accepts (REST API, Troubleshooting). */
function callError(thrown: unknown, route: string, on: string): CallError {
  const { status, response } = (thrown ?? {}) as Refused
  const accepted = response?.headers?.['x-accepted-github-permissions']?.replaceAll('=', ': ')
  // Without an answer the client itself makes up a status.
  const code = response === undefined ? 'NoAnswer' : String(status)
  return new CallError(
    { action: `github:${route}`, on, code, next: nextFor(code, accepted) },
    messageOf(thrown).split('\n')[0] ?? '',
    thrown,
  )
}

function nextFor(code: string, accepted: string | undefined): string {
  if (code === '403' && accepted) return `grant the job permissions: ${accepted}`
  if (code === '401') return 'give the input token a token that is valid, such as github.token'
  if (code === '404') return 'look whether it is there, and whether the token may see it'
  return 'run again later; look at githubstatus.com'
}

/** Whether GitHub answered that the thing is not there. */
export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof CallError && thrown.code === '404' && thrown.action.startsWith('github:')
