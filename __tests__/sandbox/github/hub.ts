import { getOctokit } from '@actions/github'
import {
  type GitHubOptions,
  memoryGitHub,
  type Permissions,
  virtualClock,
} from '../../../packages/sandbox/index.ts'

export const SHOP = 'acme/shop'

/** Everything that a workflow may ask for, and what only people have. */
export const EVERYTHING: Permissions = {
  actions: 'write',
  administration: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  'pull-requests': 'read',
  statuses: 'write',
}

/** GitHub in this process with one private repository, and clients of it: the octokit that actions use. */
export function hub(options: Partial<GitHubOptions> = {}) {
  const clock = virtualClock()
  const bugs: string[] = []
  const github = memoryGitHub({ clock, log: (line) => bugs.push(line), ...options })
  const shop = github.repository(SHOP)
  const octokit = (permissions: Permissions = EVERYTHING, login?: string) =>
    clientOf(github, github.token(SHOP, permissions, login === undefined ? {} : { login }))
  return { clock, github, shop, bugs, octokit, client: octokit(), ...OF_SHOP }
}

/** The toolkit's client with a token, over the stand-in's own fetch. */
export function clientOf(github: { fetch: typeof fetch; url: string }, token: string) {
  return getOctokit(token, {
    baseUrl: github.url,
    request: { fetch: github.fetch },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
}

const [owner, repo] = ['acme', 'shop']
const OF_SHOP = { at: { owner, repo } } as const

/** The status, message, errors and headers that a call fails with. */
export async function refused(call: Promise<unknown>) {
  try {
    await call
  } catch (error) {
    const { status, response } = error as {
      status: number
      response?: {
        data: { message: string; errors?: unknown[]; documentation_url: string }
        headers: Record<string, string>
      }
    }
    return {
      status,
      message: response?.data.message,
      errors: response?.data.errors,
      docs: response?.data.documentation_url,
      headers: response?.headers ?? {},
    }
  }
  throw new Error('The call was expected to fail')
}
