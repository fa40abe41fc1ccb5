import { apiOf, pageOf, userView, wholeRepositoryView } from './people.ts'
import { nodeId, type Pull, type Repository, type World } from './world.ts'

function sideView(world: World, repository: Repository, side: Pull['head']) {
  return {
    label: `${repository.owner}:${side.ref}`,
    ref: side.ref,
    sha: side.sha,
    user: userView(world, repository.owner),
    repo: wholeRepositoryView(world, repository),
  }
}

/** A `pull-request-simple`. */
export function pullView(world: World, repository: Repository, one: Pull) {
  const at = `${apiOf(world, repository)}/pulls/${one.number}`
  const issue = `${apiOf(world, repository)}/issues/${one.number}`
  const page = `${pageOf(repository)}/pull/${one.number}`
  const statuses = `${apiOf(world, repository)}/statuses/${one.head.sha}`
  const links = {
    self: at,
    html: page,
    issue,
    comments: `${issue}/comments`,
    review_comments: `${at}/comments`,
    review_comment: `${apiOf(world, repository)}/pulls/comments{/number}`,
    commits: `${at}/commits`,
    statuses,
  }
  return {
    url: at,
    id: one.id,
    node_id: nodeId('PR', one.id),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: statuses,
    number: one.number,
    state: one.merged ? 'closed' : 'open',
    locked: false,
    title: one.title,
    user: userView(world, one.author),
    body: null,
    labels: [],
    milestone: null,
    created_at: one.created,
    updated_at: one.merged?.at ?? one.created,
    closed_at: one.merged?.at ?? null,
    merged_at: one.merged?.at ?? null,
    merge_commit_sha: one.merged?.sha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: sideView(world, repository, one.head),
    base: sideView(world, repository, one.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: 'MEMBER',
    auto_merge: null,
    draft: false,
  }
}
