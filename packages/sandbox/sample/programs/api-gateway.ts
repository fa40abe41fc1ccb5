import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { inTransaction, needed, start } from './program.ts'
import { customerOf } from './token.ts'

/**
 * The company's front door. `/ping` says that the process lives (the load balancer asks that), `/health` that it can
 * do its work, `/triggers` is what customers use. The front end reaches the same below `/api`.
 */
const program = start('api-gateway')
const secret = needed('JWT_SECRET')
const { pageSize = 20 } = JSON.parse(process.env.FEATURE_FLAGS ?? '{}')
const { release, commit, database } = program

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function health(): Promise<Answer> {
  try {
    await database.query(
      'select id, ref, name, owner, created_at from triggers order by id desc limit $1',
      [pageSize],
    )
    await database.query('select id, kind from events order by id desc limit 1')
    return { status: 200, body: { status: 'ok', release, commit } }
  } catch (error) {
    program.say('unhealthy', { why: (error as Error).message })
    return { status: 503, body: { status: 'failing', release, commit } }
  }
}

async function list(owner: string): Promise<Answer> {
  const found = await database.query(
    'select id, ref, name from triggers where owner = $1 order by id desc limit $2',
    [owner, pageSize],
  )
  return { status: 200, body: found.rows }
}

async function add(owner: string, given: { ref?: string; name?: string }): Promise<Answer> {
  if (!given.ref || !given.name) return { status: 400, body: { error: 'ref and name are needed' } }
  const id = await inTransaction(program, async (client) => {
    const made = await client.query(
      'insert into triggers (ref, name, owner) values ($1, $2, $3) returning id',
      [given.ref, given.name, owner],
    )
    await client.query("insert into events (trigger_id, kind) values ($1, 'created')", [
      made.rows[0].id,
    ])
    return made.rows[0].id
  })
  return { status: 201, body: { id, ref: given.ref } }
}

async function bodyOf(request: IncomingMessage): Promise<{ ref?: string; name?: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString() || '{}')
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const path = request.url?.split('?')[0]?.replace(/^\/api\//, '/')
  if (path === '/ping') return { status: 200, body: { alive: true } }
  if (program.fault === 'answers-5xx')
    return { status: 500, body: { status: 'failing', release, commit } }
  if (path === '/health') return health()
  if (path !== '/triggers') return { status: 404, body: { error: 'no such page' } }
  const customer = customerOf(request.headers.authorization, secret)
  if (!customer) return { status: 401, body: { error: 'a signed token is needed' } }
  return request.method === 'POST' ? add(customer, await bodyOf(request)) : list(customer)
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await answer(request).catch((error: Error) => {
    program.say('request-failed', { path: request.url, why: error.message })
    return { status: 500, body: { error: 'internal error' } }
  })
  response.writeHead(status, { 'content-type': 'application/json', 'x-release': release })
  response.end(JSON.stringify(body))
}

const server = createServer((request, response) => void serve(request, response))
program.atEnd(
  () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeIdleConnections()
    }),
)
server.listen(Number(needed('PORT')), '127.0.0.1', () => program.say('listening'))
