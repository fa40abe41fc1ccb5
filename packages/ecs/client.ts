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
}

/** Makes the clients; nothing else in the product makes an ECSClient. */
export function connect(config: AwsConfig): EcsClients {
  return {
    ecs: new ECSClient({ ...config }),
    once: new ECSClient({ ...config, maxAttempts: 1 }),
    codeDeploy: new CodeDeployClient({ ...config }),
    scaling: new ApplicationAutoScalingClient({ ...config }),
    balancing: new ElasticLoadBalancingV2Client({ ...config }),
    images: new ECRClient({ ...config }),
    secrets: new SecretsManagerClient({ ...config }),
    parameters: new SSMClient({ ...config }),
    files: new S3Client({ ...config }),
    roles: new IAMClient({ ...config }),
  }
}
