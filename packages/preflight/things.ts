import { shortName } from '#aws'
import type { EnvironmentConfig } from '#inputs'
import { type FoundDatabase, restoreInput, rollbackName, snapshotName } from '#rds'
import { type Need, needs, type Thing } from './needs.ts'

/** A question to IAM: may this role do that to this thing. */
export interface Question {
  readonly action: string
  /** An ARN, or `*`. */
  readonly resource: string
  readonly context: Readonly<Record<string, string>>
}

/** What is known about the things that the configuration names. */
export interface Facts {
  readonly partition: string
  readonly account: string
  readonly region: string
  readonly now: number
  readonly config: EnvironmentConfig
  /** Only when a rollback may restore it. */
  readonly database: FoundDatabase | undefined
  /** The ARN of the connection secret. */
  readonly connection: string | undefined
  /** The ARNs of the secrets that are put back. */
  readonly secrets: readonly string[]
  /** The names of the parameters that are put back. */
  readonly parameters: readonly string[]
  /** `family:revision` of the service in whose task migrations are taken back, with its roles. */
  readonly migrationTask:
    | { readonly definition: string; readonly roles: readonly string[] }
    | undefined
}

type Resources = Readonly<Record<Thing, readonly string[]>>

/**
 * The things by which a role's policy may be limited: those of the configuration, and for what a rollback makes anew the name that it
 * would give. Pure.
 */
export function resourcesOf(facts: Facts): Resources {
  const { config, partition, account, region, database, migrationTask } = facts
  const { services, site, checks } = config
  const arn = (service: string, rest: string) =>
    `arn:${partition}:${service}:${region}:${account}:${rest}`
  const cluster = shortName(services?.cluster ?? '')
  const ofServices = (kind: string, end = '') =>
    (services?.names ?? []).map((name) => arn('ecs', `${kind}/${cluster}/${shortName(name)}${end}`))
  const bucket = site && `arn:${partition}:s3:::${site.bucket}`
  const groups = checks.flatMap((check) => ('logs' in check ? [check.logs.group] : []))
  return {
    service: ofServices('service'),
    'service deployment': ofServices('service-deployment', '/0'),
    'migration task': migrationTask
      ? [arn('ecs', `task-definition/${migrationTask.definition}`)]
      : [],
    'task role': migrationTask?.roles ?? [],
    ...ofDatabase(facts, database, arn),
    'connection secret': database && facts.connection ? [facts.connection] : [],
    secret: facts.secrets,
    parameter: facts.parameters.map((name) => arn('ssm', `parameter/${name.replace(/^\//, '')}`)),
    'site bucket': bucket ? [bucket] : [],
    'site object': bucket ? [`${bucket}/${site?.prefix ?? ''}index.html`] : [],
    distribution: site?.distribution
      ? [`arn:${partition}:cloudfront::${account}:distribution/${site.distribution}`]
      : [],
    alarms: checks.some((check) => 'alarms' in check) ? ['*'] : [],
    'log group': groups.map((group) => arn('logs', `log-group:${group}:log-stream:`)),
  }
}

/** Where no database is named. */
const noDatabase = {
  ...{ database: [], 'restored database': [], 'restored database with roles': [] },
  ...{ 'database groups': [], snapshot: [], 'snapshot of the deployment': [] },
  ...{ 'monitoring role': [], 'database role': [] },
} satisfies Partial<Resources>

function ofDatabase(
  { now }: Facts,
  database: FoundDatabase | undefined,
  arn: (service: string, rest: string) => string,
): Pick<Resources, keyof typeof noDatabase> {
  if (database === undefined) return noDatabase
  const { instance } = database
  const id = rollbackName(instance.id, new Set(), now)
  const ofDeployment = snapshotName('pre-migration', now)
  const given = restoreInput(instance, { id, snapshot: ofDeployment, tags: {} })
  const group = (kind: string, name: string | undefined) =>
    name === undefined ? [] : [arn('rds', `${kind}:${name}`)]
  const restored = [arn('rds', `db:${id}`)]
  const { role } = (instance.attributes.Monitoring ?? {}) as { readonly role?: string }
  return {
    database: [instance.arn],
    'restored database': restored,
    'restored database with roles': instance.roles.length > 0 ? restored : [],
    'database groups': [
      ...group('pg', given.DBParameterGroupName),
      ...group('og', given.OptionGroupName),
      ...group('subgrp', given.DBSubnetGroupName),
    ],
    snapshot: [arn('rds', `snapshot:${snapshotName('pre-rollback', now)}`)],
    'snapshot of the deployment': [arn('rds', `snapshot:${ofDeployment}`)],
    'monitoring role': role ? [role] : [],
    'database role': instance.roles.map((one) => one.arn),
  }
}

const passedTo: Partial<Readonly<Record<Thing, string>>> = {
  'task role': 'ecs-tasks.amazonaws.com',
  'monitoring role': 'monitoring.rds.amazonaws.com',
  'database role': 'rds.amazonaws.com',
}

/**
 * What conditions of a policy may look at (Service Authorization Reference). Every question has every key: IAM names a key that was
 * not given whatever the statement is about, and a refusal that may hang on one proves nothing.
 */
function contextOf(thing: Thing, action: string, facts: Facts): Question['context'] {
  const { partition, account, region, config } = facts
  const cluster = shortName(config.services?.cluster ?? '')
  return {
    'aws:RequestedRegion': action.startsWith('cloudfront:') ? 'us-east-1' : region,
    'aws:SecureTransport': 'true',
    'ecs:cluster': `arn:${partition}:ecs:${region}:${account}:cluster/${cluster}`,
    'iam:PassedToService': passedTo[thing] ?? 'ecs-tasks.amazonaws.com',
  }
}

/** Every question that a rollback of this configuration depends on and that looking did not answer. Pure. */
export function questionsOf(facts: Facts): readonly (Question & Pick<Need, 'modes'>)[] {
  const resources = resourcesOf(facts)
  return needs.flatMap(({ action, on, modes }) =>
    (typeof on === 'string' ? [] : on).flatMap((thing) =>
      resources[thing].map((resource) => {
        return { action, resource, modes, context: contextOf(thing, action, facts) }
      }),
    ),
  )
}
