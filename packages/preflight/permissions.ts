import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { call, isDenied, parseArn, shortName } from '#aws'
import { observeSecret } from '#config'
import { CallError, type Run } from '#core'
import type { EnvironmentConfig } from '#inputs'
import { type FoundDatabase, findDatabase } from '#rds'
import type { Components, Store } from '#store'
import type { PreflightClients } from './client.ts'
import type { Finding } from './finding.ts'
import { type Live, orNone, rolesOf } from './live.ts'
import type { Need } from './needs.ts'
import { type Answer, principalOf, simulate } from './simulate.ts'
import { type Facts, type Question, questionsOf } from './things.ts'

/** What the permissions are looked at with. */
export interface Subject {
  readonly config: EnvironmentConfig
  /** The role that the configuration or the input names. */
  readonly role: string | undefined
  readonly components: Components
  readonly live: Live
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

async function factsOf(
  run: Run,
  store: Store,
  clients: PreflightClients,
  { subject, principal }: { readonly subject: Subject; readonly principal: string },
): Promise<Facts> {
  const { config, components, live } = subject
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
    ...{ account, region, config, live, database, migrationTask },
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
  clients: PreflightClients,
  { migrations }: EnvironmentConfig,
  components: Components,
): Promise<Facts['migrationTask']> {
  const service = migrations?.revert === 'task' ? migrations.task?.service : undefined
  const found = components.ecs?.services.find(({ name }) => name === service)
  if (found === undefined) return undefined
  const definition = found.taskDefinition
  return { definition, roles: await rolesOf(clients, definition) }
}

type Asked = Question & Pick<Need, 'modes' | 'without'>

/** One row for all that is allowed, one for each action that is not: a problem, or a warning where a rollback goes on without it. Pure. */
export function judged(
  role: string,
  questions: readonly Asked[],
  answerTo: (question: Question) => Answer,
): readonly Finding[] {
  const answers = questions.map((question) => ({ question, answer: answerTo(question) }))
  const denied = answers.filter(({ answer }) => answer.is === 'denied')
  const unknown = answers.filter(({ answer }) => answer.is === 'unknown')
  const refused = byAction(denied.map(({ question }) => question)).map(
    ({ action, resources, modes, without }): Finding => {
      const deny = denied.some(
        ({ question, answer }) =>
          question.action === action && answer.is === 'denied' && answer.how === 'by a deny',
      )
      const who = modes.length > 0 ? ` (${modes.join(', ')})` : ''
      const lost = without === undefined ? '' : `; a rollback goes on without it: ${without}`
      return {
        check,
        found: `${role} may not ${action} on ${named(resources)}${who}${deny ? ': a deny forbids it' : ''}${lost}`,
        is: without === undefined ? 'problem' : 'warning',
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
    ...refused,
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

/** What lacks the same permission, apart by whether a rollback goes on without it. */
function byAction(questions: readonly Asked[]) {
  const keyOf = ({ action, without = '' }: Asked) => `${action} ${without}`
  const keys = [...new Set(questions.map(keyOf))]
  return keys.map((key) => {
    const same = questions.filter((one) => keyOf(one) === key)
    return {
      action: same[0]?.action ?? '',
      without: same[0]?.without,
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
