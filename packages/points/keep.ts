import { type ConfigClients, keepLabel, keepVersions } from '#config'
import type { Run } from '#core'
import type { Point } from '#store'

/** Keeps what a point names and AWS might purge; answers what could not be kept, one sentence each. */
export type Keep = (run: Run, point: Point) => Promise<readonly string[]>

/** Labels the secret versions of a point, so that they are there for as long as it is the newest of its kind. */
export function keepSecrets(clients: ConfigClients): Keep {
  return async (run, { environment, point, components }) => {
    const secrets = components.config?.secrets ?? []
    if (secrets.length === 0) return []
    const kept = await keepVersions(run, clients, { secrets, label: keepLabel(environment, point) })
    return kept
      .filter(({ is }) => is === 'not-kept')
      .map(({ secret, why }) => `secret ${secret}: its version may be purged: ${why}`)
  }
}
