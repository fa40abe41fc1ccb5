import type { Digest } from '#aws'
import { CallError, type Json, messageOf, type Result, type Section } from '#core'
import type { EcsClients } from '../client.ts'
import { observeTaskDefinition } from '../observe.ts'
import { inParallel, onceEach } from '../parallel.ts'
import type { ServicePlan } from '../rollback/plan.ts'
import type { TaskDefinition } from '../state.ts'
import { type Difference, diffOf } from './difference.ts'

type Changing = Extract<ServicePlan, { is: 'update' | 'stop' | 'continue' | 'follow' }>
const changing = ['update', 'stop', 'continue', 'follow']

/** What one service's tasks are started with differently from now on. */
export interface EnvironmentChange {
  readonly service: string
  /** `family:revision`. */
  readonly from: string
  readonly to: string
  /** Undefined where it is not known. */
  readonly differences: readonly Difference[] | undefined
  /** Why it is not known, else empty. */
  readonly why: string
}

/** Compares what the services run now with where they go; what cannot be read is not known, and stops nothing. */
export function observeChanges(
  clients: EcsClients,
  plans: readonly ServicePlan[],
  digest: Digest,
): Promise<readonly EnvironmentChange[]> {
  const changes = plans.filter((plan): plan is Changing => changing.includes(plan.is))
  const nowOf = onceEach((name) => readable(clients, name))
  return inParallel(changes, async ({ service, target }) => {
    const { taskDefinition: from, name } = service
    const { definition } = target
    const change = { service: name, from, to: definition.name }
    const now = await nowOf(from)
    return 'why' in now
      ? { ...change, differences: undefined, why: now.why }
      : { ...change, differences: diffOf(now, definition, digest), why: '' }
  })
}

async function readable(
  clients: EcsClients,
  name: string,
): Promise<TaskDefinition | { readonly why: string }> {
  try {
    const found = await observeTaskDefinition(clients, name)
    return found ?? { why: `task definition ${name} is gone` }
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return { why: `${messageOf(thrown)}; ${thrown.next}` }
  }
}

/** Tells a result's reader, and the next step, what changes in the environment of the tasks. */
export function withEnvironment(result: Result, changes: readonly EnvironmentChange[]): Result {
  const environment = dataOf(changes)
  return {
    ...result,
    sections: [...(result.sections ?? []), ...(changes.length > 0 ? [sectionOf(changes)] : [])],
    outputs: { ...result.outputs, 'environment-diff': JSON.stringify(environment) },
    data: { ...(result.data as { readonly [key: string]: Json }), environment },
  }
}

/** By service; null where it is not known. */
function dataOf(changes: readonly EnvironmentChange[]): Json {
  return Object.fromEntries(
    changes.map(({ service, differences }) => [
      service,
      differences?.map((difference): Json => ({ ...difference })) ?? null,
    ]),
  )
}

/** More rows than this no person reads; the report file has all. */
const most = 200

function sectionOf(changes: readonly EnvironmentChange[]): Section {
  const rows = changes.flatMap(rowsOf)
  const more = rows.length > most ? [[`${rows.length - most} more`, '', '', '', '', '']] : []
  return {
    title: 'What changes in the environment of the tasks',
    columns: [
      'service',
      'container',
      'what',
      'name',
      'change',
      'from → to (a value that may be secret: its digest, which compares within this run only)',
    ],
    rows: [...rows.slice(0, most), ...more],
  }
}

function rowsOf(change: EnvironmentChange): readonly (readonly string[])[] {
  const { service, from, to, differences, why } = change
  const plain = (text: string) => [[service, '', `${from} → ${to}`, '', text, '']]
  if (!differences) return plain(`not known: ${why}`)
  if (differences.length === 0) return plain('nothing')
  return differences.map((one) => [
    service,
    one.container || '(task)',
    one.kind === 'other' ? 'everything else' : one.kind.replaceAll('-', ' '),
    one.name,
    one.change,
    valuesOf(one),
  ])
}

/** What may be shown is shown; where it looks the same, or may not be, the digests tell that it is not. */
function valuesOf({ change, from, to, was, is }: Difference): string {
  const shown = was ?? is
  if (shown === undefined || (was === is && change !== 'added' && change !== 'removed')) {
    const digests = [from, to].filter(Boolean).join(' → ')
    return [...(shown ? [shown] : []), `digest ${digests}`].join('; the rest: ')
  }
  return [was, is].filter((one) => one !== undefined).join(' → ')
}
