import { type GitHub, isMissing } from './api.ts'

/** Whether a commit is in the history of another; `unknown` when GitHub does not know one of them, or they share no history. */
export type Containment = 'contained' | 'missing' | 'unknown'

/** Asks whether `commit` is in the history of `head`: then it is the merge base of both (REST API, "Compare two commits"). */
export async function containment(
  github: GitHub,
  { commit, head }: { readonly commit: string; readonly head: string },
): Promise<Containment> {
  try {
    const compared = await github.ask(
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      `${commit.slice(0, 12)}...${head.slice(0, 12)}`,
      { basehead: `${commit}...${head}`, per_page: 1 },
    )
    return compared.merge_base_commit.sha === commit ? 'contained' : 'missing'
  } catch (thrown) {
    if (isMissing(thrown)) return 'unknown'
    throw thrown
  }
}
