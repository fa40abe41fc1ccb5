import type { Clock } from '../clock.ts'
import type { CallLog } from '../gateway/calls.ts'
import type { Faults } from '../gateway/faults.ts'
import { type Listener, listenOn } from '../gateway/server.ts'
import type { WireAnswer, WireRequest } from '../gateway/wire.ts'
import { createApi } from './api.ts'
import { githubDescription } from './description.ts'
import { operationsOf } from './operations.ts'
import type { Permissions } from './permissions.ts'
import { type GitHubRepository, handleOf } from './repository.ts'
import { createTokens, type TokenOptions } from './tokens.ts'
import { createRepository, createWorld, type RepositoryOptions } from './world.ts'

export { userId } from './people.ts'
export type { Permissions } from './permissions.ts'
export type { GitHubRepository } from './repository.ts'
export type { Conclusion, DispatchInput, JobPlan, WorkflowPlan } from './runs/model.ts'
export type { TokenOptions } from './tokens.ts'
export type { NewCommit, RepositoryOptions, Reviewer } from './world.ts'

/** How GitHub's stand-in is made. */
export interface GitHubOptions {
  readonly clock: Clock
  /** Logins and team names that may become reviewers by their number. */
  readonly people?: readonly string[]
  readonly log?: (line: string) => void
}

/** GitHub's REST API, without a socket. */
export interface GitHub {
  handle(request: WireRequest): Promise<WireAnswer>
  /** A `fetch` that needs no socket, for a client under a virtual clock. */
  readonly fetch: typeof fetch
  readonly calls: CallLog
  readonly faults: Faults
  /** Makes a repository with one commit, or answers the one of that name. */
  repository(name: string, options?: RepositoryOptions): GitHubRepository
  /** A token for one repository. Without permissions it may read what is public and nothing else. */
  token(repository: string, permissions?: Permissions, options?: TokenOptions): string
  /** Ends a token, as the end of its job does. */
  endToken(token: string): void
  /** Requests per hour for each repository's tokens (1000): what remains is in the headers, then it is 403. */
  limit(requests: number): void
  /** The environment of a job that talks to it. */
  env(repository: string, permissions?: Permissions): Readonly<Record<string, string>>
  /** Where it listens, once it does; `https://api.github.com` before. */
  readonly url: string
  close(): void | Promise<void>
}

/** Headers as a plain object, names in lower case. */
const plain = (headers: Headers) => Object.fromEntries(headers)

function inProcess(handle: GitHub['handle']): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search } = new URL(request.url)
    const answer = await handle({
      method: request.method,
      url: pathname + search,
      headers: plain(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
    })
    if ('reset' in answer) throw new TypeError('fetch failed', { cause: new Error('ECONNRESET') })
    const { status, headers } = answer
    const body = answer.body.length === 0 ? null : Buffer.from(answer.body)
    // A Response of one's own has no address, and octokit looks for one.
    return Object.defineProperty(new Response(body, { status, headers }), 'url', {
      value: request.url,
    })
  }
}

interface Standing {
  readonly github: GitHub
  settle(url: string): void
}

function stand({ clock, people = [], log = () => undefined }: GitHubOptions): Standing {
  const world = createWorld(clock)
  const tokens = createTokens(clock)
  const repository: GitHub['repository'] = (name, options) => {
    const known = world.repositories.get(name.toLowerCase())
    return handleOf(world, known ?? createRepository(world, name, options))
  }
  const api = createApi({
    clock,
    world,
    tokens,
    description: githubDescription(),
    operations: operationsOf(people),
    admin: {
      limit: async (body) => tokens.limit(Number((body as { requests: number }).requests)),
    },
    log,
  })
  const token: GitHub['token'] = (name, permissions = {}, options = {}) => {
    repository(name)
    return tokens.give(name, permissions, options).value
  }
  const github: GitHub = {
    ...api,
    fetch: inProcess(api.handle),
    repository,
    token,
    endToken: tokens.end,
    limit: tokens.limit,
    env: (name, permissions) => ({
      GITHUB_API_URL: world.url,
      GITHUB_REPOSITORY: name,
      GITHUB_TOKEN: token(name, permissions),
    }),
    get url() {
      return world.url
    },
    close: world.close,
  }
  return {
    github,
    settle: (url) => {
      world.url = url
    },
  }
}

/** GitHub in this process, for tests under a virtual clock: give `fetch` to the client. */
export const memoryGitHub = (options: GitHubOptions): GitHub => stand(options).github

/** GitHub on 127.0.0.1; port 0 takes a free one. */
export async function startGitHub(
  options: GitHubOptions & { readonly port?: number },
): Promise<GitHub & { close(): Promise<void> }> {
  const { github, settle } = stand(options)
  const listener: Listener = await listenOn(github, options.port)
  settle(listener.url)
  const close = async () => {
    await github.close()
    await listener.close()
  }
  return Object.defineProperties({ ...github, close }, { url: { get: () => listener.url } })
}
