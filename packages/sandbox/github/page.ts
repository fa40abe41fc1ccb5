import type { Answer } from './call.ts'

/** One request as paging sees it. */
export interface Paged {
  /** The whole address that was asked for. */
  readonly url: URL
  readonly query: Readonly<Record<string, unknown>>
}

const MOST = 100

function linkOf(url: URL, pages: Readonly<Record<string, number>>): string {
  return Object.entries(pages)
    .map(([rel, page]) => {
      const target = new URL(url)
      target.searchParams.set('page', String(page))
      return `<${target.href}>; rel="${rel}"`
    })
    .join(', ')
}

/** The `Link` header of a page; undefined when there is only one. */
export function links(url: URL, page: number, last: number): string | undefined {
  if (last <= 1) return undefined
  return linkOf(url, {
    ...(page > 1 && { prev: page - 1 }),
    ...(page < last && { next: page + 1, last }),
    ...(page > 1 && { first: 1 }),
  })
}

/** Cuts a list to the page that was asked for. More than a hundred on a page is a hundred, as on GitHub. */
export function paged(
  answer: Answer,
  { url, query }: Paged,
): { status: number; body?: unknown; link?: string } {
  if (!('list' in answer)) return answer
  const own = url.searchParams.has('per_page') ? Number(query.per_page) : (answer.perPage ?? 30)
  const most = Math.max(MOST, answer.perPage ?? 0)
  const size = own >= 1 ? Math.min(own, most) : 30
  const page = Math.max(1, Number(query.page ?? 1))
  const items = answer.list.slice((page - 1) * size, page * size)
  const link = links(url, page, Math.ceil(answer.list.length / size))
  const body = answer.body ? answer.body(items) : items
  return { status: 200, body, ...(link !== undefined && { link }) }
}
