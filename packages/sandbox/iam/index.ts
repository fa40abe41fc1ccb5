import * as z from 'zod'
import { commonError, type Guard, type GuardedCall } from '../gateway/index.ts'
import type { Admin, Caller, Operation, Service } from '../service.ts'
import { answer, type Policy, parsePolicy, type Question } from './policy.ts'
import { type Facts, questionsOf } from './questions.ts'
import { bucketOf, s3Questions } from './s3.ts'
import { iamService } from './simulate.ts'

/** A role with the identity policies that are attached to it. */
export interface PolicedRole {
  readonly arn: string
  readonly policies?: readonly unknown[]
}

/** The services that know what a call is about. */
export interface Knowing {
  readonly secrets: { readonly operations: Readonly<Record<string, Operation>> }
  readonly ecs: { readonly operations: Readonly<Record<string, Operation>> }
}

const nameOf = (role: string) => role.split('/').at(-1)
const accountOf = (arn: string) => arn.split(':')[4]

const policyCall = z.strictObject({
  role: z.string(),
  policies: z.array(z.unknown()).nullable(),
})

const rolesCall = z.strictObject({ gone: z.array(z.string()) })

type PoliciesOf = (arn: string) => readonly Policy[] | undefined

/** The roles whose policies are looked at, by account and name. */
function attached(roles: readonly PolicedRole[]) {
  const known = new Map<string, readonly Policy[]>()
  const keyOf = (account: string | undefined, name: string | undefined) => `${account}/${name}`
  const attach = (role: string, policies: readonly unknown[] | undefined) => {
    const key = keyOf(accountOf(role), nameOf(role))
    if (policies) known.set(key, policies.map(parsePolicy))
    else known.delete(key)
  }
  for (const { arn, policies } of roles) attach(arn, policies)
  const ofRole: PoliciesOf = (arn) => known.get(keyOf(accountOf(arn), nameOf(arn)))
  // Keys of accounts, and roles without policies, may do everything.
  const of: PoliciesOf = (arn) => {
    const [, role] = /^arn:aws:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn) ?? []
    return role === undefined ? undefined : known.get(keyOf(accountOf(arn), role))
  }
  return { attach, of, ofRole }
}

/**
 * Lets the sessions of roles with policies do what these allow, and tells what that is (SimulatePrincipalPolicy). Throws an Error
 * when a policy cannot be evaluated here. Without `roles` every role exists. Its admin call `policies`: PUT `{"role": "arn:…", "policies": [document]}` attaches others from then on, null none; `roles`: PUT `{"gone": ["arn:…"]}` names the roles that GetRole does not find.
 */
export function iam(
  roles: readonly PolicedRole[] | undefined,
  knowing: Knowing,
): {
  readonly guard: Guard
  readonly admin: { readonly policies: Admin; readonly roles: Admin }
  readonly service: Service
} {
  const { attach, of, ofRole } = attached(roles ?? [])
  const policies: Admin = async (body) => {
    const { role, policies: given } = policyCall.parse(body)
    attach(role, given ?? undefined)
    return { role, policies: given?.length ?? 0 }
  }
  let gone: readonly string[] = []
  const deletions: Admin = async (body) => {
    gone = rolesCall.parse(body).gone
    return { gone }
  }
  const isGone = (account: string, name: string) =>
    gone.some((arn) => accountOf(arn) === account && nameOf(arn) === name)
  const exists = (arn: string) =>
    arn.includes(':user/') || roles === undefined || roles.some((one) => one.arn === arn)
  const policiesOf: PoliciesOf = (arn) => (arn.includes(':user/') ? undefined : ofRole(arn))
  return {
    admin: { policies, roles: deletions },
    guard: guardBy(of, knowing),
    service: iamService({ policiesOf, exists, isGone }),
  }
}

function guardBy(policiesOf: PoliciesOf, knowing: Knowing): Guard {
  const check = (
    call: GuardedCall,
    policies: readonly Policy[],
    questions: readonly Question[],
  ) => {
    for (const question of questions) {
      const answered = answer(policies, question)
      if (answered !== 'allowed') throw refusal(call, question, answered)
    }
  }
  return {
    before: async (call) => {
      const policies = policiesOf(call.arn)
      if (policies) check(call, policies, await asked(call, knowing))
    },
    // S3 tells nobody that an object is not there who may not list the bucket.
    after: async (call, status) => {
      const policies = policiesOf(call.arn)
      const { service, operation } = call.route
      if (!policies || status !== 404 || service !== 's3') return
      if (!/^(Get|Head|Copy)Object$/.test(operation)) return
      const context = { 'aws:RequestedRegion': call.route.region }
      check(call, policies, [{ action: 's3:ListBucket', resource: bucketOf(call.url), context }])
    },
  }
}

function asked(call: GuardedCall, knowing: Knowing): Promise<readonly Question[]> {
  const { service, operation, region } = call.route
  if (service === 's3') {
    const { headers } = call.request
    const context = { 'aws:RequestedRegion': region }
    return Promise.resolve(s3Questions({ operation, url: call.url, headers }, context))
  }
  const { account } = call.caller
  const input = call.input ?? {}
  return questionsOf({ service, operation, input, account, region }, factsOf(call.caller, knowing))
}

/** Looks at the services as the account itself would; what is not there has no facts. */
function factsOf(caller: Caller, { secrets, ecs }: Knowing): Facts {
  const look = async (operation: Operation | undefined, input: object) => {
    try {
      return (await operation?.(input, caller)) as Record<string, unknown> | undefined
    } catch {
      return undefined
    }
  }
  return {
    secretArn: async (SecretId) => {
      const found = await look(secrets.operations.DescribeSecret, { SecretId })
      return found?.ARN as string | undefined
    },
    taskRoles: async (taskDefinition) => {
      const found = await look(ecs.operations.DescribeTaskDefinition, { taskDefinition })
      const roles = (found?.taskDefinition ?? {}) as Readonly<Record<string, string | undefined>>
      return [roles.taskRoleArn, roles.executionRoleArn].filter((role) => role !== undefined)
    },
  }
}

/** AWS's words (IAM User Guide, "Troubleshoot access denied error messages"). */
function refusal(call: GuardedCall, { action, resource }: Question, answered: 'denied' | 'silent') {
  const why =
    answered === 'denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`
  const message = `User: ${call.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`
  return commonError('denied', call.route.protocol, message)
}
