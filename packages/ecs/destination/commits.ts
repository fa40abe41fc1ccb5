import type { Fact } from '../environment/facts.ts'

/** Seven digits or more of a commit, as tools write them into tags: `4f2a91c`, `sha-4f2a91c`, `v1.2-3-g4f2a91c`. */
const token = /(?<![0-9a-z])g?([0-9a-f]{7,64})(?![0-9a-z])/gi

/** What may be a commit in a text. */
export function commitTokens(text: string): readonly string[] {
  return [...text.matchAll(token)].flatMap(([, found]) => found?.toLowerCase() ?? [])
}

/** Whether two texts are the same commit, of which each may be only the beginning. */
export const isCommit = (one: string, other: string) =>
  one.startsWith(other) || other.startsWith(one)

/** Names that tools keep a commit under: `GIT_SHA`, `GITHUB_SHA`, `COMMIT_SHA`, `SOURCE_VERSION`, `git-commit`. */
const ofCommit = /(^|_)(sha1?|commit|commit_(hash|id)|git_(rev|hash)|revision|source_version)$/i

const isName = (name: string) =>
  ofCommit.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_'))

/** A commit that something names, and where. The commit is compared and never shown where it is a variable's value. */
export interface Named {
  readonly commit: string
  /** `image tag 4f2a91c`, `environment variable GIT_SHA`. */
  readonly by: string
}

/** The commits that a task definition names in variables and tags: only where the name says so and all of the value is one. */
export function commitsOf(
  facts: Iterable<Fact>,
  tags: readonly { readonly key: string; readonly value: string }[],
): readonly Named[] {
  const variables = [...facts]
    .filter(({ kind, name }) => kind === 'environment' && isName(name))
    .map(({ name, value }) => ({ value, by: `environment variable ${name}` }))
  const tagged = tags
    .filter(({ key }) => isName(key))
    .map(({ key, value }) => ({ value, by: `task definition tag ${key}` }))
  return [...tagged, ...variables].flatMap(({ value, by }) =>
    /^[0-9a-f]{7,64}$/i.test(value) ? [{ commit: value.toLowerCase(), by }] : [],
  )
}

/** The commits among these that are not the same as another one, in their longest form. */
export function distinctCommits(commits: readonly string[]): readonly string[] {
  const longestFirst = [...new Set(commits)].sort((a, b) => b.length - a.length)
  return longestFirst.filter(
    (one, index) => !longestFirst.slice(0, index).some((longer) => longer.startsWith(one)),
  )
}
