import { randomUUID } from 'node:crypto'
import { AwsError, type Caller, type Ground, type Operation, type Service } from '../service.ts'
import { labelsOn, moveLabel, type Version } from './labels.ts'
import { type ListSecretsInput, listSecrets, page } from './list.ts'
import { resolveValue, type SecretResolver } from './resolve.ts'
import { addVersion, newArn, notFound, type Secret, type Tag, type Vault, vault } from './vault.ts'

export type { SecretResolver } from './resolve.ts'

interface ValueInput {
  readonly SecretId: string
  readonly ClientRequestToken?: string
  readonly SecretString?: string
  readonly SecretBinary?: Uint8Array
  readonly VersionStages?: string[]
  readonly Description?: string
  readonly KmsKeyId?: string
}

const DAY = 86_400_000

function date(milliseconds: number): Date {
  return new Date(milliseconds)
}

/** AWS keeps the day of the last access only. */
function day(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / DAY) * DAY)
}

function tokenOf(token: string | undefined): string {
  if (token === undefined) return randomUUID()
  if (token.length >= 32 && token.length <= 64) return token
  throw new AwsError(
    'InvalidParameterException',
    'ClientRequestToken must be 32-64 characters long.',
  )
}

function checkValue(input: Pick<ValueInput, 'SecretString' | 'SecretBinary'>): boolean {
  if (input.SecretString !== undefined && input.SecretBinary !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    )
  }
  return input.SecretString !== undefined || input.SecretBinary !== undefined
}

function checkName(name: string): void {
  if (/^[\w/+=.@-]{1,512}$/.test(name)) return
  throw new AwsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  )
}

/** Throws InvalidRequestException while a secret waits for its deletion. */
function usable(secret: Secret): Secret {
  if (!secret.deletion) return secret
  throw new AwsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  )
}

function versionOf(secret: Secret, input: { VersionId?: string; VersionStage?: string }): Version {
  const { VersionId: id, VersionStage: stage } = input
  if (id !== undefined && stage !== undefined && secret.labels[stage] !== id) {
    throw new AwsError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    )
  }
  const label = stage ?? 'AWSCURRENT'
  const wanted = id ?? secret.labels[label]
  const version = secret.versions.find((one) => one.id === wanted)
  if (version) return version
  const which = id === undefined ? `staging label: ${label}` : `VersionId: ${id}`
  throw notFound(`Secrets Manager can't find the specified secret value for ${which}`)
}

function stagesByVersion(secret: Secret): Record<string, string[]> {
  const labelled = secret.versions.filter((one) => labelsOn(secret.labels, one.id).length > 0)
  return Object.fromEntries(labelled.map((one) => [one.id, labelsOn(secret.labels, one.id)]))
}

function withTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const keys = new Set(added.map((tag) => tag.Key))
  return [...tags.filter((tag) => !keys.has(tag.Key)), ...added]
}

function describe(secret: Secret) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    ...(secret.description !== undefined && { Description: secret.description }),
    ...(secret.kmsKeyId !== undefined && { KmsKeyId: secret.kmsKeyId }),
    LastChangedDate: date(secret.changed),
    ...(secret.accessed !== undefined && { LastAccessedDate: day(secret.accessed) }),
    ...(secret.deletion && { DeletedDate: date(secret.deletion.asked) }),
    Tags: [...secret.tags],
    CreatedDate: date(secret.created),
  }
}

/** Reading operations. */
function reads(secrets: Vault, now: () => number): Record<string, Operation> {
  return {
    GetSecretValue: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      const version = versionOf(secret, input)
      secrets.put(caller, { ...secret, accessed: now() })
      const stages = labelsOn(secret.labels, version.id)
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        ...(version.text !== undefined && { SecretString: version.text }),
        ...(version.binary !== undefined && { SecretBinary: version.binary }),
        ...(stages.length > 0 && { VersionStages: stages }),
        CreatedDate: date(version.created),
      }
    },
    DescribeSecret: (input, caller) => {
      const secret = secrets.find(caller, input.SecretId)
      return { ...describe(secret), VersionIdsToStages: stagesByVersion(secret) }
    },
    ListSecretVersionIds: (input, caller) => {
      const secret = secrets.find(caller, input.SecretId)
      const versions = [...secret.versions].reverse().map((version) => {
        const stages = labelsOn(secret.labels, version.id)
        return {
          VersionId: version.id,
          ...(stages.length > 0 && { VersionStages: stages }),
          CreatedDate: date(version.created),
          KmsKeyIds: [secret.kmsKeyId ?? 'DefaultEncryptionKey'],
        }
      })
      const shown = versions.filter((one) => input.IncludeDeprecated || one.VersionStages)
      const { items, next } = page(shown, input)
      return { Versions: items, ...next, ARN: secret.arn, Name: secret.name }
    },
    ListSecrets: (input: ListSecretsInput, caller) => {
      const { items, next } = page(listSecrets(secrets.list(caller), input), input)
      const entries = items.map((secret) => ({
        ...describe(secret),
        SecretVersionsToStages: stagesByVersion(secret),
      }))
      return { SecretList: entries, ...next }
    },
  }
}

/** Operations that make or change values and labels. */
function writes(secrets: Vault, now: () => number): Record<string, Operation> {
  const store = (secret: Secret, input: ValueInput, caller: Caller) => {
    const token = tokenOf(input.ClientRequestToken)
    const value = { token, text: input.SecretString, binary: input.SecretBinary }
    const stages = input.VersionStages ?? ['AWSCURRENT']
    const changed = addVersion(secret, value, { now: now(), stages })
    secrets.put(caller, changed)
    return { secret: changed, token }
  }
  const answer = ({ arn, name }: Secret) => ({ ARN: arn, Name: name })
  return {
    CreateSecret: (input: ValueInput & { Name: string; Tags?: Tag[] }, caller) => {
      checkName(input.Name)
      const hasValue = checkValue(input)
      const existing = secrets.get(caller, input.Name)
      if (existing) return recreated(existing, input)
      const secret: Secret = {
        name: input.Name,
        arn: newArn(caller, input.Name),
        created: now(),
        changed: now(),
        ...(input.Description !== undefined && { description: input.Description }),
        ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
        tags: input.Tags ?? [],
        versions: [],
        labels: {},
      }
      secrets.put(caller, secret)
      if (!hasValue) return answer(secret)
      const { token } = store(secret, input, caller)
      return { ...answer(secret), VersionId: token }
    },
    PutSecretValue: (input: ValueInput, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      if (!checkValue(input)) {
        throw new AwsError(
          'InvalidRequestException',
          'You must provide either SecretString or SecretBinary.',
        )
      }
      const stored = store(secret, input, caller)
      const VersionStages = labelsOn(stored.secret.labels, stored.token)
      return { ...answer(secret), VersionId: stored.token, VersionStages }
    },
    UpdateSecret: (input: ValueInput, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      const hasValue = checkValue(input)
      const described = {
        ...secret,
        changed: now(),
        ...(input.Description !== undefined && { description: input.Description }),
        ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
      }
      if (!hasValue) {
        secrets.put(caller, described)
        return answer(secret)
      }
      const { token } = store(described, { ...input, VersionStages: ['AWSCURRENT'] }, caller)
      return { ...answer(secret), VersionId: token }
    },
    UpdateSecretVersionStage: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      const { VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input
      for (const id of [from, to]) {
        if (id === undefined || secret.versions.some((version) => version.id === id)) continue
        throw notFound(`Secrets Manager can't find the specified secret version: ${id}`)
      }
      const labels = moveLabel(secret.labels, { label, from, to })
      secrets.put(caller, { ...secret, labels, changed: now() })
      return answer(secret)
    },
  }
}

/** CreateSecret on a name that exists: a repeat of the same request is fine, anything else is not. */
function recreated(existing: Secret, input: ValueInput) {
  if (existing.deletion) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
  }
  const version = existing.versions.find((one) => one.id === input.ClientRequestToken)
  const same =
    version?.text === input.SecretString &&
    Buffer.from(version?.binary ?? []).equals(Buffer.from(input.SecretBinary ?? []))
  if (version && same) {
    return { ARN: existing.arn, Name: existing.name, VersionId: version.id }
  }
  throw new AwsError(
    'ResourceExistsException',
    `The operation failed because the secret ${existing.name} already exists.`,
  )
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
function keeping(secrets: Vault, now: () => number): Record<string, Operation> {
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

/** Secrets Manager as a service, with the function by which ECS resolves a container's secrets. */
export interface SecretsService extends Service {
  readonly resolveSecret: SecretResolver
}

/** Secrets Manager with AWS's label semantics, per account and region. */
export function secretsService({ clock }: Pick<Ground, 'clock'>): SecretsService {
  const now = () => clock.now()
  const secrets = vault(now)
  const reading = reads(secrets, now)
  return {
    name: 'secretsmanager',
    operations: { ...reading, ...writes(secrets, now), ...keeping(secrets, now) },
    resolveSecret: async (valueFrom, account, region) =>
      resolveValue(valueFrom, (secretId, version) => {
        const secret = usable(secrets.find({ account, region }, secretId))
        secrets.put({ account, region }, { ...secret, accessed: now() })
        return versionOf(secret, version)
      }),
  }
}
