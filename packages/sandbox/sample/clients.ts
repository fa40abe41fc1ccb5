import { CloudFrontClient } from '@aws-sdk/client-cloudfront'
import { ECSClient } from '@aws-sdk/client-ecs'
import { RDSClient } from '@aws-sdk/client-rds'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import { realClock } from '../clock.ts'
import type { Place } from './names.ts'

/** Plain AWS clients of one account: what anybody would use who looks at the sandbox from outside. */
export interface Clients {
  readonly ecs: ECSClient
  readonly rds: RDSClient
  readonly s3: S3Client
  readonly secrets: SecretsManagerClient
  readonly ssm: SSMClient
  readonly cloudfront: CloudFrontClient
  close(): void
}

/** Clients for an endpoint; the account id is the access key. */
export function clientsOf(url: string, { account, region }: Place): Clients {
  const credentials = { accessKeyId: account, secretAccessKey: 'sandbox' }
  const config = { endpoint: url, region, credentials, maxAttempts: 3 }
  const clients = {
    ecs: new ECSClient(config),
    rds: new RDSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
    secrets: new SecretsManagerClient(config),
    ssm: new SSMClient(config),
    cloudfront: new CloudFrontClient(config),
  }
  return {
    ...clients,
    close: () => Object.values(clients).forEach((client) => void client.destroy()),
  }
}

const clock = realClock()

/** Looks again and again, every 50 real milliseconds, until there is something. Throws after `within` seconds, saying what was seen last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  within = 60,
): Promise<T> {
  const end = clock.now() + within * 1000
  let last: unknown
  while (clock.now() < end) {
    try {
      const seen = await look()
      if (seen !== undefined) return seen
    } catch (error) {
      last = error
    }
    await clock.sleep(50)
  }
  const why = last instanceof Error ? `: ${last.message}` : ''
  throw new Error(`${what} did not come about within ${within} s${why}`)
}
