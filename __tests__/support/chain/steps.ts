import { RDSClient } from '@aws-sdk/client-rds'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Definition, Job } from '#action'
import type { AwsConfig } from '#aws'
import {
  captureConfig,
  changeConfig,
  configJournal,
  settings as configSettings,
  connect as connectConfig,
} from '#config'
import {
  captureServices,
  changeServices,
  connect as connectEcs,
  settings as ecsSettings,
  observeReferences,
  taskDefinitionOf,
} from '#ecs'
import {
  baseline,
  configuredChecks,
  connect as connectHealth,
  health,
  settings as healthSettings,
} from '#health'
import type { EnvironmentConfig, Spec } from '#inputs'
import {
  appliedReader,
  captureLedger,
  migrationRevert,
  revertJournal,
  revertSettings,
} from '#migrations'
import { keepSecrets, type Ports, settings as pointSettings, restorePoint } from '#points'
import {
  captureDatabase,
  clientsOf,
  guard,
  guardJournal,
  guardSettings,
  readConnection,
} from '#rds'
import {
  buttonCommand,
  comparisonsOf,
  planSettings,
  reportSettings,
  rollbackPlan,
  rollbackReport,
} from '#rollback'
import {
  captureSite,
  changeSite,
  connect as connectSite,
  siteJournal,
  settings as siteSettings,
} from '#site'
import { placeOf } from '#sql'
import type { Store } from '#store'
import { connect as connectTasks, runTask } from '#tasks'
import { inputs as configInputs } from '../../../actions/config-rollback/inputs.ts'
import { inputs as ecsInputs } from '../../../actions/ecs-rollback/inputs.ts'
import { inputs as revertInputs } from '../../../actions/migration-revert/inputs.ts'
import { inputs as guardInputs } from '../../../actions/rds-snapshot-guard/inputs.ts'
import { inputs as pointInputs } from '../../../actions/restore-point/inputs.ts'
import { inputs as planInputs } from '../../../actions/rollback-plan/inputs.ts'
import { inputs as reportInputs } from '../../../actions/rollback-report/inputs.ts'
import { inputs as scriptInputs } from '../../../actions/run-script/inputs.ts'
import { inputs as siteInputs } from '../../../actions/s3-frontend-restore/inputs.ts'
import { inputs as healthInputs } from '../../../actions/verify-health/inputs.ts'
import type { Company } from './company.ts'
import type { Machine } from './machine.ts'

/** An action with its types forgotten, so that actions fit into one table. */
// biome-ignore lint/suspicious/noExplicitAny: each definition is checked by `defined` before its types are forgotten.
export type AnyDefinition = Definition<any, any>

const defined = <S extends Spec, Settings>(definition: Definition<S, Settings>): AnyDefinition =>
  definition

/**
 * The actions on a machine as their main.ts wire them, with three ports of the company's instead of the world's: what visitors
 * see, the database's wire, and the company's own scripts.
 */
export function actionsOf(
  company: Company,
  machine: Machine,
): Readonly<Record<string, AnyDefinition>> {
  const rds = (aws: AwsConfig) =>
    clientsOf(new RDSClient({ ...aws }), new SecretsManagerClient({ ...aws }), company.database)
  const eyes = (aws: AwsConfig) => ({ ...connectHealth(aws), fetchOnce: company.fetchOnce })
  const ports = (
    aws: AwsConfig,
    config: EnvironmentConfig | undefined,
    store: Store | undefined,
  ): Ports => {
    const { services, database, migrations, secrets, parameters, site } = config ?? {}
    const opener = rds(aws)
    const checks = config && config.checks.length > 0 ? configuredChecks(config) : undefined
    const ledger = database && migrations && { ...database, ...migrations }
    const chosen = secrets || parameters
    return {
      captures: {
        ecs: services && captureServices(connectEcs(aws), services, store ? 'point' : 'now'),
        rds: database && captureDatabase(opener, database),
        migrations: ledger && captureLedger(opener, ledger, store),
        config: chosen && captureConfig(connectConfig(aws), { secrets, parameters }),
        site: site && store && captureSite(connectSite(aws), site, store),
      },
      baseline: checks && ((run) => baseline(run, eyes(aws), checks)),
      keep: keepSecrets(connectConfig(aws)),
      github: undefined,
      button: buttonCommand,
    }
  }
  const all = [
    defined({
      name: 'config-rollback',
      inputs: configInputs,
      journal: configJournal,
      settings: configSettings,
      run: ({ run, aws, settings, store }) => {
        const [clients, ecs] = [connectConfig(aws), connectEcs(aws)]
        const readers = (services: Parameters<typeof observeReferences>[1]) =>
          observeReferences(ecs, services)
        return changeConfig(run, { clients, store, readers }, settings)
      },
    }),
    defined({
      name: 's3-frontend-restore',
      inputs: siteInputs,
      journal: siteJournal,
      settings: siteSettings,
      run: ({ run, aws, settings, store }) =>
        changeSite(run, { clients: connectSite(aws), store }, settings),
    }),
    defined({
      name: 'migration-revert',
      inputs: revertInputs,
      journal: revertJournal,
      settings: revertSettings,
      run: ({ run, aws, store, settings, variables }) => {
        const opener = rds(aws)
        return migrationRevert(
          run,
          {
            ...{ opener, store, variables },
            login: (_, id) => readConnection(run, opener.secrets, id),
            revision: (of) => taskDefinitionOf(connectEcs(aws), of),
            runTask: (now, order) => runTask(now, connectTasks(aws), order),
            apply: (connection, change) =>
              machine.change(placeOf(connection), change.versions.join(), () =>
                company.apply(connection, change),
              ),
          },
          settings,
        )
      },
    }),
    defined({
      name: 'ecs-rollback',
      inputs: ecsInputs,
      journal: 'record',
      settings: ecsSettings,
      run: ({ run, aws, settings, store }) => changeServices(run, connectEcs(aws), settings, store),
    }),
    defined({
      name: 'rds-snapshot-guard',
      inputs: guardInputs,
      journal: guardJournal,
      settings: guardSettings,
      run: ({ run, aws, store, settings, environment }) => {
        const applied = appliedReader(environment?.config.migrations)
        return guard(run, { clients: rds(aws), store, applied }, settings)
      },
    }),
    defined({
      name: 'restore-point',
      inputs: pointInputs,
      journal: 'named-record',
      settings: pointSettings,
      run: ({ run, aws, store, settings, environment }) =>
        restorePoint(run, store, ports(aws, environment?.config, store), settings),
    }),
    defined({
      name: 'rollback-plan',
      inputs: planInputs,
      journal: 'none',
      settings: planSettings,
      run: ({ run, aws, store, settings, environment }) =>
        rollbackPlan(
          run,
          store,
          {
            captures: ports(aws, environment?.config, undefined).captures,
            comparisons: comparisonsOf(aws, environment?.config, store),
          },
          settings,
        ),
    }),
    defined({
      name: 'rollback-report',
      inputs: reportInputs,
      journal: 'none',
      settings: reportSettings,
      run: ({ run, store, github, settings }) => rollbackReport(run, { store, github }, settings),
    }),
    defined({
      name: 'verify-health',
      inputs: healthInputs,
      journal: 'named-record',
      settings: healthSettings,
      run: (job) => health(job.run, eyes(job.aws), job),
      fallback: { verdict: 'error' },
    }),
    defined({
      name: 'run-script',
      inputs: scriptInputs,
      journal: ({ script }) => (script === undefined ? 'none' : 'deployment'),
      settings: () => ({}),
      run: (job) => runScript(company, job),
    }),
  ]
  return Object.fromEntries(all.map((one) => [one.name, one]))
}

async function runScript(company: Company, { given, run }: Job<typeof scriptInputs, object>) {
  const { script } = given
  if (script === undefined || run.dryRun)
    return { outcome: 'unchanged' as const, headline: 'nothing to run' }
  await (given.migrates ? company.migrate() : company.deploy())
  return { outcome: 'done' as const, headline: script }
}
