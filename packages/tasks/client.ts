import { ECSClient } from '@aws-sdk/client-ecs'
import type { AwsConfig } from '#aws'

/** The clients that running a task takes. */
export interface TaskClients {
  readonly ecs: ECSClient
}

/** Makes the client; nothing else of this package makes one. */
export function connect(config: AwsConfig): TaskClients {
  return { ecs: new ECSClient({ ...config }) }
}
