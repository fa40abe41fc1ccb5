import { createHash } from 'node:crypto'
import { type Answer, actorOf, type Call, created, found, ok } from './call.ts'
import { ancestors, contains, mergeBase, only } from './history.ts'
import { apiOf, pageOf, repositoryView, userView } from './people.ts'
import { notFound, unprocessable } from './problems.ts'
import { pullView } from './pulls.ts'
import {
  type Commit,
  type CommitStatus,
  nodeId,
  type Repository,
  resolveRef,
  type World,
} from './world.ts'

const mail = (login: string) => `${login.replace(/[^\w.-]/g, '')}@users.noreply.github.com`
const blob = (text: string) => createHash('sha1').update(text).digest('hex')

/** A commit as the list has it: without its files. */
function commitView(world: World, repository: Repository, one: Commit) {
  const at = apiOf(world, repository)
  const page = pageOf(repository)
  const person = { name: one.author, email: mail(one.author), date: one.date }
  const tree = blob(`tree ${one.sha}`)
  return {
    sha: one.sha,
    node_id: nodeId('C', 1),
    url: `${at}/commits/${one.sha}`,
    html_url: `${page}/commit/${one.sha}`,
    comments_url: `${at}/commits/${one.sha}/comments`,
    commit: {
      author: person,
      committer: person,
      message: one.message,
      tree: { sha: tree, url: `${at}/git/trees/${tree}` },
      url: `${at}/git/commits/${one.sha}`,
      comment_count: 0,
    },
    author: userView(world, one.author),
    committer: userView(world, one.author),
    parents: one.parents.map((sha) => ({
      sha,
      url: `${at}/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
  }
}

function filesView(world: World, repository: Repository, commit: Commit) {
  return commit.files.map((filename) => ({
    sha: blob(`${commit.sha} ${filename}`),
    filename,
    status: 'modified',
    additions: 1,
    deletions: 1,
    changes: 2,
    blob_url: `${pageOf(repository)}/blob/${commit.sha}/${filename}`,
    raw_url: `${pageOf(repository)}/raw/${commit.sha}/${filename}`,
    contents_url: `${apiOf(world, repository)}/contents/${filename}?ref=${commit.sha}`,
  }))
}

function getCommit(call: Call): Answer {
  const { world, repository, path } = call
  const commit = resolveRef(repository, path.ref ?? '')
  if (!commit) throw unprocessable(`No commit found for SHA: ${path.ref}`)
  const files = filesView(world, repository, commit)
  const stats = { additions: files.length, deletions: files.length, total: 2 * files.length }
  return ok({ ...commitView(world, repository, commit), stats, files })
}

function listCommits({ world, repository, query }: Call): Answer {
  const from = found(resolveRef(repository, String(query.sha ?? repository.defaultBranch)))
  const reached = ancestors(repository, from.sha)
  const list = [...repository.commits.values()]
    .filter(({ sha }) => reached.has(sha))
    .filter(({ date }) => query.since === undefined || date >= String(query.since))
    .filter(({ date }) => query.until === undefined || date <= String(query.until))
    .filter(({ author }) => query.author === undefined || author === query.author)
    .filter(({ files }) => query.path === undefined || files.includes(String(query.path)))
    .reverse()
  return { list: list.map((one) => commitView(world, repository, one)) }
}

function relation(ahead: number, behind: number) {
  if (ahead > 0 && behind > 0) return 'diverged'
  if (ahead > 0) return 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

/** `base...head`. A page of it is a page of its commits; the files come with the first one only. */
function compare(call: Call): Answer {
  const { world, repository, path, query } = call
  const [left = '', right = ''] = (path.basehead ?? '').split('...')
  const [base, head] = [left, right].map((ref) => found(resolveRef(repository, ref))) as [
    Commit,
    Commit,
  ]
  const common = mergeBase(repository, base.sha, head.sha)
  if (!common) throw notFound()
  const ahead = only(repository, head.sha, base.sha)
  const behind = only(repository, base.sha, head.sha)
  const url = `${apiOf(world, repository)}/compare/${left}...${right}`
  const page = `${pageOf(repository)}/compare/${left}...${right}`
  const view = (one: Commit) => commitView(world, repository, one)
  const files = ahead.flatMap((one) => filesView(world, repository, one))
  return {
    list: ahead.map(view),
    perPage: 250,
    body: (commits) => ({
      url,
      html_url: page,
      permalink_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      base_commit: view(base),
      merge_base_commit: view(common),
      status: relation(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits,
      ...(Number(query.page ?? 1) === 1 && {
        files: [...new Map(files.map((file) => [file.filename, file])).values()].slice(0, 300),
      }),
    }),
  }
}

function refView(world: World, repository: Repository, ref: string) {
  const sha = repository.refs.get(ref) ?? ''
  const at = apiOf(world, repository)
  return {
    ref,
    node_id: nodeId('REF', 1),
    url: `${at}/git/${ref}`,
    object: { sha, type: 'commit', url: `${at}/git/commits/${sha}` },
  }
}

function getRef({ world, repository, path }: Call): Answer {
  const ref = `refs/${path.ref}`
  if (!repository.refs.has(ref)) throw notFound()
  return ok(refView(world, repository, ref))
}

function createRef({ world, repository, body }: Call): Answer {
  if (!/^refs\/[^/]+\/.+/.test(body.ref))
    throw unprocessable("Reference name must start with 'refs/' and have at least two slashes.")
  if (repository.refs.has(body.ref)) throw unprocessable('Reference already exists')
  if (!repository.commits.has(body.sha)) throw unprocessable('Object does not exist')
  repository.refs.set(body.ref, body.sha)
  return created(refView(world, repository, body.ref))
}

function updateRef({ world, repository, path, body }: Call): Answer {
  const ref = `refs/${path.ref}`
  const now = repository.refs.get(ref)
  if (now === undefined) throw unprocessable('Reference does not exist')
  if (!repository.commits.has(body.sha)) throw unprocessable('Object does not exist')
  if (body.force !== true && !contains(repository, body.sha, now))
    throw unprocessable('Update is not a fast forward')
  repository.refs.set(ref, body.sha)
  return ok(refView(world, repository, ref))
}

/** What of a commit status stands in both of its forms. */
function statusParts({ world, repository }: Call, one: CommitStatus) {
  return {
    url: `${apiOf(world, repository)}/statuses/${one.sha}`,
    avatar_url: userView(world, one.author).avatar_url,
    id: one.id,
    node_id: nodeId('SC', one.id),
    state: one.state,
    description: one.description,
    target_url: one.targetUrl,
    context: one.context,
    created_at: one.created,
    updated_at: one.created,
  }
}

function createCommitStatus(call: Call): Answer {
  const { world, repository, path, body } = call
  const commit = repository.commits.get(path.sha ?? '')
  if (!commit) throw unprocessable(`No commit found for SHA: ${path.sha}`)
  const status: CommitStatus = {
    id: world.id(),
    sha: commit.sha,
    state: body.state,
    context: body.context ?? 'default',
    description: body.description ?? null,
    targetUrl: body.target_url ?? null,
    author: actorOf(call),
    created: world.now(),
  }
  repository.statuses.unshift(status)
  return created({ ...statusParts(call, status), creator: userView(world, status.author) })
}

/** The worst of the newest statuses: GitHub's combined state. */
function combined(states: readonly string[]): string {
  if (states.some((state) => state === 'failure' || state === 'error')) return 'failure'
  return states.length > 0 && states.every((state) => state === 'success') ? 'success' : 'pending'
}

function combinedStatus(call: Call): Answer {
  const { world, repository, path } = call
  const commit = found(resolveRef(repository, path.ref ?? ''))
  const own = repository.statuses.filter(({ sha }) => sha === commit.sha)
  const newest = [...new Map([...own].reverse().map((one) => [one.context, one])).values()]
  const at = `${apiOf(world, repository)}/commits/${commit.sha}`
  return {
    list: newest.map((one) => statusParts(call, one)),
    body: (statuses) => ({
      state: combined(newest.map(({ state }) => state)),
      statuses,
      sha: commit.sha,
      total_count: newest.length,
      repository: repositoryView(world, repository),
      commit_url: at,
      url: `${at}/status`,
    }),
  }
}

/** The pull requests that a commit belongs to: those that brought it, and open ones that have it. */
function pullsOfCommit({ world, repository, path }: Call): Answer {
  const commit = resolveRef(repository, path.commit_sha ?? '')
  if (!commit) throw unprocessable(`No commit found for SHA: ${path.commit_sha}`)
  const pulls = repository.pulls.filter(
    ({ head, base, merged }) =>
      merged?.sha === commit.sha ||
      only(repository, head.sha, base.sha).some(({ sha }) => sha === commit.sha),
  )
  return { list: pulls.map((one) => pullView(world, repository, one)) }
}

/** Commits, comparisons, refs and commit statuses. */
export const commitOperations = {
  'repos/list-commits': listCommits,
  'repos/get-commit': getCommit,
  'repos/compare-commits-with-basehead': compare,
  'repos/list-pull-requests-associated-with-commit': pullsOfCommit,
  'git/get-ref': getRef,
  'git/create-ref': createRef,
  'git/update-ref': updateRef,
  'repos/create-commit-status': createCommitStatus,
  'repos/get-combined-status-for-ref': combinedStatus,
}
