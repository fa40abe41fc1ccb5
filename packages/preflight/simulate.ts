import {
  type EvaluationResult,
  type IAMClient,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam'
import { call, codeOf, parseArn, shortName } from '#aws'
import type { Question } from './things.ts'

/** What IAM answers to one question; `unknown` when a policy looks at what only the real call would have. */
export type Answer =
  | { readonly is: 'allowed' }
  | { readonly is: 'denied'; readonly how: 'by a deny' | 'by no statement' }
  | { readonly is: 'unknown'; readonly keys: readonly string[] }

/** Who a session is, as IAM simulates it: a role, or a user; undefined for anybody else. Pure. */
export function principalOf(caller: string, configured: string | undefined): string | undefined {
  const arn = parseArn(caller)
  if (arn === undefined) return undefined
  if (arn.service === 'iam' && arn.resource.startsWith('user/')) return caller
  const [kind, name] = arn.resource.split('/')
  if (arn.service !== 'sts' || kind !== 'assumed-role' || !name) return undefined
  // A session's ARN leaves out the path of its role.
  if (configured !== undefined && shortName(configured) === name) return configured
  return `arn:${arn.partition}:iam::${arn.account}:role/${name}`
}

/** Questions that go into one call: each of its actions on each of its resources, under one context. */
export interface Group {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly context: Question['context']
}

/** Answers of one call are paged anyway; this keeps a request small. */
const most = 25

/** Puts questions with the same actions and context together, so that no call asks what nobody needs. Pure. */
export function groupsOf(questions: readonly Question[]): readonly Group[] {
  const byResource = new Map<
    string,
    { resource: string; context: Group['context']; actions: Set<string> }
  >()
  for (const { action, resource, context } of questions) {
    const key = JSON.stringify([resource, context])
    const known = byResource.get(key) ?? { resource, context, actions: new Set() }
    byResource.set(key, { ...known, actions: known.actions.add(action) })
  }
  const groups = new Map<
    string,
    { actions: string[]; resources: string[]; context: Group['context'] }
  >()
  for (const { resource, context, actions } of byResource.values()) {
    const key = JSON.stringify([[...actions].sort(), context])
    const known = groups.get(key) ?? { actions: [...actions], resources: [], context }
    known.resources.push(resource)
    groups.set(key, known)
  }
  return [...groups.values()].flatMap(({ resources, ...rest }) =>
    Array.from({ length: Math.ceil(resources.length / most) }, (_, n) => ({
      ...rest,
      resources: resources.slice(n * most, (n + 1) * most),
    })),
  )
}

/**
 * Sends the simulations, one after the other: IAM limits their rate. What IAM's simulator does not know is unanswered, and takes
 * nothing else with it. Throws `CallError`, also when the role may not simulate.
 */
export async function simulate(
  iam: IAMClient,
  principal: string,
  questions: readonly Question[],
): Promise<(question: Question) => Answer> {
  const results = new Map<string, readonly EvaluationResult[]>()
  for (const group of groupsOf(questions)) {
    const key = JSON.stringify(group.context)
    const found = await ask(iam, principal, group).catch((thrown) => {
      if (/^InvalidInput/.test(codeOf(thrown))) return []
      throw thrown
    })
    results.set(key, [...(results.get(key) ?? []), ...found])
  }
  return (question) => answerOf(results.get(JSON.stringify(question.context)) ?? [], question)
}

async function ask(
  iam: IAMClient,
  principal: string,
  { actions, resources, context }: Group,
): Promise<readonly EvaluationResult[]> {
  const found: EvaluationResult[] = []
  let Marker: string | undefined
  do {
    const page = await call(
      iam,
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: principal,
        ActionNames: [...actions],
        ResourceArns: [...resources],
        ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => {
          const ContextKeyType = value === 'true' ? ('boolean' as const) : ('string' as const)
          return { ContextKeyName, ContextKeyValues: [value], ContextKeyType }
        }),
        MaxItems: 1000,
        ...(Marker !== undefined && { Marker }),
      }),
      shortName(principal),
    )
    found.push(...(page.EvaluationResults ?? []))
    Marker = page.IsTruncated ? page.Marker : undefined
  } while (Marker !== undefined)
  return found
}

/**
 * Reads one answer. AWS tells decisions about named resources in a list below the action (IAM API Reference, EvaluationResult); a
 * refusal that hangs on a condition key which we did not give says nothing. Pure.
 */
export function answerOf(
  results: readonly EvaluationResult[],
  { action, resource }: Question,
): Answer {
  const same = (one: string | undefined) => one?.toLowerCase() === action.toLowerCase()
  const told = results
    .filter((one) => same(one.EvalActionName))
    .flatMap((one) => [
      ...(one.ResourceSpecificResults ?? []).map((specific) => ({
        resource: specific.EvalResourceName,
        decision: specific.EvalResourceDecision,
        missing: specific.MissingContextValues ?? [],
      })),
      {
        resource: one.EvalResourceName,
        decision: one.EvalDecision,
        missing: one.MissingContextValues ?? [],
      },
    ])
    .filter((one) => one.resource === resource)
  const [first] = told
  if (first === undefined) return { is: 'unknown', keys: [] }
  if (told.every(({ decision }) => decision === 'allowed')) return { is: 'allowed' }
  const keys = [...new Set(told.flatMap(({ missing }) => missing))]
  if (keys.length > 0) return { is: 'unknown', keys }
  const isDeny = told.some(({ decision }) => decision === 'explicitDeny')
  return { is: 'denied', how: isDeny ? 'by a deny' : 'by no statement' }
}
