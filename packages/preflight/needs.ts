/** What a rollback needs of its role; the one place beside docs/permissions.md, and a test holds the two together. */

/** The rows of that table which `rollback.yml` runs, and which need more than the store. */
export const rollbackModes = [
  'rollback-plan',
  'restore-point capture',
  'ecs-rollback stop',
  'ecs-rollback rollback',
  'ecs-rollback redeploy',
  'ecs-rollback start',
  'migration-revert revert',
  'config-rollback rollback',
  'rds-snapshot-guard restore',
  's3-frontend-restore restore',
  'verify-health verify',
] as const

export type Mode = (typeof rollbackModes)[number]

/** What an action is asked about. */
export type Thing =
  | 'service'
  | 'service deployment'
  | 'rolling deployment'
  /** Of a service of which ECS shifts the traffic: only ECS takes it back. */
  | 'shifting deployment'
  /** What a task definition is registered as: it has no name before. */
  | 'new task definition'
  /** A revision of a family that a service is on. */
  | 'tagged task definition'
  | 'role of a service'
  | 'task definitions'
  | 'code deployments'
  | 'deployment group'
  | 'deployment config'
  | 'application'
  | 'migration task'
  | 'task role'
  | 'database'
  | 'restored database'
  | 'restored database with roles'
  | 'database groups'
  | 'snapshot'
  | 'snapshot of the deployment'
  | 'monitoring role'
  | 'database role'
  | 'connection secret'
  | 'secret'
  | 'parameter'
  | 'site bucket'
  | 'site object'
  | 'distribution'
  | 'alarms'
  | 'log group'

/** One permission. */
export interface Need {
  readonly action: string
  /**
   * `looked`: preflight itself makes this call when it looks whether everything could be put back. `never`: a rollback of the
   * workflow does not make it.
   */
  readonly on: readonly Thing[] | 'looked' | 'never'
  /** The rows that list it; none for what AWS asks for beside a call. */
  readonly modes: readonly Mode[]
  /** How a rollback goes on without it: its lack is told, and refuses no deployment. */
  readonly without?: string
}

const ecs = (...modes: readonly ('stop' | 'rollback' | 'redeploy' | 'start')[]) =>
  modes.map((mode): Mode => `ecs-rollback ${mode}`)
const everyEcs = ecs('stop', 'rollback', 'redeploy', 'start')
const point = 'restore-point capture'
const plan = 'rollback-plan'
const health = 'verify-health verify'
const revert = 'migration-revert revert'
const config = 'config-rollback rollback'
const restore = 'rds-snapshot-guard restore'
const site = 's3-frontend-restore restore'

const need = (action: string, on: Need['on'], ...modes: readonly Mode[]): Need => ({
  action,
  on,
  modes,
})

/** One whose lack costs a rollback time or sight, or only some rollbacks. */
const optional = (without: string, ...given: Parameters<typeof need>): Need => ({
  ...need(...given),
  without,
})

const replaced = 'a deployment that is under way is replaced, not taken back by ECS'
const noCopy =
  'it cannot go back to a task definition that was deregistered meanwhile, or whose image tag has moved'
const rollback = ecs('rollback')
const byCodeDeploy = ecs('rollback', 'redeploy')
/** What watches a deployment, and tells why it failed. */
const watching = ecs('rollback', 'redeploy', 'start')

/** Every permission, by service. */
export const needs: readonly Need[] = [
  need('ecs:DescribeServices', 'looked', point, plan, ...everyEcs, health, config, revert),
  need('ecs:ListTasks', 'looked', point, plan, ...everyEcs, health, revert),
  need('ecs:DescribeTasks', 'looked', point, plan, ...everyEcs, health, revert),
  need(
    'ecs:DescribeTaskDefinition',
    'looked',
    ...([point, plan, ...watching, config, revert] as const),
  ),
  need('ecs:DescribeServiceRevisions', 'looked', ...([point, plan, ...watching] as const)),
  optional(replaced, 'ecs:DescribeServiceDeployments', ['service deployment'], ...watching),
  optional(replaced, 'ecs:ListServiceDeployments', ['service'], ...rollback),
  optional(replaced, 'ecs:StopServiceDeployment', ['rolling deployment'], ...rollback),
  optional(replaced, 'ecs:ContinueServiceDeployment', ['rolling deployment'], ...rollback),
  // Where ECS shifts traffic a deployment that is under way is never replaced: without these it stays.
  need('ecs:StopServiceDeployment', ['shifting deployment'], ...rollback),
  need('ecs:ContinueServiceDeployment', ['shifting deployment'], ...rollback),
  need('ecs:UpdateService', ['service'], ...everyEcs),
  optional(noCopy, 'ecs:ListTaskDefinitions', ['task definitions'], ...rollback),
  optional(noCopy, 'ecs:RegisterTaskDefinition', ['new task definition'], ...rollback),
  optional(noCopy, 'ecs:TagResource', ['tagged task definition'], ...rollback),
  optional(noCopy, 'iam:PassRole', ['role of a service'], ...rollback),
  need('codedeploy:ListApplications', 'looked', ...byCodeDeploy),
  need('codedeploy:ListDeploymentGroups', 'looked', ...byCodeDeploy),
  need('codedeploy:BatchGetDeploymentGroups', 'looked', ...byCodeDeploy),
  need('codedeploy:ListDeployments', 'looked', ...byCodeDeploy),
  need('codedeploy:BatchGetDeployments', 'looked', ...byCodeDeploy),
  need('codedeploy:GetDeploymentTarget', ['code deployments'], ...byCodeDeploy),
  need('codedeploy:StopDeployment', ['code deployments'], ...byCodeDeploy),
  need('codedeploy:CreateDeployment', ['deployment group'], ...byCodeDeploy),
  need('codedeploy:GetDeploymentConfig', ['deployment config']),
  need('codedeploy:RegisterApplicationRevision', ['application']),
  // Only `services: tag:…`, which a rollback of the workflow does not have.
  need('ecs:ListServices', 'never', ...everyEcs),
  // What tasks stand on. Denied, it is a doubt of the look itself.
  need('ecr:DescribeImages', 'looked', point, ...watching),
  need('ecr:DescribePullThroughCacheRules', 'looked', point, ...rollback),
  need('elasticloadbalancing:DescribeTargetGroups', 'looked', point, ...watching),
  need('iam:GetRole', 'looked', point, ...rollback),
  // It only explains a failure.
  need('elasticloadbalancing:DescribeTargetHealth', 'never', ...watching),
  // Without the first a stop warns and goes on; the second is only for services that have a scalable target.
  need('application-autoscaling:DescribeScalableTargets', 'never', ...ecs('stop', 'start')),
  need('application-autoscaling:RegisterScalableTarget', 'never', ...ecs('stop', 'start')),
  need('ecs:RunTask', ['migration task'], revert),
  need('iam:PassRole', ['task role'], revert),

  need('rds:DescribeDBInstances', 'looked', point, restore),
  need('rds:DescribeAccountAttributes', 'looked', point),
  need('rds:DescribeDBSnapshots', ['snapshot', 'snapshot of the deployment'], restore),
  need('rds:CreateDBSnapshot', ['database', 'snapshot'], restore),
  need(
    'rds:RestoreDBInstanceFromDBSnapshot',
    ['restored database', 'snapshot of the deployment', 'database groups'],
    restore,
  ),
  need('rds:ModifyDBInstance', ['restored database', 'database groups'], restore),
  need('rds:AddRoleToDBInstance', ['restored database with roles'], restore),
  need('rds:AddTagsToResource', ['snapshot', 'restored database']),
  need('iam:PassRole', ['monitoring role', 'database role']),

  need('secretsmanager:GetSecretValue', 'looked', point, plan, restore, revert, health),
  need('secretsmanager:PutSecretValue', ['connection secret'], restore),
  need('secretsmanager:UpdateSecretVersionStage', ['connection secret'], restore),
  need('secretsmanager:DescribeSecret', 'looked', point, plan, config, ...rollback),
  need('secretsmanager:ListSecretVersionIds', 'looked', point, ...rollback),
  need('secretsmanager:ListSecretVersionIds', ['secret'], config, plan),
  need('secretsmanager:UpdateSecretVersionStage', ['secret'], config, point),

  need('ssm:DescribeParameters', 'looked', point, plan, config, ...rollback),
  need('ssm:GetParameterHistory', ['parameter'], config, plan),
  need('ssm:PutParameter', ['parameter'], config),

  need('s3:ListBucketVersions', 'looked', point, plan, site),
  need('s3:GetLifecycleConfiguration', 'looked', point, site),
  need('s3:GetBucketOwnershipControls', ['site bucket'], plan, site),
  need('s3:GetObject', ['site object']),
  need('s3:GetObjectVersion', ['site object'], plan, site),
  need('s3:PutObject', ['site object']),
  need('s3:DeleteObject', ['site object'], site),
  need('cloudfront:ListInvalidations', 'looked', point),
  need('cloudfront:CreateInvalidation', ['distribution'], site),
  need('cloudfront:GetInvalidation', ['distribution'], site),

  need('cloudwatch:DescribeAlarms', ['alarms'], health),
  need('logs:FilterLogEvents', ['log group'], health),
]
