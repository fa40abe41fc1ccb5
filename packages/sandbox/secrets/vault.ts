import { randomInt } from 'node:crypto'
import { AwsError, type Caller } from '../service.ts'
import { attach, kept, type Labels, sameValue, type Version } from './labels.ts'

/** A tag as AWS writes it. */
export interface Tag {
  readonly Key?: string
  readonly Value?: string
}

/** One secret. Times are milliseconds since the epoch. */
export interface Secret {
  readonly name: string
  readonly arn: string
  readonly created: number
  readonly changed: number
  readonly accessed?: number
  readonly description?: string
  readonly kmsKeyId?: string
  readonly tags: readonly Tag[]
  readonly versions: readonly Version[]
  readonly labels: Labels
  /** Whether it rotates, and when it did last. */
  readonly rotation?: { readonly enabled: boolean; readonly last?: number }
  /** When it will be gone, once deletion is scheduled. */
  readonly deletion?: { readonly asked: number; readonly due: number }
}

/** The secrets of all accounts and regions. */
export interface Vault {
  list(caller: Place): readonly Secret[]
  /** By name, ARN or ARN without the six random characters. Throws ResourceNotFoundException. */
  find(caller: Place, secretId: string): Secret
  get(caller: Place, name: string): Secret | undefined
  put(caller: Place, secret: Secret): void
  remove(caller: Place, name: string): void
}

/** Where secrets live. */
export type Place = Pick<Caller, 'account' | 'region'>

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A new ARN: AWS adds a hyphen and six random characters, so that a re-created secret is another one. */
export function newArn({ account, region }: Place, name: string): string {
  const suffix = Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`
}

/** The error for a secret that is not there. */
export function notFound(message = "Secrets Manager can't find the specified secret."): AwsError {
  return new AwsError('ResourceNotFoundException', message)
}

/** An empty vault. Secrets whose recovery window has ended are gone by the given time. */
export function vault(now: () => number): Vault {
  const places = new Map<string, Map<string, Secret>>()
  const of = ({ account, region }: Place) => {
    const key = `${account}/${region}`
    const found = places.get(key) ?? new Map<string, Secret>()
    places.set(key, found)
    for (const secret of found.values()) {
      if (secret.deletion && secret.deletion.due <= now()) found.delete(secret.name)
    }
    return found
  }
  return {
    list: (place) => [...of(place).values()],
    get: (place, name) => of(place).get(name),
    find(place, secretId) {
      const all = of(place)
      const byName = all.get(secretId)
      if (byName) return byName
      const byArn = [...all.values()].find(
        (secret) => secret.arn === secretId || secret.arn.slice(0, -7) === secretId,
      )
      if (!byArn) throw notFound()
      return byArn
    },
    put: (place, secret) => void of(place).set(secret.name, secret),
    remove: (place, name) => void of(place).delete(name),
  }
}

/** A value to store. */
export interface NewValue {
  readonly token: string
  readonly text?: string | undefined
  readonly binary?: Uint8Array | undefined
}

/**
 * Adds a version, or does nothing if this token already made one with the same value.
 * Throws ResourceExistsException if the token made one with another value.
 */
export function addVersion(
  secret: Secret,
  value: NewValue,
  at: { now: number; stages: readonly string[] },
): Secret {
  const existing = secret.versions.find((version) => version.id === value.token)
  const content = {
    ...(value.text !== undefined && { text: value.text }),
    ...(value.binary !== undefined && { binary: value.binary }),
  }
  if (existing) {
    if (sameValue(existing, content)) return secret
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${value.token} because that value is already in use for a version of secret ${secret.arn}.`,
    )
  }
  const stages = secret.versions.length === 0 ? ['AWSCURRENT', ...at.stages] : at.stages
  let labels = secret.labels
  for (const stage of stages) labels = attach(labels, stage, value.token)
  const versions = [...secret.versions, { id: value.token, created: at.now, ...content }]
  return { ...secret, labels, versions: kept(versions, labels, at.now), changed: at.now }
}
