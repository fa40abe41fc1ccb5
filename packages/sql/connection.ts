import { parseJsonSecret, replaceInJson } from './json-secret.ts'
import { parseUrl, replaceInUrl } from './url.ts'

/** Where a database is and how to log in. `password` is a secret: never print a connection, print `placeOf` it. */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** The URL's query parameters, `sslmode` and the like; none in a JSON secret. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Host and port: what a cutover replaces. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** A connection, or why the text is none. `why` never quotes the text. */
export type ParsedConnection =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly why: string }

/** The port of a PostgreSQL server that names none. */
export const defaultPort = 5432

/**
 * Parses a secret's text: `postgres://…`, `postgresql://…` (also with a driver, `postgresql+asyncpg://…`) by the rules of
 * libpq's connection URIs, or the JSON that Secrets Manager keeps for RDS: `{host, port, username, password, dbname, engine}`.
 */
export function parseConnection(text: string): ParsedConnection {
  return isJson(text) ? parseJsonSecret(text) : parseUrl(text)
}

/** The text with another host and port and nothing else changed. Throws when the text is no connection. */
export function replacePlace(text: string, place: Place): string {
  const before = parseConnection(text)
  if (!before.ok) throw new Error(before.why)
  const replaced = isJson(text) ? replaceInJson(text, place) : replaceInUrl(text, place)
  const after = parseConnection(replaced)
  const wanted = { ...before.connection, ...place }
  if (
    !after.ok ||
    !same(withoutPlaceParameters(after.connection), withoutPlaceParameters(wanted))
  ) {
    throw new Error(
      'the connection string could not be changed without changing more than its host and port',
    )
  }
  return replaced
}

/** `host:port/database`: the form in which messages and summaries name a database. */
export function placeOf(connection: Connection): string {
  return `${connection.host}:${connection.port}/${connection.database}`
}

const isJson = (text: string) => text.trimStart().startsWith('{')

function withoutPlaceParameters(connection: Connection): Connection {
  const { host: _, port: __, ...parameters } = connection.parameters
  return { ...connection, parameters }
}

const same = (a: Connection, b: Connection) => canonical(a) === canonical(b)
const canonical = ({ parameters, ...rest }: Connection) =>
  JSON.stringify([Object.entries(rest).sort(), Object.entries(parameters).sort()])
