import { notFound } from './problems.ts'
import type { Token } from './tokens.ts'
import type { Repository, World } from './world.ts'

/** One checked request, as an operation sees it. */
export interface Call {
  readonly world: World
  readonly token: Token | undefined
  readonly repository: Repository
  readonly path: Readonly<Record<string, string>>
  /** Typed by GitHub's description, defaults filled in. */
  readonly query: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: checked against GitHub's description before.
  readonly body: any
}

/** What an operation answers; a list is paged by whoever writes the answer. */
export type Answer =
  | { readonly status: number; readonly body?: unknown }
  | {
      readonly list: readonly unknown[]
      /** How many on a page when the request does not say. */
      readonly perPage?: number
      /** Makes the body from the items of the page, for lists that are wrapped in an object. */
      readonly body?: (items: readonly unknown[]) => unknown
    }

export type Operation = (call: Call) => Answer

/** Who acts, by the token. */
export const actorOf = ({ token }: Call): string => token?.login ?? 'ghost'

/** The number in a path parameter. Throws 404 for anything else. */
export function numberIn({ path }: Call, name: string): number {
  const text = path[name] ?? ''
  if (!/^\d{1,15}$/.test(text)) throw notFound()
  return Number(text)
}

/** What a path parameter names among the things of a repository. Throws 404. */
export function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw notFound()
  return thing
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const nothing: Answer = { status: 204 }

/** The query parameter as a text, undefined when it is not there. */
export const textIn = ({ query }: Call, name: string): string | undefined =>
  query[name] === undefined ? undefined : String(query[name])
