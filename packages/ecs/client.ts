import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling'
import { CodeDeployClient } from '@aws-sdk/client-codedeploy'
import { ECRClient } from '@aws-sdk/client-ecr'
import { ECSClient } from '@aws-sdk/client-ecs'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { IAMClient } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { AwsConfig } from '#aws'

/** The clients of this kind: ECS, and what a service's tasks stand on. */
export interface EcsClients {
  readonly ecs: ECSClient
  /**
   * Sends once: for the calls that the SDK must not repeat by itself, because each one that arrives starts another
   * deployment (UpdateService with forceNewDeployment).
   */
  readonly once: ECSClient
  /** Deploys services of controller CODE_DEPLOY. */
  readonly codeDeploy: CodeDeployClient
  /** Holds the scaling bounds of a service. */
  readonly scaling: ApplicationAutoScalingClient
  /** Target groups and the health of targets. */
  readonly balancing: ElasticLoadBalancingV2Client
  /** Whether images are there. */
  readonly images: ECRClient
  /** Whether secrets, parameters, environment files and roles are there: names only, values are never read. */
  readonly secrets: SecretsManagerClient
  readonly parameters: SSMClient
  readonly files: S3Client
  readonly roles: IAMClient
  /** The same for another region: an image, a secret or a parameter may lie there. */
  inRegion(region: string | undefined): EcsClients
}

/**
 * Whether what tasks stand on is there is asked for a minute at most: a runner in a closed network may have no way to ECR or
 * IAM, and a rollback does not wait a quarter of an hour for their silence.
 */
const aside = {
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    // Without it the SDK only warns.
    throwOnRequestTimeout: true,
  },
  followRegionRedirects: true,
}

/** Makes the clients; nothing else in the product makes an ECSClient. */
export function connect(config: AwsConfig): EcsClients {
  const regions = new Map<string, EcsClients>()
  const beside = { ...aside, ...config, maxAttempts: Math.min(config.maxAttempts, 4) }
  const clients: EcsClients = {
    ecs: new ECSClient({ ...config }),
    once: new ECSClient({ ...config, maxAttempts: 1 }),
    codeDeploy: new CodeDeployClient({ ...config }),
    scaling: new ApplicationAutoScalingClient({ ...config }),
    balancing: new ElasticLoadBalancingV2Client(beside),
    images: new ECRClient(beside),
    secrets: new SecretsManagerClient(beside),
    parameters: new SSMClient(beside),
    files: new S3Client(beside),
    roles: new IAMClient(beside),
    inRegion: (region) => {
      if (region === undefined || region === config.region) return clients
      const known = regions.get(region) ?? connect({ ...config, region })
      regions.set(region, known)
      return known
    },
  }
  return clients
}
