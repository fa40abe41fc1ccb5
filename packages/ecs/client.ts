import { ECSClient } from '@aws-sdk/client-ecs'
import type { AwsConfig } from '#aws'

/** The clients of this kind. */
export interface EcsClients {
  readonly ecs: ECSClient
  /**
   * Sends once: for the calls that the SDK must not repeat by itself, because each one that arrives starts another
   * deployment (UpdateService with forceNewDeployment).
   */
  readonly once: ECSClient
}

/** Makes the clients; nothing else in the product makes an ECSClient. */
export function connect(config: AwsConfig): EcsClients {
  return { ecs: new ECSClient({ ...config }), once: new ECSClient({ ...config, maxAttempts: 1 }) }
}
