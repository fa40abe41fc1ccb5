import { AwsError, type Caller, type Operation } from '../service.ts'
import { date, usable } from './checks.ts'
import { newArn, type Tag, type Vault } from './vault.ts'

const DAY = 86_400_000

function withTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const keys = new Set(added.map((tag) => tag.Key))
  return [...tags.filter((tag) => !keys.has(tag.Key)), ...added]
}

interface DeleteInput {
  readonly SecretId: string
  readonly RecoveryWindowInDays?: number
  readonly ForceDeleteWithoutRecovery?: boolean
}

function checkDeletion(input: DeleteInput): number {
  const window = input.RecoveryWindowInDays
  if (input.ForceDeleteWithoutRecovery && window !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
  }
  if (window !== undefined && (window < 7 || window > 30)) {
    throw new AwsError(
      'InvalidParameterException',
      'RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    )
  }
  return window ?? 30
}

/** A forced deletion of a secret that is not there is no error on AWS. */
function forgotten(secretId: string, caller: Caller, now: number) {
  const isArn = secretId.startsWith('arn:')
  const Name = isArn ? (secretId.split(':')[6] ?? secretId).slice(0, -7) : secretId
  return { ARN: isArn ? secretId : newArn(caller, secretId), Name, DeletionDate: date(now) }
}

/** Operations on the secret as a thing: delete, restore, tags. */
export function keeping(secrets: Vault, now: () => number): Record<string, Operation> {
  return {
    DeleteSecret: (input: DeleteInput, caller) => {
      const days = checkDeletion(input)
      const known = secrets.list(caller).some((one) => [one.name, one.arn].includes(input.SecretId))
      if (input.ForceDeleteWithoutRecovery && !known)
        return forgotten(input.SecretId, caller, now())
      const secret = usable(secrets.find(caller, input.SecretId))
      const due = input.ForceDeleteWithoutRecovery ? now() : now() + days * DAY
      if (input.ForceDeleteWithoutRecovery) secrets.remove(caller, secret.name)
      else secrets.put(caller, { ...secret, deletion: { asked: now(), due } })
      return { ARN: secret.arn, Name: secret.name, DeletionDate: date(due) }
    },
    RestoreSecret: (input, caller) => {
      const { deletion: _, ...secret } = secrets.find(caller, input.SecretId)
      secrets.put(caller, secret)
      return { ARN: secret.arn, Name: secret.name }
    },
    TagResource: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      secrets.put(caller, { ...secret, tags: withTags(secret.tags, input.Tags) })
    },
    UntagResource: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      const gone = new Set(input.TagKeys)
      const tags = secret.tags.filter((tag) => !gone.has(tag.Key))
      secrets.put(caller, { ...secret, tags })
    },
  }
}
