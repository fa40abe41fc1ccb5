import {
  type Answer,
  actorOf,
  type Call,
  created,
  found,
  nothing,
  numberIn,
  ok,
  textIn,
} from './call.ts'
import { apiOf, pageOf, userView } from './people.ts'
import { invalid } from './problems.ts'
import { type Comment, type Issue, nodeId, type Repository, type World } from './world.ts'

/** How far search lags behind a change, in simulated milliseconds. */
const INDEXING = 30_000

function labelView(world: World, repository: Repository, name: string) {
  const known = repository.labels.get(name.toLowerCase())
  const label = known ?? { id: world.id(), name }
  if (!known) repository.labels.set(name.toLowerCase(), label)
  return {
    id: label.id,
    node_id: nodeId('LA', label.id),
    url: `${apiOf(world, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    description: null,
    color: 'ededed',
    default: false,
  }
}

/** An `issue`. */
export function issueView(world: World, repository: Repository, one: Issue) {
  const at = `${apiOf(world, repository)}/issues/${one.number}`
  const assignees = one.assignees.map((login) => userView(world, login))
  return {
    url: at,
    repository_url: apiOf(world, repository),
    labels_url: `${at}/labels{/name}`,
    comments_url: `${at}/comments`,
    events_url: `${at}/events`,
    timeline_url: `${at}/timeline`,
    html_url: `${pageOf(repository)}/issues/${one.number}`,
    id: one.id,
    node_id: nodeId('I', one.id),
    number: one.number,
    title: one.title,
    body: one.body,
    user: userView(world, one.author),
    labels: one.labels.map((name) => labelView(world, repository, name)),
    state: one.state,
    state_reason: one.reason,
    locked: false,
    active_lock_reason: null,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    comments: one.comments.length,
    created_at: one.created,
    updated_at: one.updated,
    closed_at: one.closed,
    author_association: 'NONE',
    performed_via_github_app: null,
  }
}

/** An issue by itself also tells who closed it. */
function wholeIssueView(world: World, repository: Repository, one: Issue) {
  const closedBy = one.closedBy === null ? null : userView(world, one.closedBy)
  return { ...issueView(world, repository, one), closed_by: closedBy }
}

const TOO_LONG = 65_536

function checkText(resource: string, field: string, text: string | null | undefined): void {
  if (text === null || text === undefined || text.length <= TOO_LONG) return
  const message = `${field} is too long (maximum is ${TOO_LONG} characters)`
  throw invalid({ resource, code: 'custom', field, message })
}

function checkTitle(title: unknown): string {
  const text = String(title ?? '').trim()
  if (text === '') throw invalid({ resource: 'Issue', code: 'missing_field', field: 'title' })
  if (text.length > 256) {
    const message = 'title is too long (maximum is 256 characters)'
    throw invalid({ resource: 'Issue', code: 'custom', field: 'title', message })
  }
  return text
}

type GivenLabel = string | { readonly name?: string }
const names = (labels: readonly GivenLabel[]): readonly string[] => [
  ...new Set(labels.map((one) => (typeof one === 'string' ? one : (one.name ?? '')))),
]

/** Changes an issue; search shows what was before for a while. */
function change(world: World, issue: Issue, to: Partial<Issue>): void {
  const { title, body, state, labels } = issue
  if (world.clock.now() >= issue.indexed) issue.before = { title, body, state, labels }
  Object.assign(issue, to)
  issue.updated = world.now()
  issue.indexed = world.clock.ahead(INDEXING)
}

function createIssue(call: Call): Answer {
  const { world, repository, body } = call
  const title = checkTitle(body.title)
  checkText('Issue', 'body', body.body)
  const issue: Issue = {
    id: world.id(),
    number: ++repository.lastNumber,
    author: actorOf(call),
    created: world.now(),
    updated: world.now(),
    comments: [],
    title,
    body: body.body ?? null,
    labels: names(body.labels ?? []),
    assignees: body.assignees ?? (body.assignee ? [body.assignee] : []),
    state: 'open',
    reason: null,
    closed: null,
    closedBy: null,
    indexed: world.clock.ahead(INDEXING),
    before: undefined,
  }
  repository.issues.push(issue)
  return created(wholeIssueView(world, repository, issue))
}

function issueIn(call: Call): Issue {
  const number = numberIn(call, 'issue_number')
  return found(call.repository.issues.find((one) => one.number === number))
}

function updateIssue(call: Call): Answer {
  const { world, repository, body } = call
  const issue = issueIn(call)
  checkText('Issue', 'body', body.body)
  const closing = body.state === 'closed' && issue.state === 'open'
  const opening = body.state === 'open' && issue.state === 'closed'
  change(world, issue, {
    ...(body.title !== undefined && { title: checkTitle(body.title) }),
    ...(body.body !== undefined && { body: body.body }),
    ...(body.labels !== undefined && { labels: names(body.labels) }),
    ...(body.assignees !== undefined && { assignees: body.assignees }),
    ...(closing && {
      state: 'closed' as const,
      reason: body.state_reason ?? 'completed',
      closed: world.now(),
      closedBy: actorOf(call),
    }),
    ...(opening && {
      state: 'open' as const,
      reason: 'reopened' as const,
      closed: null,
      closedBy: null,
    }),
  })
  return ok(wholeIssueView(world, repository, issue))
}

const ORDERS = {
  created: (issue: Issue) => issue.created,
  updated: (issue: Issue) => issue.updated,
  comments: (issue: Issue) => String(issue.comments.length).padStart(6, '0'),
} as const

function listIssues(call: Call): Answer {
  const { world, repository, query } = call
  const labels = textIn(call, 'labels')?.toLowerCase().split(',') ?? []
  const has = ({ labels: own }: Issue) =>
    labels.every((name) => own.some((one) => one.toLowerCase() === name.trim()))
  const key = ORDERS[query.sort as keyof typeof ORDERS]
  const list = repository.issues
    .filter((one) => query.state === 'all' || one.state === query.state)
    .filter(has)
    .filter((one) => query.creator === undefined || one.author === query.creator)
    .filter((one) => query.assignee === undefined || one.assignees.includes(String(query.assignee)))
    .filter((one) => query.since === undefined || one.updated >= String(query.since))
    .sort((a, b) => key(b).localeCompare(key(a)) || b.number - a.number)
  if (query.direction === 'asc') list.reverse()
  return { list: list.map((one) => issueView(world, repository, one)) }
}

function commentView({ world, repository }: Call, issue: Issue, one: Comment) {
  const at = apiOf(world, repository)
  return {
    url: `${at}/issues/comments/${one.id}`,
    html_url: `${pageOf(repository)}/issues/${issue.number}#issuecomment-${one.id}`,
    issue_url: `${at}/issues/${issue.number}`,
    id: one.id,
    node_id: nodeId('IC', one.id),
    user: userView(world, one.author),
    body: one.body,
    created_at: one.created,
    updated_at: one.updated,
    author_association: 'NONE',
    performed_via_github_app: null,
  }
}

function checkedComment(body: string): string {
  if (body.trim() === '') {
    throw invalid({ resource: 'IssueComment', code: 'missing_field', field: 'body' })
  }
  checkText('IssueComment', 'body', body)
  return body
}

function createComment(call: Call): Answer {
  const { world } = call
  const issue = issueIn(call)
  const now = world.now()
  const body = checkedComment(call.body.body)
  const comment = { id: world.id(), author: actorOf(call), created: now, updated: now, body }
  issue.comments.push(comment)
  issue.updated = now
  return created(commentView(call, issue, comment))
}

function listComments(call: Call): Answer {
  const issue = issueIn(call)
  const since = textIn(call, 'since') ?? ''
  const list = issue.comments.filter(({ updated }) => updated >= since)
  return { list: list.map((one) => commentView(call, issue, one)) }
}

/** A comment is named without its issue. */
function commentIn(call: Call): { issue: Issue; comment: Comment } {
  const id = numberIn(call, 'comment_id')
  const issue = found(call.repository.issues.find((one) => one.comments.some((it) => it.id === id)))
  return { issue, comment: found(issue.comments.find((one) => one.id === id)) }
}

function updateComment(call: Call): Answer {
  const { issue, comment } = commentIn(call)
  comment.body = checkedComment(call.body.body)
  comment.updated = call.world.now()
  return ok(commentView(call, issue, comment))
}

function deleteComment(call: Call): Answer {
  const { issue, comment } = commentIn(call)
  issue.comments.splice(issue.comments.indexOf(comment), 1)
  return nothing
}

function getComment(call: Call): Answer {
  const { issue, comment } = commentIn(call)
  return ok(commentView(call, issue, comment))
}

const labelsOf = ({ world, repository }: Call, { labels }: Issue) =>
  ok(labels.map((name) => labelView(world, repository, name)))

function addLabels(call: Call): Answer {
  const issue = issueIn(call)
  change(call.world, issue, { labels: names([...issue.labels, ...(call.body?.labels ?? [])]) })
  return labelsOf(call, issue)
}

function removeLabel(call: Call): Answer {
  const issue = issueIn(call)
  const name = found(
    issue.labels.find((one) => one.toLowerCase() === call.path.name?.toLowerCase()),
  )
  change(call.world, issue, { labels: issue.labels.filter((one) => one !== name) })
  return labelsOf(call, issue)
}

/** Issues, their comments and labels. */
export const issueOperations = {
  'issues/list-for-repo': listIssues,
  'issues/create': createIssue,
  'issues/get': (call: Call) => ok(wholeIssueView(call.world, call.repository, issueIn(call))),
  'issues/update': updateIssue,
  'issues/list-comments': listComments,
  'issues/create-comment': createComment,
  'issues/get-comment': getComment,
  'issues/update-comment': updateComment,
  'issues/delete-comment': deleteComment,
  'issues/add-labels': addLabels,
  'issues/remove-label': removeLabel,
}
