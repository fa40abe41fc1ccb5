import type { Ground, Service } from '../service.ts'
import { usable, versionOf } from './checks.ts'
import { keeping } from './keeping.ts'
import { reads } from './reads.ts'
import { resolveValue, type SecretResolver } from './resolve.ts'
import { rotation } from './rotation.ts'
import { vault } from './vault.ts'
import { writes } from './writes.ts'

export type { SecretResolver } from './resolve.ts'

/** Secrets Manager as a service, with the function by which ECS resolves a container's secrets. */
export interface SecretsService extends Service {
  readonly resolveSecret: SecretResolver
}

/** Secrets Manager with AWS's label semantics, per account and region. */
export function secretsService({ clock }: Pick<Ground, 'clock'>): SecretsService {
  const now = () => clock.now()
  const secrets = vault(now)
  return {
    name: 'secretsmanager',
    operations: {
      ...reads(secrets, now),
      ...writes(secrets, now),
      ...keeping(secrets, now),
      ...rotation(secrets, now),
    },
    resolveSecret: async (valueFrom, account, region) =>
      resolveValue(valueFrom, (secretId, version) => {
        const secret = usable(secrets.find({ account, region }, secretId))
        secrets.put({ account, region }, { ...secret, accessed: now() })
        return versionOf(secret, version)
      }),
  }
}
