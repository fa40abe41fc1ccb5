import { randomBytes } from 'node:crypto'
import { AwsError, type Operation } from '../service.ts'
import { tokenOf, usable } from './checks.ts'
import { attach } from './labels.ts'
import { addVersion, type Secret, type Vault } from './vault.ts'

/** A new value in the form of the old one: the `password` of a JSON object, or the whole text. */
function rotatedText(text: string | undefined): string {
  const password = randomBytes(24).toString('base64url')
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    if (typeof parsed === 'object' && parsed !== null && 'password' in parsed) {
      return JSON.stringify({ ...parsed, password })
    }
  } catch {
    // No JSON: the whole text is the password.
  }
  return password
}

/** A rotation that succeeds at once: AWSPENDING stays on the version that became current, as it may on AWS. */
function rotated(secret: Secret, token: string, now: number): Secret {
  const current = secret.versions.find(({ id }) => id === secret.labels.AWSCURRENT)
  const value = { token, text: rotatedText(current?.text) }
  const pending = addVersion(secret, value, { now, stages: ['AWSPENDING'] })
  const labels = attach(pending.labels, 'AWSCURRENT', token)
  return { ...pending, labels, rotation: { enabled: true, last: now } }
}

/** Operations of rotation, without a function: the new value is random. */
export function rotation(secrets: Vault, now: () => number): Record<string, Operation> {
  return {
    RotateSecret: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      const { AWSPENDING: pending, AWSCURRENT: current } = secret.labels
      if (pending !== undefined && pending !== current) {
        throw new AwsError(
          'InvalidRequestException',
          "A previous rotation isn't complete. That rotation will be reattempted.",
        )
      }
      const token = tokenOf(input.ClientRequestToken)
      const changed =
        input.RotateImmediately === false
          ? { ...secret, rotation: { ...secret.rotation, enabled: true } }
          : rotated(secret, token, now())
      secrets.put(caller, changed)
      return { ARN: secret.arn, Name: secret.name, VersionId: token }
    },
    CancelRotateSecret: (input, caller) => {
      const secret = usable(secrets.find(caller, input.SecretId))
      secrets.put(caller, { ...secret, rotation: { ...secret.rotation, enabled: false } })
      return { ARN: secret.arn, Name: secret.name }
    },
  }
}
