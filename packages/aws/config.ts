/** Short-lived credentials, as the SDK's clients take them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** What is said to who gives credentials. */
export interface Renewal {
  /** The SDK's own word: it is not to answer from memory. */
  readonly forceRefresh?: boolean
  /** The access key that AWS refused as ended, whatever the clock says. */
  readonly refused?: string
}

/** What every client of the suite is made from; each kind's `connect` spreads it into its clients. */
export interface AwsConfig {
  readonly region: string
  /** Asked again by the SDK shortly before it expires; the SDK's own chain when left out. */
  readonly credentials?: (wish?: Renewal) => Promise<Credentials>
  /**
   * Eight attempts with backoff outlive the throttling that parallel tools cause on ECS and RDS
   * (kayac/ecspresso#787: three were not enough).
   */
  readonly maxAttempts: number
  readonly retryMode: 'standard'
  /** Names us in CloudTrail. */
  readonly customUserAgent: string
}

/** The configuration of all clients of one run. */
export function awsConfig(
  region: string,
  credentials: AwsConfig['credentials'],
  action: string,
): AwsConfig {
  return {
    region,
    ...(credentials ? { credentials } : {}),
    maxAttempts: 8,
    retryMode: 'standard',
    customUserAgent: `rollback-actions/${action}`,
  }
}
