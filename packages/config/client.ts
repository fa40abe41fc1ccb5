import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { AwsConfig } from '#aws'

/** The clients of this kind. */
export interface ConfigClients {
  readonly secrets: SecretsManagerClient
  readonly ssm: SSMClient
  /** Sends once: each PutParameter that arrives makes a version, so its repeats are ours to decide. */
  readonly once: SSMClient
}

/** Makes the clients; nothing else in the product makes an SSMClient, nor one for secrets that are put back. */
export function connect(config: AwsConfig): ConfigClients {
  return {
    secrets: new SecretsManagerClient({ ...config }),
    ssm: new SSMClient({ ...config }),
    once: new SSMClient({ ...config, maxAttempts: 1 }),
  }
}
