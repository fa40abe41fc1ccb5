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

/** Every permission, by service. */
export const needs: readonly Need[] = [
  need('ecs:DescribeServices', 'looked', point, plan, ...everyEcs, health, config, revert),
  need('ecs:ListTasks', 'looked', point, plan, ...everyEcs, health, revert),
  need('ecs:DescribeTasks', 'looked', point, plan, ...everyEcs, health, revert),
  need(
    'ecs:DescribeTaskDefinition',
    'looked',
    ...([point, plan, ...ecs('rollback'), config, revert] as const),
  ),
  need(
    'ecs:DescribeServiceRevisions',
    'looked',
    ...([point, plan, ...ecs('rollback', 'redeploy', 'start')] as const),
  ),
  need(
    'ecs:DescribeServiceDeployments',
    ['service deployment'],
    ...ecs('rollback', 'redeploy', 'start'),
  ),
  need('ecs:UpdateService', ['service'], ...everyEcs),
  // Only `to: tag:…` looks for one.
  need('ecs:ListTaskDefinitions', 'never', ...ecs('rollback')),
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
  need('secretsmanager:DescribeSecret', 'looked', point, plan, config),
  need('secretsmanager:ListSecretVersionIds', ['secret'], config, plan),
  need('secretsmanager:UpdateSecretVersionStage', ['secret'], config, point),

  need('ssm:DescribeParameters', 'looked', point, plan, config),
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
