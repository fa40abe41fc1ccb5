import { AwsError } from '../service.ts'
import type { Version } from './labels.ts'

/**
 * Resolves a container secret's `valueFrom`: a name, an ARN, or an ARN followed by
 * `:json-key:version-stage:version-id` (each may be empty).
 * Throws AwsError (ResourceNotFoundException and so on) or an Error about the JSON key; never with a value in it.
 * Source: the ECS guide, "Pass Secrets Manager secrets through Amazon ECS environment variables".
 */
export type SecretResolver = (valueFrom: string, account: string, region: string) => Promise<string>

/** A `valueFrom` in its parts. */
export interface Reference {
  readonly secretId: string
  readonly jsonKey?: string
  readonly stage?: string
  readonly versionId?: string
}

/** Splits a `valueFrom`. An ARN has seven parts, the last of which is the name; the rest are selectors. */
export function parseReference(valueFrom: string): Reference {
  if (!valueFrom.startsWith('arn:')) return { secretId: valueFrom }
  const parts = valueFrom.split(':')
  const [jsonKey, stage, versionId] = parts.slice(7)
  return {
    secretId: parts.slice(0, 7).join(':'),
    ...(jsonKey && { jsonKey }),
    ...(stage && { stage }),
    ...(versionId && { versionId }),
  }
}

function jsonValue(text: string, key: string): string {
  const parsed: unknown = (() => {
    try {
      return JSON.parse(text)
    } catch {
      throw new Error('invalid character: the secret value is not a JSON object')
    }
  })()
  const value = (parsed as Record<string, unknown> | null)?.[key]
  if (value === undefined) throw new Error(`retrieved secret does not contain json key ${key}`)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The text that the container gets. */
export function resolveValue(
  valueFrom: string,
  find: (secretId: string, version: { VersionId?: string; VersionStage?: string }) => Version,
): string {
  const { secretId, jsonKey, stage, versionId } = parseReference(valueFrom)
  const version = find(secretId, {
    ...(stage !== undefined && { VersionStage: stage }),
    ...(versionId !== undefined && { VersionId: versionId }),
  })
  if (version.text === undefined) {
    throw new AwsError('InvalidRequestException', 'The secret has a binary value')
  }
  return jsonKey === undefined ? version.text : jsonValue(version.text, jsonKey)
}
