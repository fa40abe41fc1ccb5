import type { Operation } from '../service.ts'
import { date, usable, versionOf } from './checks.ts'
import { labelsOn } from './labels.ts'
import { type ListSecretsInput, listSecrets, page } from './list.ts'
import type { Secret, Vault } from './vault.ts'

const DAY = 86_400_000

/** AWS keeps the day of the last access only. */
function day(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / DAY) * DAY)
}

function stagesByVersion(secret: Secret): Record<string, string[]> {
  const labelled = secret.versions.filter((one) => labelsOn(secret.labels, one.id).length > 0)
  return Object.fromEntries(labelled.map((one) => [one.id, labelsOn(secret.labels, one.id)]))
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
    ...(secret.rotation && { RotationEnabled: secret.rotation.enabled }),
    ...(secret.rotation?.last !== undefined && { LastRotatedDate: date(secret.rotation.last) }),
    Tags: [...secret.tags],
    CreatedDate: date(secret.created),
  }
}

/** Reading operations. */
export function reads(secrets: Vault, now: () => number): Record<string, Operation> {
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
