import { CloudFrontClient } from '@aws-sdk/client-cloudfront'
import { S3Client } from '@aws-sdk/client-s3'
import type { AwsConfig } from '#aws'

/** The clients of this kind. */
export interface SiteClients {
  readonly s3: S3Client
  readonly cloudfront: CloudFrontClient
}

/** Makes the clients; nothing else makes a client for the site's bucket or its distribution. */
export function connect(config: AwsConfig): SiteClients {
  return {
    s3: new S3Client({ ...config, followRegionRedirects: true }),
    cloudfront: new CloudFrontClient({ ...config }),
  }
}
