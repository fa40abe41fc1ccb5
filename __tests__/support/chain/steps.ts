import { RDSClient } from '@aws-sdk/client-rds'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Definition, Job } from '#action'
import type { AwsConfig } from '#aws'
import {
  captureServices,
  changeServices,
  connect as connectEcs,
  settings as ecsSettings,
} from '#ecs'
import {
  baseline,
  configuredChecks,
  connect as connectHealth,
  health,
  settings as healthSettings,
} from '#health'
import type { EnvironmentConfig, Spec } from '#inputs'
import { appliedReader, captureLedger } from '#migrations'
import { type Ports, settings as pointSettings, restorePoint } from '#points'
import { captureDatabase, clientsOf, guard, guardJournal, guardSettings } from '#rds'
import { planSettings, reportSettings, rollbackPlan, rollbackReport } from '#rollback'
import { inputs as ecsInputs } from '../../../actions/ecs-rollback/inputs.ts'
import { inputs as guardInputs } from '../../../actions/rds-snapshot-guard/inputs.ts'
import { inputs as pointInputs } from '../../../actions/restore-point/inputs.ts'
import { inputs as planInputs } from '../../../actions/rollback-plan/inputs.ts'
import { inputs as reportInputs } from '../../../actions/rollback-report/inputs.ts'
import { inputs as scriptInputs } from '../../../actions/run-script/inputs.ts'
import { inputs as healthInputs } from '../../../actions/verify-health/inputs.ts'
import type { Company } from './company.ts'

/** An action with its types forgotten, so that actions fit into one table. */
// biome-ignore lint/suspicious/noExplicitAny: each definition is checked by `defined` before its types are forgotten.
export type AnyDefinition = Definition<any, any>

const defined = <S extends Spec, Settings>(definition: Definition<S, Settings>): AnyDefinition =>
  definition

/**
 * The actions as their main.ts wire them, with three ports of the company's instead of the world's: the front door, the
 * database's wire, and the company's own scripts.
 */
export function actionsOf(company: Company): Readonly<Record<string, AnyDefinition>> {
  const rds = (aws: AwsConfig) =>
    clientsOf(new RDSClient({ ...aws }), new SecretsManagerClient({ ...aws }), company.database)
  const eyes = (aws: AwsConfig) => ({ ...connectHealth(aws), fetchOnce: company.fetchOnce })
  const ports = (aws: AwsConfig, config: EnvironmentConfig | undefined): Ports => {
    const { services, database, migrations } = config ?? {}
    const opener = rds(aws)
    const checks = config && config.checks.length > 0 ? configuredChecks(config) : undefined
    return {
      captures: {
        ecs: services && captureServices(connectEcs(aws), services),
        rds: database && captureDatabase(opener, database),
        migrations: database && migrations && captureLedger(opener, { ...database, ...migrations }),
      },
      baseline: checks && ((run) => baseline(run, eyes(aws), checks)),
      keep: undefined,
    }
  }
  const all = [
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
      journal: ({ record }) => (record === undefined ? 'none' : 'record'),
      settings: pointSettings,
      run: ({ run, aws, store, settings, environment }) =>
        restorePoint(run, store, ports(aws, environment?.config), settings),
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
          { captures: ports(aws, environment?.config).captures, comparisons: {} },
          settings,
        ),
    }),
    defined({
      name: 'rollback-report',
      inputs: reportInputs,
      journal: 'none',
      settings: reportSettings,
      run: ({ run, store, settings }) => rollbackReport(run, store, settings),
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
