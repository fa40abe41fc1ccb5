import type { Answer } from './call.ts'
import { issueView } from './issues.ts'
import { type Permissions, permits } from './permissions.ts'
import { GitHubProblem } from './problems.ts'
import type { Token } from './tokens.ts'
import { fullName, type Issue, type Repository, type World } from './world.ts'

interface Query {
  readonly words: readonly string[]
  readonly qualifiers: readonly {
    readonly name: string
    readonly value: string
    readonly not: boolean
  }[]
}

const unquoted = (text: string) => text.replace(/^"(.*)"$/, '$1')

/** A search in its parts: words, quoted phrases, and `name:value`. */
export function parseSearch(text: string): Query {
  const parts = text.match(/-?\w+:(?:"[^"]*"|\S+)|"[^"]*"|\S+/g) ?? []
  const qualifiers: Query['qualifiers'][number][] = []
  const words: string[] = []
  for (const part of parts) {
    const [, not, name, value] = /^(-?)(\w+):(.+)$/.exec(part) ?? []
    if (name === undefined || value === undefined) words.push(unquoted(part).toLowerCase())
    else qualifiers.push({ name, value: unquoted(value).toLowerCase(), not: not === '-' })
  }
  return { words, qualifiers }
}

/** What search knows of an issue: the state of half a minute ago, or nothing yet. */
function indexed(world: World, issue: Issue) {
  return world.clock.now() >= issue.indexed ? issue : issue.before
}

type Seen = NonNullable<ReturnType<typeof indexed>>

function fits(
  { repository, issue, seen }: { repository: Repository; issue: Issue; seen: Seen },
  { words, qualifiers }: Query,
): boolean {
  const fields = qualifiers.filter(({ name }) => name === 'in').map(({ value }) => value)
  const texts = [
    ...(fields.length === 0 || fields.some((it) => it.includes('title')) ? [seen.title] : []),
    ...(fields.length === 0 || fields.some((it) => it.includes('body')) ? [seen.body ?? ''] : []),
    ...(fields.some((it) => it.includes('comments')) ? issue.comments.map(({ body }) => body) : []),
  ].map((text) => text.toLowerCase())
  const one = (name: string, value: string): boolean => {
    switch (name) {
      case 'repo':
        return fullName(repository).toLowerCase() === value
      case 'is':
      case 'state':
      case 'type':
        return value === 'issue' || value === seen.state
      case 'label':
        return value
          .split(',')
          .some((it) => seen.labels.some((label) => label.toLowerCase() === unquoted(it)))
      case 'author':
        return [value, `${value}[bot]`].includes(issue.author.toLowerCase())
      case 'in':
        return true
      default:
        throw new GitHubProblem(422, `The sandbox does not search by ${name}:`)
    }
  }
  return (
    words.every((word) => texts.some((text) => text.includes(word))) &&
    qualifiers.every(({ name, value, not }) => one(name, value) !== not)
  )
}

/** `GET /search/issues`, over what the token may read. It lags behind by half a simulated minute. */
export function searchIssues(
  world: World,
  token: Token | undefined,
  query: Readonly<Record<string, unknown>>,
): Answer {
  const parsed = parseSearch(String(query.q))
  const readable = (permissions: Permissions | undefined, repository: Repository) =>
    !repository.private ||
    (permissions !== undefined &&
      token?.repository === fullName(repository).toLowerCase() &&
      permits(permissions, 'issues=read'))
  const all = [...world.repositories.values()].filter((one) => readable(token?.permissions, one))
  const wanted = parsed.qualifiers.filter(({ name, not }) => name === 'repo' && !not)
  if (wanted.some(({ value }) => !all.some((one) => fullName(one).toLowerCase() === value)))
    throw new GitHubProblem(422, 'Validation Failed', {
      errors: [
        {
          resource: 'Search',
          field: 'q',
          code: 'invalid',
          message:
            'The listed users and repositories cannot be searched either because the resources do not exist or you do not have permission to view them.',
        },
      ],
    })
  const hits = all.flatMap((repository) =>
    repository.issues.flatMap((issue) => {
      const seen = indexed(world, issue)
      return seen && fits({ repository, issue, seen }, parsed) ? [{ repository, issue }] : []
    }),
  )
  hits.sort((a, b) => b.issue.number - a.issue.number)
  return {
    list: hits.map(({ repository, issue }) => ({
      ...issueView(world, repository, issue),
      score: 1,
    })),
    body: (items) => ({
      total_count: hits.length,
      incomplete_results: false,
      search_type: 'lexical',
      items,
    }),
  }
}
