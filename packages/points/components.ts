import type { AwsConfig } from '#aws'
import { captureConfig, connect as connectConfig } from '#config'
import type { Capture, Captured, Run } from '#core'
import { captureServices, connect as connectEcs } from '#ecs'
import { baseline, configuredChecks, connect as connectHealth } from '#health'
import type { EnvironmentConfig } from '#inputs'
import { captureLedger } from '#migrations'
import { captureDatabase, connect as connectRds } from '#rds'
import { captureSite, connect as connectSite } from '#site'
import type { Components, Store } from '#store'
import type { Baseline } from './verified.ts'

/** How each component of an environment is captured; the one list of component kinds. */
export type Captures = {
  readonly [Kind in keyof Components]: Capture<NonNullable<Components[Kind]>> | undefined
}

/** The captures that an environment's configuration asks for. */
export function capturesOf(
  aws: AwsConfig,
  config: EnvironmentConfig | undefined,
  store: Store | undefined,
): Captures {
  const { services, database, migrations, secrets, parameters, site } = config ?? {}
  const rds = connectRds(aws)
  const chosen = secrets || parameters
  return {
    // Without a store no point is taken: rollback-plan looks at what runs.
    ecs: services && captureServices(connectEcs(aws), services, store ? 'point' : 'now'),
    rds: database && captureDatabase(rds, database),
    migrations: database && migrations && captureLedger(rds, { ...database, ...migrations }, store),
    config: chosen && captureConfig(connectConfig(aws), { secrets, parameters }),
    site: site && store && captureSite(connectSite(aws), site, store),
  }
}

/** What was found of all components together. */
export interface CapturedAll {
  readonly components: Components
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly rows: readonly (readonly [string, string])[]
}

const noLedger =
  'the database is snapshotted, but no migrations are named: a rollback leaves schema and data as they are'

/** Captures all components at the same time. Throws what a capture throws. */
export async function captureAll(run: Run, captures: Captures): Promise<CapturedAll> {
  const [ecs, rds, migrations, config, site] = await Promise.all([
    captures.ecs?.(run),
    captures.rds?.(run),
    captures.migrations?.(run),
    captures.config?.(run),
    captures.site?.(run),
  ])
  const all: readonly Captured<unknown>[] = [ecs, rds, migrations, config, site].filter(
    (found) => found !== undefined,
  )
  return {
    components: {
      ...(ecs && { ecs: ecs.state }),
      ...(rds && { rds: rds.state }),
      ...(migrations && { migrations: migrations.state }),
      ...(config && { config: config.state }),
      ...(site && { site: site.state }),
    },
    problems: all.flatMap((found) => found.problems),
    warnings: [
      ...all.flatMap((found) => found.warnings),
      ...(rds && !migrations ? [noLedger] : []),
    ],
    rows: all.flatMap((found) => found.rows),
  }
}

/** The baseline of an environment's checks; undefined when none are configured. */
export function baselineOf(
  aws: AwsConfig,
  config: EnvironmentConfig | undefined,
): ((run: Run) => Promise<Baseline>) | undefined {
  if (config === undefined || config.checks.length === 0) return undefined
  const plan = configuredChecks(config)
  return (run) => baseline(run, connectHealth(aws), plan)
}
