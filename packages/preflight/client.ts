import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import type { AwsConfig } from '#aws'
import { type ConfigClients, connect as connectConfig } from '#config'
import { connect as connectEcs, type EcsClients } from '#ecs'
import { connect as connectRds, type RdsClients } from '#rds'

/** The clients of preflight: its own two, and those of the kinds that know the things a role is asked about. */
export interface PreflightClients {
  readonly iam: IAMClient
  readonly sts: STSClient
  readonly ecs: EcsClients
  readonly rds: RdsClients
  readonly config: ConfigClients
}

/** Makes the clients; nothing else in the product makes an IAMClient. */
export function connect(config: AwsConfig): PreflightClients {
  return {
    iam: new IAMClient({ ...config }),
    sts: new STSClient({ ...config }),
    ecs: connectEcs(config),
    rds: connectRds(config),
    config: connectConfig(config),
  }
}
