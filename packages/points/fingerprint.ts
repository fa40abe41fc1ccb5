import { createHash } from 'node:crypto'
import type { Components } from '#store'

/**
 * The fingerprint of what runs: task definitions, images by container name and digest, the ledger and schema, the
 * database and its connection version. Counts, times and pending files are not part of it.
 */
export function fingerprint(components: Components): string {
  const { ecs, rds, migrations, config, site } = components
  const parts = {
    ecs: ecs && {
      cluster: ecs.cluster,
      services: ecs.services
        .map(({ name, taskDefinition, containers }) => [name, taskDefinition, imagesOf(containers)])
        .sort(byText),
    },
    rds: rds && [rds.resourceId, rds.database, rds.connection.secret, rds.connection.version],
    migrations: migrations && [
      migrations.table,
      [...migrations.applied].sort(),
      migrations.schemaFingerprint,
    ],
    config: config && [
      config.secrets.map(({ name, version }) => [name, version]).sort(byText),
      config.parameters
        .map(({ name, version, modifiedAt }) => [name, version, modifiedAt])
        .sort(byText),
    ],
    site: site && [site.bucket, site.prefix, site.manifest.sha256],
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

type Containers = NonNullable<Components['ecs']>['services'][number]['containers']

const imagesOf = (containers: Containers) =>
  containers.map(({ name, image, digest }) => `${name}=${digest ?? image}`).sort()

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
