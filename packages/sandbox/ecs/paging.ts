import { invalid } from './lookup.ts'

/** A page of a list and the token of the next one. */
export interface Page<T> {
  readonly items: T[]
  readonly nextToken?: string
}

interface Request {
  readonly nextToken?: string | undefined
  readonly maxResults?: number | undefined
}

/** Cuts one page out of a list; a token is the offset in disguise, and an invented one is refused as AWS does. */
export function pageOf<T>(items: readonly T[], request: Request, largest = 100): Page<T> {
  const size = request.maxResults ?? largest
  if (size < 1 || size > largest) throw invalid(`maxResults must be between 1 and ${largest}.`)
  const start = offsetOf(request.nextToken)
  const end = start + size
  const page = items.slice(start, end)
  return end < items.length ? { items: page, nextToken: tokenOf(end) } : { items: page }
}

function tokenOf(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString('base64url')
}

function offsetOf(token: string | undefined): number {
  if (!token) return 0
  const [, offset] = /^offset:(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (!offset) throw invalid('Invalid token.')
  return Number(offset)
}
