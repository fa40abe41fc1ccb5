/** One entry of GitHub's `errors`. */
export interface Mistake {
  readonly resource: string
  readonly field?: string
  readonly code: string
  readonly message?: string
  readonly value?: unknown
  readonly contexts?: readonly unknown[]
}

/** An answer that is an error, in GitHub's words. */
export class GitHubProblem extends Error {
  readonly status: number
  readonly errors: readonly (Mistake | string)[] | undefined
  readonly headers: Readonly<Record<string, string>>
  constructor(
    status: number,
    message: string,
    more: {
      readonly errors?: readonly (Mistake | string)[]
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.status = status
    this.errors = more.errors
    this.headers = more.headers ?? {}
  }
}

/** 404, also for what the token may not know about. */
export const notFound = () => new GitHubProblem(404, 'Not Found')

/** 422 with one entry in `errors`. */
export const invalid = (mistake: Mistake) =>
  new GitHubProblem(422, 'Validation Failed', { errors: [mistake] })

/** 422 with a message of its own. */
export const unprocessable = (message: string) => new GitHubProblem(422, message)

/** 403 for a token without the permission; the header names what would do. */
export const inaccessible = (accepted: string) =>
  new GitHubProblem(403, 'Resource not accessible by integration', {
    headers: { 'x-accepted-github-permissions': accepted },
  })

/** 401. */
export const badCredentials = () => new GitHubProblem(401, 'Bad credentials')
