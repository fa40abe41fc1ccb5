import { randomUUID } from 'node:crypto'
import { AwsError } from '../service.ts'
import type { Version } from './labels.ts'
import { notFound, type Secret } from './vault.ts'

/** A value, and what it is for. */
export interface ValueInput {
  readonly SecretId: string
  readonly ClientRequestToken?: string
  readonly SecretString?: string
  readonly SecretBinary?: Uint8Array
  readonly VersionStages?: string[]
  readonly Description?: string
  readonly KmsKeyId?: string
}

/** Milliseconds since the epoch as the date that goes on the wire. */
export function date(milliseconds: number): Date {
  return new Date(milliseconds)
}

/** The client's token, or a new one. Throws InvalidParameterException. */
export function tokenOf(token: string | undefined): string {
  if (token === undefined) return randomUUID()
  if (token.length >= 32 && token.length <= 64) return token
  throw new AwsError(
    'InvalidParameterException',
    'ClientRequestToken must be 32-64 characters long.',
  )
}

/** True if there is a value. Throws InvalidParameterException if there are two. */
export function checkValue(input: Pick<ValueInput, 'SecretString' | 'SecretBinary'>): boolean {
  if (input.SecretString !== undefined && input.SecretBinary !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    )
  }
  return input.SecretString !== undefined || input.SecretBinary !== undefined
}

/** Throws ValidationException for a name that AWS does not take. */
export function checkName(name: string): void {
  if (/^[\w/+=.@-]{1,512}$/.test(name)) return
  throw new AwsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  )
}

/** Throws InvalidRequestException while a secret waits for its deletion. */
export function usable(secret: Secret): Secret {
  if (!secret.deletion) return secret
  throw new AwsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  )
}

/** The version asked for, the current one by default. Throws InvalidRequestException or ResourceNotFoundException. */
export function versionOf(
  secret: Secret,
  input: { VersionId?: string; VersionStage?: string },
): Version {
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
