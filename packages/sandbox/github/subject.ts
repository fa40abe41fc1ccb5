import { type Answer, type Call, created, ok } from './call.ts'
import { userId } from './people.ts'
import { GitHubProblem } from './problems.ts'
import { fullName, type Repository } from './world.ts'

/** What the `sub` of a repository's tokens begins with, in the default template. */
function prefixOf({ owner, name, id, subject }: Repository): string {
  if (subject === 'immutable') return `repo:${owner}@${userId(owner)}/${name}@${id}`
  return `repo:${fullName({ owner, name })}`
}

function getSubject({ repository }: Call): Answer {
  const { subject } = repository
  const template = typeof subject === 'string' ? undefined : subject
  return ok({
    use_default: template === undefined,
    ...(template && { include_claim_keys: template }),
    use_immutable_subject: subject === 'immutable',
    sub_claim_prefix: prefixOf(repository),
  })
}

function setSubject({ repository, body }: Call): Answer {
  const keys: readonly string[] = body.include_claim_keys ?? []
  const bad = keys.filter((key, n) => !/^\w+$/.test(key) || keys.indexOf(key) !== n)
  if (bad.length > 0)
    throw new GitHubProblem(422, 'Validation Failed', {
      errors: [`include_claim_keys must be unique names of claims: ${bad.join(', ')}`],
    })
  const standard = body.use_immutable_subject === true ? 'immutable' : 'names'
  repository.subject = body.use_default ? standard : keys
  return created({})
}

/** The form of `sub` in the ID tokens of a repository's jobs. */
export const subjectOperations = {
  'actions/get-custom-oidc-sub-claim-for-repo': getSubject,
  'actions/set-custom-oidc-sub-claim-for-repo': setSubject,
}
