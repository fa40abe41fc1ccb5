import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { answerAdmin } from '../gateway/admin.ts'
import { type CallLog, callLog } from '../gateway/calls.ts'
import { type Fault, type Faults, faults } from '../gateway/faults.ts'
import { kill } from '../gateway/kill.ts'
import { textOf, type WireAnswer, type WireReply, type WireRequest } from '../gateway/wire.ts'
import type { Admin } from '../service.ts'
import type { Answer, Operation } from './call.ts'
import type { Described, Description } from './description.ts'
import type { WorldOperationId } from './operations.ts'
import { paged } from './page.ts'
import { ACCEPTED, type OperationId, permits } from './permissions.ts'
import { badCredentials, GitHubProblem, inaccessible, notFound } from './problems.ts'
import { searchIssues } from './search.ts'
import { rateHeaders, type Token, type Tokens } from './tokens.ts'
import type { Repository, World } from './world.ts'

/** What answers for GitHub. */
export interface ApiParts {
  readonly clock: Clock
  readonly world: World
  readonly tokens: Tokens
  readonly description: Description
  readonly operations: Readonly<Record<Exclude<OperationId, WorldOperationId>, Operation>>
  readonly admin: Readonly<Record<string, Admin>>
  readonly log: (line: string) => void
}

/** The API without a socket. */
export interface Api {
  /** Answers one request; never throws. */
  handle(request: WireRequest): Promise<WireAnswer>
  readonly calls: CallLog
  readonly faults: Faults
}

interface Asked {
  readonly request: WireRequest
  readonly url: URL
  readonly operation: Described
  readonly path: Readonly<Record<string, string>>
}

interface Written {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const READS = new Set(['GET', 'HEAD'])

/** The body of a request. Throws 400 for what is not JSON. */
function bodyOf({ body }: WireRequest): unknown {
  const text = textOf(body)
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new GitHubProblem(400, 'Problems parsing JSON')
  }
}

/**
 * The repository of a path, for this token. Throws 404 when it may not know of it, 403 when it may, but not that.
 * A public repository is read by anybody.
 */
function repositoryOf(
  { world }: ApiParts,
  { path, operation, request }: Asked,
  token: Token | undefined,
): Repository {
  const name = `${path.owner}/${path.repo}`.toLowerCase()
  const repository = world.repositories.get(name)
  const own = token?.repository === name
  if (!repository || (repository.private && !own)) throw notFound()
  const accepted = ACCEPTED[operation.operationId]
  if (!repository.private && READS.has(request.method)) return repository
  if (!token) throw new GitHubProblem(401, 'Requires authentication')
  if (!own || !permits(token.permissions, accepted)) throw inaccessible(accepted)
  return repository
}

function rateAnswer({ tokens }: ApiParts, token: Token | undefined): Answer {
  const rate = tokens.rate(token)
  return { status: 200, body: { resources: { core: rate, search: rate }, rate } }
}

/** Applies a request that nothing stands against. Throws a GitHubProblem. */
function apply(parts: ApiParts, asked: Asked, token: Token | undefined): Answer {
  const { world, description, operations } = parts
  const { operation, path, url, request } = asked
  const { operationId: id } = operation
  const query = description.query(operation, url.searchParams)
  if (id === 'rate-limit/get') return rateAnswer(parts, token)
  if (id === 'search/issues-and-pull-requests') return searchIssues(world, token, query)
  const repository = repositoryOf(parts, asked, token)
  const body = bodyOf(request)
  description.checkBody(operation, body)
  return operations[id]({ world, token, repository, path, query, body })
}

function problemBody(problem: GitHubProblem, docs: string) {
  return {
    message: problem.message,
    ...(problem.errors && { errors: problem.errors }),
    documentation_url: docs,
    status: String(problem.status),
  }
}

/** An error as GitHub writes it. Anything else than a GitHubProblem is a loud bug of the sandbox. */
function errorOf(parts: ApiParts, asked: Asked, error: unknown): Written {
  const docs = asked.operation.docs
  if (error instanceof GitHubProblem)
    return { status: error.status, headers: error.headers, body: problemBody(error, docs) }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  parts.log(`sandbox bug: ${what}`)
  return { status: 500, body: { message: `sandbox bug: ${what}`, documentation_url: docs } }
}

/** Runs a request to its answer, which is checked against GitHub's description. */
function answerOf(parts: ApiParts, asked: Asked, token: Token | undefined): Written {
  const { operation, url } = asked
  try {
    const answer = apply(parts, asked, token)
    const query = parts.description.query(operation, url.searchParams)
    const here = new URL(`${url.pathname}${url.search}`, parts.world.url)
    const { status, body, link } = paged(answer, { url: here, query })
    parts.description.checkAnswer(operation, status, body)
    return { status, body, ...(link !== undefined && { headers: { link } }) }
  } catch (error) {
    return errorOf(parts, asked, error)
  }
}

const SECONDARY =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. For more on scraping GitHub and how it may affect your rights, please review our Terms of Service (https://docs.github.com/en/site-policy/github-terms/github-terms-of-service)'

/** The answer of a fault that stops a request before it is applied. */
function refusal(fault: Fault, { operation }: Asked): GitHubProblem | undefined {
  switch (fault.effect) {
    case 'throttle': {
      const seconds = fault.retryAfterSeconds ?? 60
      const headers: Record<string, string> = seconds > 0 ? { 'retry-after': String(seconds) } : {}
      return new GitHubProblem(fault.status ?? 403, SECONDARY, { headers })
    }
    case 'error500':
      return new GitHubProblem(fault.status ?? 500, 'Server Error')
    case 'denied':
      return inaccessible(ACCEPTED[operation.operationId])
    case 'expired':
      return badCredentials()
    default:
      return undefined
  }
}

/** Applies a request under the faults that hit it. */
async function answerUnder(
  parts: ApiParts,
  asked: Asked,
  { token, hit }: { readonly token: Token | undefined; readonly hit: readonly Fault[] },
): Promise<Written | 'reset'> {
  for (const fault of hit) if (fault.effect === 'slow') await parts.clock.sleep(fault.ms)
  const fault = hit.find(({ effect }) => effect !== 'slow')
  if (!fault) return answerOf(parts, asked, token)
  const refused = refusal(fault, asked)
  if (refused) return errorOf(parts, asked, refused)
  const { connection } = asked.request
  if (fault.effect === 'kill' && fault.when === 'before') await kill(fault, connection)
  else if (fault.effect !== 'reset') answerOf(parts, asked, token)
  if (fault.effect === 'kill' && fault.when === 'after') await kill(fault, connection)
  return 'reset'
}

function reply({ status, headers = {}, body }: Written): WireReply {
  const text = body === undefined ? '' : JSON.stringify(body)
  const bytes = new TextEncoder().encode(text)
  return {
    status,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
      'content-length': String(bytes.length),
      ...headers,
    },
    body: bytes,
  }
}

/** A read that has not changed since its ETag: 304, without a body. */
function conditional(request: WireRequest, answer: WireReply): WireReply {
  if (!READS.has(request.method) || answer.status !== 200) return answer
  const etag = `W/"${createHash('sha256').update(answer.body).digest('hex')}"`
  const headers = { ...answer.headers, etag }
  if (request.headers['if-none-match'] !== etag) return { ...answer, headers }
  return { status: 304, headers: { etag }, body: new Uint8Array() }
}

interface Outcome {
  readonly answer: WireAnswer
  readonly token?: Token
  readonly fault?: string
  readonly error?: string
}

/** Counts, applies and writes one request. */
async function answer(parts: ApiParts, rules: Faults, asked: Asked): Promise<Outcome> {
  const { tokens } = parts
  const { request, operation, path } = asked
  const write = (written: Written, token?: Token) => {
    const answered = conditional(request, reply(written))
    if (answered.status === 304) tokens.giveBack(token)
    const rate = rateHeaders(tokens.rate(token))
    return { ...answered, headers: { ...rate, ...answered.headers } }
  }
  let token: Token | undefined
  try {
    token = tokens.identify(request.headers.authorization)
    if (operation.operationId !== 'rate-limit/get') tokens.spend(token)
  } catch (error) {
    const written = errorOf(parts, asked, error)
    const message = error instanceof Error ? error.message : ''
    return { answer: write(written, token), error: message, ...(token && { token }) }
  }
  const hit = rules.decide({
    service: 'github',
    operation: operation.operationId,
    account: accountOf(path),
    accessKeyId: token?.name ?? '',
    mutating: !READS.has(request.method),
    text: `${request.url} ${textOf(request.body)}`,
  })
  const written = await answerUnder(parts, asked, { token, hit })
  const told = {
    ...(token && { token }),
    ...(hit.length > 0 && { fault: hit.map(({ effect }) => effect).join(',') }),
  }
  if (written === 'reset') return { answer: { reset: true }, ...told }
  const { message } = (written.body ?? {}) as { message?: string }
  const error = written.status >= 400 && message !== undefined ? { error: message } : {}
  return { answer: write(written, token), ...error, ...told }
}

const accountOf = ({ owner, repo }: Readonly<Record<string, string>>) =>
  owner === undefined ? '' : `${owner}/${repo}`

/** What is neither GitHub's nor simulated: not a 404, which a client would take for an answer. */
const notSimulated = ({ method }: WireRequest, { pathname }: URL): WireReply =>
  reply({
    status: 501,
    body: { message: `sandbox: ${method} ${pathname} is not simulated`, documentation_url: '' },
  })

function stamped(answered: WireAnswer, clock: Clock): WireAnswer {
  if ('reset' in answered) return answered
  return {
    ...answered,
    headers: {
      date: new Date(clock.now()).toUTCString(),
      'x-github-media-type': 'github.v3; format=json',
      'x-github-request-id': randomUUID(),
      ...answered.headers,
    },
  }
}

/** The API over a world: answers requests, logs them, and obeys fault rules. */
export function createApi(parts: ApiParts): Api {
  const { clock, description } = parts
  const kept = { calls: callLog(), faults: faults() }

  const logged = async (asked: Asked): Promise<WireAnswer> => {
    const [at, began] = [new Date(clock.now()).toISOString(), performance.now()]
    const { answer: answered, token, ...told } = await answer(parts, kept.faults, asked)
    const { owner: _, repo: __, ...subject } = asked.path
    kept.calls.add({
      at,
      requestId: randomUUID(),
      account: accountOf(asked.path),
      accessKeyId: token?.name ?? '',
      userAgent: asked.request.headers['user-agent'] ?? '',
      region: '',
      service: 'github',
      operation: asked.operation.operationId,
      mutating: !READS.has(asked.request.method),
      subject,
      ...told,
      status: 'reset' in answered ? 0 : answered.status,
      durationMs: Math.round(performance.now() - began),
    })
    return answered
  }

  const handle = async (request: WireRequest): Promise<WireAnswer> => {
    const url = new URL(request.url, 'http://github.invalid')
    if (url.pathname.startsWith('/_sandbox/')) {
      const name = url.pathname.split('/')[2] ?? ''
      return answerAdmin({ request, url, name }, { admin: parts.admin, ...kept })
    }
    const found = description.find(request.method, url.pathname)
    if (!found) return stamped(notSimulated(request, url), clock)
    return stamped(await logged({ request, url, ...found }), clock)
  }
  return { handle, ...kept }
}
