import { z } from 'zod'
import { defaultPort, type ParsedConnection, type Place } from './connection.ts'

const port = z.union([z.int().min(1).max(65_535), z.string().regex(/^\d{1,5}$/)])

/** The structure that Secrets Manager documents for the credentials of an Amazon RDS database. */
const secret = z.object({
  host: z.string().min(1),
  port: port.optional(),
  username: z.string().min(1),
  password: z.string().optional(),
  dbname: z.string().min(1).optional(),
  engine: z.string().optional(),
})

/** Parses a JSON secret; other keys are allowed and kept. Only PostgreSQL for now. */
export function parseJsonSecret(text: string): ParsedConnection {
  const parsed = secret.safeParse(parseJson(text))
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole text')
    return {
      ok: false,
      why: `the secret is not JSON with host, port, username, password and dbname: look at ${wrong.join(', ')}`,
    }
  }
  const { host, username: user, password, dbname, engine } = parsed.data
  if (engine !== undefined && !/^(aurora-)?postgres(ql)?$/.test(engine)) {
    return { ok: false, why: "the secret's engine is not PostgreSQL: others are not supported yet" }
  }
  const database = dbname ?? 'postgres'
  const number = Number(parsed.data.port ?? defaultPort)
  return { ok: true, connection: { host, port: number, user, password, database, parameters: {} } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON with another host and port; white space, order and every other value stay. The text must have been parsed before. */
export function replaceInJson(text: string, place: Place): string {
  const spans = valueSpans(text)
  const host = spans.get('host')
  const written = spans.get('port')
  if (!host) throw new Error('the secret has no host')
  const newHost = JSON.stringify(place.host)
  const edits: Edit[] = []
  if (written) {
    const quoted = text.slice(...written).startsWith('"')
    edits.push([...written, quoted ? `"${place.port}"` : String(place.port)], [...host, newHost])
  } else if (place.port === defaultPort) edits.push([...host, newHost])
  else edits.push([...host, `${newHost},"port":${place.port}`])
  return edits
    .sort((a, b) => b[0] - a[0])
    .reduce((out, [from, to, value]) => out.slice(0, from) + value + out.slice(to), text)
}

type Span = readonly [number, number]
type Edit = [number, number, string]

/** Where each value of the outermost object begins and ends. The text must be valid JSON; of doubles the last counts. */
function valueSpans(text: string): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>()
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g
  let depth = 0
  let key: string | undefined
  let expectsValue = false
  for (const found of text.matchAll(token)) {
    const [piece] = found
    const inTop = depth === 1
    if (/^[}\]]$/.test(piece)) depth -= 1
    if (/^[{[]$/.test(piece)) depth += 1
    if (inTop && piece === ':') expectsValue = true
    else if (inTop && expectsValue) {
      spans.set(key ?? '', [found.index, found.index + piece.length])
      expectsValue = false
    } else if (inTop && piece.startsWith('"')) key = JSON.parse(piece)
  }
  return spans
}
