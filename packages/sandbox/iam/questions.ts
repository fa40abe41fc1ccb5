import type { Question } from './policy.ts'

/** What a call is, as far as its permissions go. */
export interface Asked {
  readonly service: string
  readonly operation: string
  // biome-ignore lint/suspicious/noExplicitAny: the input was checked against the SDK's published schema.
  readonly input: any
  readonly account: string
  readonly region: string
}

/** What only the services know about the things that a call names. */
export interface Facts {
  /** The ARN of a secret; undefined when there is none of that name. */
  secretArn(id: string): Promise<string | undefined>
  /** The roles of a task definition's tasks. */
  taskRoles(taskDefinition: string): Promise<readonly string[]>
}

/** Services that sign by another name than their permissions have (Service Authorization Reference). */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' }

/** Calls for which no policy is asked. */
const FREE = new Set(['sts:GetCallerIdentity', 'sts:AssumeRoleWithWebIdentity'])

const TAG = 'rds:AddTagsToResource'
const MONITORING = 'monitoring.rds.amazonaws.com'

/** The questions of a call to a simulated service: every one must be allowed. */
export async function questionsOf(asked: Asked, facts: Facts): Promise<readonly Question[]> {
  const { service, operation } = asked
  const action = `${PREFIXES[service] ?? service}:${operation}`
  if (FREE.has(action)) return []
  const region = { 'aws:RequestedRegion': asked.region }
  const on = (resources: readonly string[], more: Question['context'] = {}) =>
    resources.map((resource) => ({ action, resource, context: { ...region, ...more } }))
  switch (service) {
    case 'ecs':
      return [
        ...on(ecsResources(asked), { 'ecs:cluster': clusterArn(asked) }),
        ...(await passedToTasks(asked, facts)),
        ...taggedWhenRegistered(asked),
      ]
    case 'rds':
      return [...on(rdsResources(asked)), ...besideRds(asked)]
    case 'secretsmanager':
      return on(await secretResources(asked, facts))
    default:
      return on(otherResources(asked))
  }
}

const arn = ({ service, region, account }: Asked, rest: string) =>
  `arn:aws:${service}:${region}:${account}:${rest}`

const isArn = (text: unknown): boolean => String(text).startsWith('arn:')

function clusterArn(asked: Asked): string {
  const { cluster = 'default' } = asked.input
  return isArn(cluster) ? cluster : arn(asked, `cluster/${cluster}`)
}

/** Services, tasks, revisions and deployments by their ARNs; ListTasks and what has no resource is `*`. */
function ecsResources(asked: Asked): readonly string[] {
  const { operation, input } = asked
  const name = clusterArn(asked).split('/').at(-1)
  const named = (kind: string, ids: readonly string[]) =>
    ids.map((id) => (isArn(id) ? id : arn(asked, `${kind}/${name}/${id}`)))
  switch (operation) {
    case 'DescribeServices':
      return named('service', input.services)
    case 'CreateService':
      return named('service', [input.serviceName])
    case 'UpdateService':
    case 'DeleteService':
    case 'ListServiceDeployments':
      return named('service', [input.service])
    case 'DescribeTasks':
    case 'GetTaskProtection':
    case 'UpdateTaskProtection':
      return named('task', input.tasks ?? [])
    case 'StopTask':
      return named('task', [input.task])
    case 'DescribeServiceRevisions':
      return input.serviceRevisionArns
    case 'DescribeServiceDeployments':
      return input.serviceDeploymentArns
    case 'StopServiceDeployment':
    case 'ContinueServiceDeployment':
      return [input.serviceDeploymentArn]
    case 'RunTask':
      return [taskDefinitionArn(asked)]
    default:
      return ['*']
  }
}

/** A family without a revision stands for any of them. */
function taskDefinitionArn(asked: Asked): string {
  const { taskDefinition } = asked.input
  if (isArn(taskDefinition)) return taskDefinition
  const revision = taskDefinition.includes(':') ? '' : ':*'
  return arn(asked, `task-definition/${taskDefinition}${revision}`)
}

const pass = (role: string, to: string): Question => ({
  action: 'iam:PassRole',
  resource: role,
  context: { 'iam:PassedToService': to },
})

/** Whoever runs a task or registers its definition hands over its roles. */
async function passedToTasks({ operation, input }: Asked, facts: Facts) {
  const overridden = (input.overrides ?? {}) as { taskRoleArn?: string; executionRoleArn?: string }
  const own = [input, overridden].flatMap((one) => [one.taskRoleArn, one.executionRoleArn])
  const known = operation === 'RunTask' ? await facts.taskRoles(input.taskDefinition) : []
  const passes = operation === 'RunTask' || operation === 'RegisterTaskDefinition'
  const roles = passes ? [...own, ...known].filter((role) => role !== undefined) : []
  return [...new Set(roles)].map((role) => pass(role, 'ecs-tasks.amazonaws.com'))
}

/** Tags at the registration of a task definition take a permission of their own, on every revision of its family. */
function taggedWhenRegistered(asked: Asked): readonly Question[] {
  const { operation, input, region } = asked
  if (operation !== 'RegisterTaskDefinition' || (input.tags ?? []).length === 0) return []
  return [
    {
      action: 'ecs:TagResource',
      resource: arn(asked, `task-definition/${input.family}:*`),
      context: { 'aws:RequestedRegion': region, 'ecs:CreateAction': operation },
    },
  ]
}

/** Each resource that the reference marks as required, and those that the call names. */
function rdsResources(asked: Asked): readonly string[] {
  const { operation, input } = asked
  const one = (kind: string, id: unknown, otherwise?: string) => {
    const name = id ?? otherwise
    if (name === undefined) return []
    return [isArn(name) ? String(name) : arn(asked, `${kind}:${name}`)]
  }
  const instance = (otherwise?: string) => one('db', input.DBInstanceIdentifier, otherwise)
  const groups = [
    ...one('pg', input.DBParameterGroupName),
    ...one('og', input.OptionGroupName),
    ...one('subgrp', input.DBSubnetGroupName),
  ]
  switch (operation) {
    case 'DescribeDBInstances':
      return instance('*')
    case 'DescribeDBSnapshots':
      return one('snapshot', input.DBSnapshotIdentifier, '*')
    case 'CreateDBSnapshot':
    case 'RestoreDBInstanceFromDBSnapshot':
      return [...instance(), ...one('snapshot', input.DBSnapshotIdentifier), ...groups]
    case 'CreateDBInstance':
    case 'ModifyDBInstance':
      return [...instance(), ...groups]
    case 'DeleteDBInstance':
    case 'AddRoleToDBInstance':
      return instance()
    case 'DeleteDBSnapshot':
      return one('snapshot', input.DBSnapshotIdentifier)
    default:
      return ['*']
  }
}

/** What RDS asks for beside the call: tags on what is made, and roles that are handed over. */
function besideRds(asked: Asked): readonly Question[] {
  const { operation, input } = asked
  const made = operation === 'CreateDBSnapshot' ? 'snapshot' : 'db'
  const id = made === 'db' ? input.DBInstanceIdentifier : input.DBSnapshotIdentifier
  const tags = /^(Create|Restore)/.test(operation) && (input.Tags ?? []).length > 0
  const context = { 'aws:RequestedRegion': asked.region }
  const roles = operation === 'AddRoleToDBInstance' ? [input.RoleArn] : []
  return [
    ...(tags ? [{ action: TAG, resource: arn(asked, `${made}:${id}`), context }] : []),
    ...(input.MonitoringRoleArn ? [pass(input.MonitoringRoleArn, MONITORING)] : []),
    ...roles.map((role) => pass(role, 'rds.amazonaws.com')),
  ]
}

async function secretResources(asked: Asked, facts: Facts): Promise<readonly string[]> {
  const { SecretId, Name } = asked.input
  const id = SecretId ?? Name
  if (id === undefined) return ['*']
  const found = await facts.secretArn(id)
  return [found ?? (isArn(id) ? id : arn(asked, `secret:${id}`))]
}

function otherResources(asked: Asked): readonly string[] {
  const { service, operation, input } = asked
  switch (service) {
    case 'ssm':
      return parameters(asked)
    case 'ecr':
      return input.repositoryName
        ? [ofRegistry(asked, `repository/${input.repositoryName}`)]
        : ['*']
    // The reads name no resource [AWS: Service Authorization Reference].
    case 'elasticloadbalancing':
      return operation.startsWith('Describe') ? ['*'] : [input.TargetGroupArn ?? '*']
    case 'application-autoscaling':
      return operation.startsWith('Describe') ? ['*'] : [arn(asked, 'scalable-target/*')]
    case 'codedeploy':
      return codeDeployResources(asked)
    case 'logs':
      return input.logGroupName
        ? [arn(asked, `log-group:${input.logGroupName}:log-stream:`)]
        : ['*']
    case 'cloudfront': {
      const id = input.DistributionId ?? input.Id
      return id ? [`arn:aws:cloudfront::${asked.account}:distribution/${id}`] : ['*']
    }
    case 'sts':
      return operation === 'AssumeRole' ? [input.RoleArn] : ['*']
    case 'iam':
      if (operation === 'SimulatePrincipalPolicy') return [input.PolicySourceArn]
      return input.RoleName ? [`arn:aws:iam::${asked.account}:role/${input.RoleName}`] : ['*']
    default:
      return ['*']
  }
}

/**
 * Groups, applications and configurations; what names only a deployment has no resource [AWS: Service Authorization Reference,
 * AWS CodeDeploy]. Deployments that are asked for by their ids are of groups that nobody names here: any of them.
 */
function codeDeployResources(asked: Asked): readonly string[] {
  const { operation, input } = asked
  const group = (name: string) =>
    arn(asked, `deploymentgroup:${input.applicationName ?? '*'}/${name}`)
  switch (operation) {
    case 'ListDeploymentGroups':
      return [arn(asked, `application:${input.applicationName}`)]
    case 'BatchGetDeploymentGroups':
      return (input.deploymentGroupNames ?? []).map(group)
    case 'ListDeployments':
    case 'CreateDeployment':
    case 'BatchGetDeployments':
    case 'GetDeployment':
      return [group(input.deploymentGroupName ?? '*')]
    default:
      return ['*']
  }
}

const ofRegistry = (asked: Asked, rest: string) =>
  arn({ ...asked, account: asked.input.registryId ?? asked.account }, rest)

function parameters(asked: Asked): readonly string[] {
  const { Name, Names } = asked.input
  const names: readonly string[] = Name === undefined ? (Names ?? []) : [Name]
  if (names.length === 0) return ['*']
  return names.map((name) =>
    isArn(name) ? name : arn(asked, `parameter/${name.replace(/^\//, '')}`),
  )
}
