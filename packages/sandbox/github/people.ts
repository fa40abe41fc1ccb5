import { createHash } from 'node:crypto'
import { fullName, nodeId, type Repository, timeOf, type World } from './world.ts'

/** The number of a login: always the same. */
export const userId = (login: string): number =>
  Number.parseInt(createHash('sha1').update(login).digest('hex').slice(0, 7), 16)

/** A `simple-user`. */
export function userView({ url }: World, login: string) {
  const id = userId(login)
  const at = `${url}/users/${encodeURIComponent(login)}`
  return {
    login,
    id,
    node_id: nodeId('U', id),
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: '',
    url: at,
    html_url: `https://github.com/${encodeURIComponent(login)}`,
    followers_url: `${at}/followers`,
    following_url: `${at}/following{/other_user}`,
    gists_url: `${at}/gists{/gist_id}`,
    starred_url: `${at}/starred{/owner}{/repo}`,
    subscriptions_url: `${at}/subscriptions`,
    organizations_url: `${at}/orgs`,
    repos_url: `${at}/repos`,
    events_url: `${at}/events{/privacy}`,
    received_events_url: `${at}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  }
}

/** A `team`, as a reviewer of an environment. */
export function teamView({ url }: World, slug: string) {
  const id = userId(`team ${slug}`)
  const at = `${url}/organizations/1/team/${id}`
  return {
    id,
    node_id: nodeId('T', id),
    name: slug,
    slug,
    description: null,
    privacy: 'closed',
    permission: 'push',
    url: at,
    html_url: `https://github.com/orgs/acme/teams/${encodeURIComponent(slug)}`,
    members_url: `${at}/members{/member}`,
    repositories_url: `${at}/repos`,
    type: 'organization',
    parent: null,
  }
}

/** The address of a repository in the API. */
export const apiOf = ({ url }: World, repository: Repository): string =>
  `${url}/repos/${fullName(repository)}`

/** The address of a repository for people. */
export const pageOf = (repository: Repository): string =>
  `https://github.com/${fullName(repository)}`

/** URL templates that every form of a repository has. */
const TEMPLATES: readonly (readonly [string, string])[] = [
  ['archive_url', '/{archive_format}{/ref}'],
  ['assignees_url', '/assignees{/user}'],
  ['blobs_url', '/git/blobs{/sha}'],
  ['branches_url', '/branches{/branch}'],
  ['collaborators_url', '/collaborators{/collaborator}'],
  ['comments_url', '/comments{/number}'],
  ['commits_url', '/commits{/sha}'],
  ['compare_url', '/compare/{base}...{head}'],
  ['contents_url', '/contents/{+path}'],
  ['contributors_url', '/contributors'],
  ['deployments_url', '/deployments'],
  ['downloads_url', '/downloads'],
  ['events_url', '/events'],
  ['forks_url', '/forks'],
  ['git_commits_url', '/git/commits{/sha}'],
  ['git_refs_url', '/git/refs{/sha}'],
  ['git_tags_url', '/git/tags{/sha}'],
  ['hooks_url', '/hooks'],
  ['issue_comment_url', '/issues/comments{/number}'],
  ['issue_events_url', '/issues/events{/number}'],
  ['issues_url', '/issues{/number}'],
  ['keys_url', '/keys{/key_id}'],
  ['labels_url', '/labels{/name}'],
  ['languages_url', '/languages'],
  ['merges_url', '/merges'],
  ['milestones_url', '/milestones{/number}'],
  ['notifications_url', '/notifications{?since,all,participating}'],
  ['pulls_url', '/pulls{/number}'],
  ['releases_url', '/releases{/id}'],
  ['stargazers_url', '/stargazers'],
  ['statuses_url', '/statuses/{sha}'],
  ['subscribers_url', '/subscribers'],
  ['subscription_url', '/subscription'],
  ['tags_url', '/tags'],
  ['teams_url', '/teams'],
  ['trees_url', '/git/trees{/sha}'],
]

/** A `minimal-repository`, as it lies in a workflow run. */
export function repositoryView(world: World, repository: Repository) {
  const at = apiOf(world, repository)
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: userView(world, repository.owner),
    html_url: pageOf(repository),
    description: null,
    fork: false,
    url: at,
    ...Object.fromEntries(TEMPLATES.map(([name, path]) => [name, at + path])),
  }
}

/** A `repository` with its numbers, as it lies in a pull request. */
export function wholeRepositoryView(world: World, repository: Repository) {
  const page = pageOf(repository)
  const open = repository.issues.filter(({ state }) => state === 'open').length
  return {
    ...repositoryView(world, repository),
    git_url: `git://github.com/${fullName(repository)}.git`,
    ssh_url: `git@github.com:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    visibility: repository.private ? 'private' : 'public',
    default_branch: repository.defaultBranch,
    archived: false,
    disabled: false,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    size: 1,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: open,
    open_issues_count: open,
    created_at: repository.created,
    updated_at: repository.created,
    pushed_at: timeOf(world.clock.now()),
  }
}
