import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { call, isDenied, parseArn, shortName } from '#aws'
import { observeSecret } from '#config'
import { CallError, type Run } from '#core'
import type { EnvironmentConfig } from '#inputs'
import { type FoundDatabase, findDatabase } from '#rds'
import type { Components, Store } from '#store'
import type { PreflightClients } from './client.ts'
import type { Finding } from './finding.ts'
import type { Mode } from './needs.ts'
import { type Answer, principalOf, simulate } from './simulate.ts'
import { type Facts, type Question, questionsOf } from './things.ts'

/** What the permissions are looked at with. */
export interface Subject {
  readonly config: EnvironmentConfig
  /** The role that the configuration or the input names. */
  readonly role: string | undefined
  readonly components: Components
}

const check = 'permissions'

/** Asks IAM whether the role of this job may do what a rollback of this configuration would need; nothing of it is done. */
export async function permissionFindings(
  run: Run,
  store: Store,
  clients: PreflightClients,
  subject: Subject,
): Promise<readonly Finding[]> {
  const { Arn: caller = '' } = await call(
    clients.sts,
    new GetCallerIdentityCommand({}),
    'these credentials',
  )
  const principal = principalOf(caller, subject.role)
  if (principal === undefined)
    return [
      {
        check,
        found: `permissions of changes are not proven: ${caller} is neither a role nor a user`,
        is: 'doubt',
        next: 'run preflight with the role of the rollback (role in the configuration file)',
      },
    ]
  const questions = questionsOf(await factsOf(run, store, clients, { subject, principal }))
  if (questions.length === 0) return []
  try {
    return judged(
      shortName(principal),
      questions,
      await simulate(clients.iam, principal, questions),
    )
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    const denied = isDenied(thrown)
    return [
      {
        check,
        found: `permissions of changes are not proven: ${denied ? `${shortName(principal)} may not ask IAM about itself` : thrown.message}`,
        is: 'doubt',
        next: denied
          ? `grant iam:SimulatePrincipalPolicy on ${principal} to the role itself (docs/permissions.md), or leave it so`
          : thrown.next,
      },
    ]
  }
}

/** A read that fails here was told by the look at what runs already. */
async function orNone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (thrown) {
    if (thrown instanceof CallError) return undefined
    throw thrown
  }
}

async function factsOf(
  run: Run,
  store: Store,
  clients: PreflightClients,
  { subject, principal }: { readonly subject: Subject; readonly principal: string },
): Promise<Facts> {
  const { config, components } = subject
  const [database, secrets, migrationTask] = await Promise.all([
    restorable(run, clients, config),
    Promise.all(
      (config.secrets ?? []).map((name) => orNone(() => observeSecret(clients.config, name))),
    ),
    migrationTaskOf(clients, config, components),
  ])
  const { account, region } = store
  return {
    partition: parseArn(principal)?.partition ?? 'aws',
    ...{ account, region, config, database, migrationTask },
    now: run.clock.now(),
    connection: database?.secret.arn,
    secrets: secrets.flatMap((secret) => (secret?.arn ? [secret.arn] : [])),
    parameters: (components.config?.parameters ?? []).map(({ name }) => name),
  }
}

/** The database, where a rollback may come to restore it: without a ledger, or where the data never goes back, it does not. */
async function restorable(
  run: Run,
  { rds }: PreflightClients,
  { database, migrations }: EnvironmentConfig,
): Promise<FoundDatabase | undefined> {
  if (!database || !migrations || database['data-restore'] === 'never') return undefined
  return orNone(() => findDatabase(run, rds, database.connection))
}

async function migrationTaskOf(
  { ecs }: PreflightClients,
  { migrations }: EnvironmentConfig,
  components: Components,
): Promise<Facts['migrationTask']> {
  const service = migrations?.revert === 'task' ? migrations.task?.service : undefined
  const found = components.ecs?.services.find(({ name }) => name === service)
  if (found === undefined) return undefined
  const definition = found.taskDefinition
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: definition })
  const answer = await orNone(() => call(ecs.ecs, command, definition))
  const { taskRoleArn, executionRoleArn } = answer?.taskDefinition ?? {}
  const roles = [taskRoleArn, executionRoleArn].filter((role) => role !== undefined)
  return { definition, roles: [...new Set(roles)] }
}

type Asked = Question & { readonly modes: readonly Mode[] }

/** One row for all that is allowed, one for each action that is not. Pure. */
export function judged(
  role: string,
  questions: readonly Asked[],
  answerTo: (question: Question) => Answer,
): readonly Finding[] {
  const answers = questions.map((question) => ({ question, answer: answerTo(question) }))
  const denied = answers.filter(({ answer }) => answer.is === 'denied')
  const unknown = answers.filter(({ answer }) => answer.is === 'unknown')
  const problems = byAction(denied.map(({ question }) => question)).map(
    ({ action, resources, modes }): Finding => {
      const deny = denied.some(
        ({ question, answer }) =>
          question.action === action && answer.is === 'denied' && answer.how === 'by a deny',
      )
      const who = modes.length > 0 ? ` (${modes.join(', ')})` : ''
      return {
        check,
        found: `${role} may not ${action} on ${named(resources)}${who}${deny ? ': a deny forbids it' : ''}`,
        is: 'problem',
        next: `${deny ? `take ${action} out of what forbids it to` : `grant ${action} on ${resources[0]} to`} the role ${role} (docs/permissions.md)`,
      }
    },
  )
  const keys = [
    ...new Set(unknown.flatMap(({ answer }) => (answer.is === 'unknown' ? answer.keys : []))),
  ]
  const actions = [...new Set(unknown.map(({ question }) => question.action))]
  const doubts: readonly Finding[] =
    unknown.length === 0
      ? []
      : [
          {
            check,
            found: `not proven: ${actions.join(', ')}: ${keys.length > 0 ? `a condition of a policy looks at ${keys.join(', ')}` : 'IAM gave no answer'}`,
            is: 'doubt',
            next: `look at the policies of ${role} for ${actions.join(', ')}`,
          },
        ]
  const allowed = answers.length - denied.length - unknown.length
  return [
    ...problems,
    ...doubts,
    ...(allowed > 0
      ? [
          {
            check,
            found: `${allowed} of ${answers.length} permissions of changes are granted to ${role}`,
            is: 'fine' as const,
          },
        ]
      : []),
  ]
}

function byAction(questions: readonly Asked[]) {
  const actions = [...new Set(questions.map(({ action }) => action))]
  return actions.map((action) => {
    const same = questions.filter((one) => one.action === action)
    return {
      action,
      resources: same.map(({ resource }) => resource),
      modes: [...new Set(same.flatMap(({ modes }) => modes))],
    }
  })
}

/** The end of an ARN, which a person knows it by; of many the first three. */
function named(resources: readonly string[]): string {
  const short = resources.map((resource) => parseArn(resource)?.resource ?? resource)
  const more = short.length - 3
  return more > 0 ? `${short.slice(0, 3).join(', ')} and ${more} more` : short.join(', ')
}
