/** What Secrets Manager and Parameter Store say now, mapped once to plain data. Times are milliseconds since the epoch. */

/** A secret, without its value: the value is never read. */
export interface LiveSecret {
  readonly name: string
  readonly arn: string
  /** The id of the version that is AWSCURRENT; undefined when there is no value yet. */
  readonly current: string | undefined
  /** Labels by version id; a version without a label is not listed. */
  readonly labels: Readonly<Record<string, readonly string[]>>
  readonly rotates: boolean
  readonly rotatedAt?: number
  /** The AWS service that manages it, such as `rds`. */
  readonly owner?: string
  readonly deleted: boolean
  readonly changedAt?: number
  /** AWS keeps the day only. */
  readonly accessedAt?: number
}

/** A parameter, without its value. */
export interface LiveParameter {
  readonly name: string
  readonly type: string
  readonly version: number
  readonly modifiedAt: number
}

/** One version of a parameter with everything that putting it back takes. Stays in memory: never printed or recorded. */
export interface ParameterVersion extends LiveParameter {
  readonly value: string
  readonly keyId?: string
  readonly tier?: string
  readonly allowedPattern?: string
  readonly dataType?: string
  readonly description?: string
  /** The policies' JSON texts. */
  readonly policies: readonly string[]
  readonly labels: readonly string[]
}

/** The version that carries a label. */
export function versionWith(secret: LiveSecret, label: string): string | undefined {
  return Object.keys(secret.labels).find((version) => secret.labels[version]?.includes(label))
}

/** The first eight characters of a version id, as people compare them. */
export const short = (version: string | undefined) => version?.slice(0, 8) ?? 'none'
