import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Permissions } from './permissions.ts'
import { GitHubProblem } from './problems.ts'

/** A token that the stand-in gave out. */
export interface Token {
  readonly value: string
  /** How the log of calls names it: never by its value. */
  readonly name: string
  readonly login: string
  /** The repository that it is for, `owner/name` in lower case. */
  readonly repository: string
  readonly permissions: Permissions
  /** By the clock; a job's token ends with its job, at the latest after a day. */
  readonly expires: number
}

/** How a token is made. */
export interface TokenOptions {
  /** Who acts with it: `github-actions[bot]` by default. */
  readonly login?: string
  /** Simulated seconds that it lives: a day by default. */
  readonly seconds?: number
}

/** What is left of the requests of an hour. Times are seconds since the epoch. */
export interface Rate {
  readonly limit: number
  readonly remaining: number
  readonly used: number
  readonly reset: number
}

/** Tokens and their budgets. */
export interface Tokens {
  give(repository: string, permissions: Permissions, options?: TokenOptions): Token
  /** The token of an authorization header, undefined without one. Throws 401 for one that is not good. */
  identify(authorization: string | undefined): Token | undefined
  /** Ends a token, as the end of its job does. */
  end(value: string): void
  /** Takes one request off the budget. Throws 403 when there is none left. */
  spend(token: Token | undefined): Rate
  /** Puts one request back: what has not changed since its ETag is free. */
  giveBack(token: Token | undefined): void
  rate(token: Token | undefined): Rate
  /** Requests per hour for all tokens of a repository (GitHub: 1000 for its GITHUB_TOKENs). */
  limit(requests: number): void
}

const HOUR = 3_600_000
const BOT = 'github-actions[bot]'

interface Budget {
  used: number
  reset: number
}

/** No token at first. */
export function createTokens(clock: Clock): Tokens {
  const given = new Map<string, Token>()
  const budgets = new Map<string, Budget>()
  let limit = 1000

  const budgetOf = (token: Token | undefined): Budget => {
    const key = token?.repository ?? 'anonymous'
    const known = budgets.get(key)
    if (known && known.reset > clock.now()) return known
    const fresh = { used: 0, reset: clock.ahead(HOUR) }
    budgets.set(key, fresh)
    return fresh
  }
  const rate = (token: Token | undefined): Rate => {
    const { used, reset } = budgetOf(token)
    const spent = Math.min(used, limit)
    return { limit, remaining: limit - spent, used: spent, reset: Math.ceil(reset / 1000) }
  }

  return {
    give(repository, permissions, options = {}) {
      const token: Token = {
        value: `ghs_${randomBytes(27).toString('base64url')}`,
        name: `token-${given.size + 1}`,
        login: options.login ?? BOT,
        repository: repository.toLowerCase(),
        permissions,
        expires: clock.ahead((options.seconds ?? 86_400) * 1000),
      }
      given.set(token.value, token)
      return token
    },
    identify(authorization) {
      if (authorization === undefined) return undefined
      const value = /^(?:token|bearer) (.+)$/i.exec(authorization.trim())?.[1]
      const token = given.get(value ?? '')
      if (token && token.expires > clock.now()) return token
      throw new GitHubProblem(401, 'Bad credentials')
    },
    end: (value) => void given.delete(value),
    rate,
    spend(token) {
      const budget = budgetOf(token)
      if (budget.used >= limit) throw exhausted(rate(token), token)
      budget.used += 1
      return rate(token)
    },
    giveBack(token) {
      budgetOf(token).used -= 1
    },
    limit(requests) {
      limit = requests
    },
  }
}

function exhausted(rate: Rate, token: Token | undefined): GitHubProblem {
  const whose = token ? 'installation' : 'your address'
  return new GitHubProblem(403, `API rate limit exceeded for ${whose}.`, {
    headers: rateHeaders(rate),
  })
}

/** The headers that every answer carries. */
export const rateHeaders = (rate: Rate): Record<string, string> => ({
  'x-ratelimit-limit': String(rate.limit),
  'x-ratelimit-remaining': String(rate.remaining),
  'x-ratelimit-used': String(rate.used),
  'x-ratelimit-reset': String(rate.reset),
  'x-ratelimit-resource': 'core',
})
