import { AwsError, type Caller, type Service } from '../service.ts'
import { answer, keysOf, type Policy, type Question } from './policy.ts'

/** Who may be simulated, and what is attached to them. */
export interface Principals {
  /** The policies of a role or user by its ARN; undefined for one without any, who may do everything here. */
  policiesOf(arn: string): readonly Policy[] | undefined
  /** Whether there is such a role: without a list of roles every one exists. */
  exists(arn: string): boolean
  /** Whether somebody deleted the role: those of tasks are in no list, and all exist until then. */
  isGone(account: string, name: string): boolean
}

interface Simulation {
  readonly PolicySourceArn: string
  readonly ActionNames: readonly string[]
  readonly ResourceArns?: readonly string[]
  readonly ContextEntries?: readonly {
    readonly ContextKeyName?: string
    readonly ContextKeyValues?: readonly string[]
    readonly ContextKeyType?: string
  }[]
  readonly MaxItems?: number
  readonly Marker?: string
  readonly [other: string]: unknown
}

/** What the operation takes on AWS and is refused here, rather than ignored: each would change the answer. */
const NOT_HERE = [
  'PolicyInputList',
  'PermissionsBoundaryPolicyInputList',
  'ResourcePolicy',
  'ResourceOwner',
  'CallerArn',
  'ResourceHandlingOption',
]

const DECISIONS = { allowed: 'allowed', denied: 'explicitDeny', silent: 'implicitDeny' } as const

/** One value for each key, because a question has one. Throws InvalidInput for a list. */
function contextOf(entries: Simulation['ContextEntries'] = []): Question['context'] {
  const pairs = entries.map(({ ContextKeyName = '', ContextKeyValues = [] }) => {
    const [value, ...more] = ContextKeyValues
    if (value === undefined || more.length > 0)
      throw new AwsError('InvalidInput', `The sandbox takes one value for ${ContextKeyName}`)
    return [ContextKeyName, value]
  })
  return Object.fromEntries(pairs)
}

function checked(input: Simulation, caller: Caller, principals: Principals): Simulation {
  const unknown = NOT_HERE.filter((name) => input[name] !== undefined)
  if (unknown.length > 0)
    throw new AwsError('InvalidInput', `The sandbox does not simulate ${unknown.join(', ')}`)
  const bad = input.ActionNames.find((name) => !/^[a-z0-9-]+:\w+$/i.test(name))
  if (bad !== undefined) throw new AwsError('InvalidInput', `Invalid Action Name: ${bad}`)
  const [, account, kind, name] =
    /^arn:aws:iam::(\d{12}):(role|user)\/(.+)$/.exec(input.PolicySourceArn) ?? []
  if (kind === undefined)
    throw new AwsError('InvalidInput', `Invalid Entity Arn: ${input.PolicySourceArn}`)
  const there = account === caller.account && principals.exists(input.PolicySourceArn)
  if (!there)
    throw new AwsError('NoSuchEntity', `The ${kind} with name ${name} cannot be found.`, 404)
  return input
}

/** How one action on one resource is answered. */
function evaluate(policies: readonly Policy[] | undefined, question: Question) {
  const { action, resource, context } = question
  const decision = policies ? DECISIONS[answer(policies, question)] : 'allowed'
  const given = Object.keys(context).map((key) => key.toLowerCase())
  const missing = keysOf(policies ?? []).filter((key) => !given.includes(key.toLowerCase()))
  const specific = {
    EvalResourceName: resource,
    EvalResourceDecision: decision,
    MatchedStatements: [],
    MissingContextValues: missing,
  }
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: decision,
    MatchedStatements: [],
    MissingContextValues: resource === '*' ? missing : [],
    ...(resource !== '*' && { ResourceSpecificResults: [specific] }),
  }
}

function page<T>(all: readonly T[], { MaxItems = 100, Marker = '0' }: Simulation) {
  const from = Number(Marker)
  if (!Number.isInteger(from)) throw new AwsError('InvalidInput', `Invalid Marker: ${Marker}`)
  const IsTruncated = from + MaxItems < all.length
  const shown = all.slice(from, from + MaxItems)
  return { shown, IsTruncated, ...(IsTruncated && { Marker: String(from + MaxItems) }) }
}

/** The part of IAM that is ours: what a role's policies allow, asked without doing it, and whether a role is there. */
export function iamService(principals: Principals): Service {
  const simulate = (given: Simulation, caller: Caller) => {
    const input = checked(given, caller, principals)
    const policies = principals.policiesOf(input.PolicySourceArn)
    const context = contextOf(input.ContextEntries)
    const results = input.ActionNames.flatMap((action) =>
      (input.ResourceArns ?? ['*']).map((resource) =>
        evaluate(policies, { action, resource, context }),
      ),
    )
    const { shown, ...rest } = page(results, input)
    return { EvaluationResults: shown, ...rest }
  }
  const getRole = ({ RoleName }: { readonly RoleName: string }, { account }: Caller) => {
    if (principals.isGone(account, RoleName))
      throw new AwsError('NoSuchEntity', `The role with name ${RoleName} cannot be found.`, 404)
    return { Role: roleOf(account, RoleName) }
  }
  const operations = { SimulatePrincipalPolicy: simulate, GetRole: getRole }
  return { name: 'iam', overlay: true, operations }
}

const roleOf = (account: string, name: string) => ({
  Path: '/',
  RoleName: name,
  RoleId: `AROA${name
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .padEnd(16, 'X')
    .slice(0, 16)}`,
  Arn: `arn:aws:iam::${account}:role/${name}`,
  CreateDate: new Date(Date.UTC(2026, 0, 1)),
})
