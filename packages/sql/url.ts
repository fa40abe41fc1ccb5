import { type Connection, defaultPort, type ParsedConnection, type Place } from './connection.ts'

/** A connection URI cut into pieces which, joined, are the text again. */
interface Pieces {
  /** Scheme and user: everything before the host. */
  readonly before: string
  readonly userinfo: string | undefined
  readonly host: string
  /** Undefined when no port is written. */
  readonly port: string | undefined
  readonly database: string
  /** From the slash up to and with the question mark. */
  readonly between: string
  readonly query: readonly string[]
  /** White space that a secret was stored with. */
  readonly after: string
}

const uri =
  /^(?<before>\s*postgres(?:ql)?(?:\+[a-z0-9]+)?:\/\/(?:(?<userinfo>[^/?#\s]*)@)?)(?<place>[^/?#\s]*)(?<between>(?:\/(?<database>[^?#\s]*))?\??)(?<query>[^#\s]*)(?<after>\s*)$/i
const placeForm = /^(?<host>\[[0-9A-Fa-f:.%]+\]|[^:[\],]*)(?::(?<port>\d*))?$/

const encode = 'percent-encode the characters / ? # @ : and % in its user name and password'

/** Cuts a URI into its pieces; a text that is none gives the reason. */
function cut(text: string): Pieces | string {
  const groups = uri.exec(text)?.groups
  if (!groups) {
    return `the secret is neither a postgres:// URL nor JSON with host and username (if it is a URL, ${encode})`
  }
  const {
    before = '',
    userinfo,
    place = '',
    between = '',
    database = '',
    query = '',
    after = '',
  } = groups
  if (place.includes(',')) return 'the URL names several hosts, which is not supported yet'
  const where = placeForm.exec(place)?.groups
  if (!where) return `the URL's host and port cannot be read: ${encode}`
  const parts = query === '' ? [] : query.split('&')
  return {
    before,
    userinfo,
    host: where.host ?? '',
    port: where.port,
    database,
    between,
    query: parts,
    after,
  }
}

/** Parses a connection URI by the rules of libpq (PostgreSQL documentation, 34.1.1.2): parameters win over the host part. */
export function parseUrl(text: string): ParsedConnection {
  const pieces = cut(text)
  if (typeof pieces === 'string') return { ok: false, why: pieces }
  try {
    return assemble(pieces)
  } catch {
    return { ok: false, why: `the URL has a % that encodes nothing: ${encode}` }
  }
}

function assemble(pieces: Pieces): ParsedConnection {
  const parameters = Object.fromEntries(pieces.query.map(decodePair))
  const [name = '', ...secret] = (pieces.userinfo ?? '').split(':')
  const host = parameters.host ?? decodeURIComponent(pieces.host.replace(/^\[|\]$/g, ''))
  const written = parameters.port || pieces.port || String(defaultPort)
  const user = parameters.user ?? decodeURIComponent(name)
  const port = Number(written)
  if (host === '') return { ok: false, why: 'the URL names no host' }
  if (host.includes(','))
    return { ok: false, why: 'the URL names several hosts, which is not supported yet' }
  if (!/^\d+$/.test(written) || port < 1 || port > 65_535)
    return { ok: false, why: "the URL's port is not one" }
  const password =
    parameters.password ?? (secret.length === 0 ? undefined : decodeURIComponent(secret.join(':')))
  const database = parameters.dbname ?? decodeURIComponent(pieces.database)
  return {
    ok: true,
    connection: { host, port, user, password, database: database || user, parameters },
  }
}

/** libpq decodes percent signs only: a plus stays a plus. */
function decodePair(pair: string): readonly [string, string] {
  const [key = '', ...value] = pair.split('=')
  return [decodeURIComponent(key), decodeURIComponent(value.join('='))]
}

/** The URI with another host and port, each written where the old one was. Throws on a text that is no URI. */
export function replaceInUrl(text: string, place: Place): string {
  const pieces = cut(text)
  if (typeof pieces === 'string') throw new Error(pieces)
  const keys = pieces.query.map((pair) => decodePair(pair)[0])
  const parameter = (name: string) => keys.lastIndexOf(name)
  const query = [...pieces.query]
  const write = (name: string, value: string) => {
    const at = parameter(name)
    query[at] = `${query[at]?.split('=')[0]}=${encodeURIComponent(value)}`
  }
  const inQuery = parameter('host') >= 0
  if (inQuery) write('host', place.host)
  const host = inQuery ? pieces.host : bracket(place.host)
  if (parameter('port') >= 0) {
    write('port', String(place.port))
    return put(pieces, host + portPart(pieces.port), query)
  }
  if (inQuery && !pieces.port && place.port !== defaultPort) query.push(`port=${place.port}`)
  const explicit = pieces.port || (!inQuery && place.port !== defaultPort)
  return put(pieces, host + (explicit ? `:${place.port}` : portPart(pieces.port)), query)
}

const put = (pieces: Pieces, place: string, query: readonly string[]) =>
  pieces.before + place + pieces.between + query.join('&') + pieces.after
const portPart = (port: string | undefined) => (port === undefined ? '' : `:${port}`)
const bracket = (host: string) => (host.includes(':') ? `[${host}]` : host)

/** The user part of a URI as it is written, for masking: the password before decoding. */
export function writtenPassword(text: string): string | undefined {
  const pieces = cut(text)
  if (typeof pieces === 'string') return undefined
  const [, ...secret] = (pieces.userinfo ?? '').split(':')
  const parameter = pieces.query.find((pair) => /^password=/.test(pair))
  return parameter?.slice('password='.length) ?? (secret.length > 0 ? secret.join(':') : undefined)
}

/**
 * The connection as a URL that other programs read: as it is written where it is one, else made of its parts (a JSON secret, or a
 * scheme that names a driver).
 */
export function programUrl(text: string, connection: Connection): string {
  if (/^\s*postgres(ql)?:\/\//i.test(text)) return text.trim()
  const { host, port, user, password, database, parameters } = connection
  const login = [user, ...(password === undefined ? [] : [password])].map(encodeURIComponent)
  const query = new URLSearchParams(parameters).toString()
  const place = `${bracket(host)}:${port}/${encodeURIComponent(database)}`
  return `postgres://${login.join(':')}@${place}${query === '' ? '' : `?${query}`}`
}
