import { parseArn, shortName } from '#aws'
import { isCodeDeployed, type LiveService, shiftsTraffic } from '#ecs'
import type { EnvironmentConfig } from '#inputs'
import { type FoundDatabase, restoreInput, rollbackName, snapshotName } from '#rds'
import type { Live } from './live.ts'
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
  readonly live: Live
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
  const { services: named, site, checks } = config
  const arn = (service: string, rest: string) =>
    `arn:${partition}:${service}:${region}:${account}:${rest}`
  const cluster = shortName(named?.cluster ?? '')
  const names = (named?.names ?? []).map(shortName)
  const ofServices = (kind: string, end = '', of: readonly string[] = names) =>
    of.map((name) => arn('ecs', `${kind}/${cluster}/${name}${end}`))
  const bucket = site && `arn:${partition}:s3:::${site.bucket}`
  const groups = checks.flatMap((check) => ('logs' in check ? [check.logs.group] : []))
  return {
    service: ofServices('service'),
    'service deployment': ofServices('service-deployment', '/0'),
    ...ofLive(facts, arn, (of) => ofServices('service-deployment', '/0', of)),
    'migration task': migrationTask
      ? [arn('ecs', `task-definition/${migrationTask.definition}`)]
      : [],
    'task role': arnsOf(migrationTask?.roles ?? [], facts),
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

/** A task definition may name a role without its ARN. */
const arnsOf = (roles: readonly string[], { partition, account }: Facts): readonly string[] => [
  ...new Set(
    roles.map((role) => (parseArn(role) ? role : `arn:${partition}:iam::${account}:role/${role}`)),
  ),
]

type OfLive =
  | keyof typeof noCodeDeploy
  | 'rolling deployment'
  | 'shifting deployment'
  | 'new task definition'
  | 'tagged task definition'
  | 'role of a service'
  | 'task definitions'

/** What ECS deploys, and what it may have to be deployed as. A service that CodeDeploy deploys has no deployments of ECS. */
function ofLive(
  facts: Facts,
  arn: (service: string, rest: string) => string,
  deployments: (of: readonly string[]) => readonly string[],
): Pick<Resources, OfLive> {
  const { services, roles } = facts.live
  const own = services.filter((service) => !isCodeDeployed(service))
  const named = (some: readonly LiveService[]) => some.map(({ name }) => name)
  const families = services.map(({ taskDefinition }) => taskDefinition.replace(/:\d+$/, ''))
  const any = services.length > 0 ? ['*'] : []
  return {
    'rolling deployment': deployments(named(own.filter((one) => !shiftsTraffic(one)))),
    'shifting deployment': deployments(named(own.filter(shiftsTraffic))),
    'new task definition': any,
    'tagged task definition': [...new Set(families)].map((family) =>
      arn('ecs', `task-definition/${family}:0`),
    ),
    'role of a service': arnsOf(roles, facts),
    'task definitions': any,
    ...ofCodeDeploy(facts, arn),
  }
}

const noCodeDeploy = {
  ...{ 'code deployments': [], 'deployment group': [], 'deployment config': [], application: [] },
} satisfies Partial<Resources>

/** What deployments of CodeDeploy are made of: all traffic at once, as ecs-rollback sends them. */
function ofCodeDeploy(
  { live }: Facts,
  arn: (service: string, rest: string) => string,
): Pick<Resources, keyof typeof noCodeDeploy> {
  const groups = [...live.deployedBy.values()].flatMap((one) => ('group' in one ? one.group : []))
  if (groups.length === 0) return noCodeDeploy
  const of = (kind: string, names: readonly string[]) =>
    [...new Set(names)].map((name) => arn('codedeploy', `${kind}:${name}`))
  return {
    // These name no resource [AWS: Service Authorization Reference, AWS CodeDeploy].
    'code deployments': ['*'],
    'deployment group': of(
      'deploymentgroup',
      groups.map(({ application, name }) => `${application}/${name}`),
    ),
    'deployment config': of('deploymentconfig', ['CodeDeployDefault.ECSAllAtOnce']),
    application: of(
      'application',
      groups.map(({ application }) => application),
    ),
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
  'role of a service': 'ecs-tasks.amazonaws.com',
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
    // What tags a task definition when it is registered.
    'ecs:CreateAction': 'RegisterTaskDefinition',
    'ecs:cluster': `arn:${partition}:ecs:${region}:${account}:cluster/${cluster}`,
    'iam:PassedToService': passedTo[thing] ?? 'ecs-tasks.amazonaws.com',
  }
}

/** Every question that a rollback of this configuration depends on and that looking did not answer. Pure. */
export function questionsOf(facts: Facts): readonly (Question & Pick<Need, 'modes' | 'without'>)[] {
  const resources = resourcesOf(facts)
  return needs.flatMap(({ action, on, ...rest }) =>
    (typeof on === 'string' ? [] : on).flatMap((thing) =>
      resources[thing].map((resource) => {
        return { action, resource, ...rest, context: contextOf(thing, action, facts) }
      }),
    ),
  )
}
