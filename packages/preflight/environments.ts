import { CallError } from '#core'
import { type GitHub, isMissing } from '#github'
import type { BranchPattern, Look, Protection, Ref } from './protection.ts'

/** Rules that are read by what they hold; every other type is an app's. */
const known = ['wait_timer', 'required_reviewers', 'branch_policy']

/** A rule as GitHub's API shows it; the description names the members, each only in rules of its type. */
interface Rule {
  readonly type: string
  readonly wait_timer?: number
  readonly prevent_self_review?: boolean
  readonly reviewers?: readonly unknown[]
}

/** Looks at an environment of the repository: what became of the look is data, a failure is a doubt. */
export async function lookAt(github: GitHub | undefined, name: string): Promise<Look> {
  if (github === undefined)
    return {
      is: 'unknown',
      why: 'GitHub was not asked: there is no token',
      next: "give preflight the job's token (input token) and permissions: actions: read",
    }
  try {
    return { is: 'there', protection: await protectionOf(github, name) }
  } catch (thrown) {
    if (isMissing(thrown)) return { is: 'missing' }
    if (!(thrown instanceof CallError)) throw thrown
    return { is: 'unknown', why: thrown.message, next: thrown.next }
  }
}

async function protectionOf(github: GitHub, name: string): Promise<Protection> {
  const at = { environment_name: name }
  const found = await github.ask(
    'GET /repos/{owner}/{repo}/environments/{environment_name}',
    `environment ${name}`,
    at,
  )
  const rules = (found.protection_rules ?? []) as readonly Rule[]
  const reviewed = rules.find(({ type }) => type === 'required_reviewers')
  const { custom_deployment_protection_rules: custom = [] } = await github.ask(
    'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment_protection_rules',
    `environment ${name}`,
    at,
  )
  const apps = custom.filter(({ enabled }) => enabled).map(({ app }) => app.slug)
  const others = rules.map(({ type }) => type).filter((type) => !known.includes(type))
  // In GitHub's answers, though not in its description of them.
  const { can_admins_bypass: adminsBypass } = found as { readonly can_admins_bypass?: boolean }
  return {
    reviewers: reviewed?.reviewers?.length ?? 0,
    selfReview: reviewed?.prevent_self_review !== true,
    waitMinutes: rules.find(({ type }) => type === 'wait_timer')?.wait_timer ?? 0,
    customRules: apps.length > 0 ? apps : others,
    branches: await branchesOf(github, name, found.deployment_branch_policy),
    adminsBypass: adminsBypass === true,
  }
}

async function branchesOf(
  github: GitHub,
  name: string,
  policy:
    | { readonly protected_branches: boolean; readonly custom_branch_policies: boolean }
    | null
    | undefined,
): Promise<Protection['branches']> {
  if (!policy) return 'all'
  if (policy.protected_branches) return 'protected'
  const { branch_policies: listed } = await github.ask(
    'GET /repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies',
    `environment ${name}`,
    { environment_name: name, per_page: 100 },
  )
  return listed.map(({ name: pattern = '', type }): BranchPattern => {
    return { pattern, type: type === 'tag' ? 'tag' : 'branch' }
  })
}

/** The ref of this run; undefined outside a runner. */
export function refOf(variables: Readonly<Record<string, string | undefined>>): Ref | undefined {
  const { GITHUB_REF: full, GITHUB_REF_NAME: name, GITHUB_REF_TYPE: type } = variables
  const { GITHUB_REF_PROTECTED: said } = variables
  if (!full || !name) return undefined
  const isProtected = said === 'true' || said === 'false' ? said === 'true' : undefined
  return { full, name, type: type === 'tag' ? 'tag' : 'branch', isProtected }
}
