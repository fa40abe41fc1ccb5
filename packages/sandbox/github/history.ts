import { addCommit, type Commit, type Repository, type World } from './world.ts'

/** A commit's sha and those of everything before it. */
export function ancestors({ commits }: Repository, sha: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const open = [sha]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...(commits.get(next)?.parents ?? []))
  }
  return seen
}

/** Whether a commit has another one in its history. */
export const contains = (repository: Repository, sha: string, other: string): boolean =>
  ancestors(repository, sha).has(other)

/** The newest commits that both histories have; undefined when they have none in common. */
export function mergeBase(repository: Repository, a: string, b: string): Commit | undefined {
  const [left, right] = [ancestors(repository, a), ancestors(repository, b)]
  const common = [...left].filter((sha) => right.has(sha))
  const older = new Set(
    common.flatMap((sha) => [...ancestors(repository, sha)].filter((one) => one !== sha)),
  )
  const best = common.find((sha) => !older.has(sha))
  return best === undefined ? undefined : repository.commits.get(best)
}

/** The commits of one history that the other has not, oldest first. */
export function only(repository: Repository, of: string, without: string): readonly Commit[] {
  const theirs = ancestors(repository, without)
  const own = ancestors(repository, of)
  return [...repository.commits.values()].filter(({ sha }) => own.has(sha) && !theirs.has(sha))
}

/** Merges a commit into a branch. */
export function merge(
  world: World,
  repository: Repository,
  { into, from }: { readonly into: string; readonly from: string },
): Commit {
  const tip = repository.refs.get(`refs/heads/${into}`)
  const parents = tip === undefined ? [from] : [tip, from]
  return addCommit(world, repository, { branch: into, parents, message: `Merge into ${into}` })
}
