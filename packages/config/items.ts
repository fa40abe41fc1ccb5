import type { Digest } from '#aws'
import type { Written } from '#core'
import { type ConfigState, type Records, recordsOf, type Store } from '#store'
import type { ConfigClients } from './client.ts'
import { covers, hasVersion, observeParameters, observeSecret, readHistory } from './observe.ts'
import { inParallel } from './parallel.ts'
import {
  judgeParameter,
  type ParameterPlan,
  planParameter,
  planSecret,
  type RecordedSecret,
  type SecretPlan,
} from './plan.ts'
import { cutoverVersions } from './recorded.ts'
import type { RollbackSettings } from './settings.ts'
import { type LiveSecret, short } from './state.ts'

/** What planning looks at. */
export interface Sources {
  readonly clients: ConfigClients
  readonly store: Store | undefined
  /** The environment's records, where somebody has listed them already. */
  readonly records?: Records
}

/** One secret or parameter with what has to be done to it. */
export type Item =
  | {
      readonly kind: 'secret'
      readonly name: string
      readonly to: string
      readonly plan: SecretPlan
    }
  | { readonly kind: 'parameter'; readonly name: string; readonly plan: ParameterPlan }

export const isChange = ({ plan }: Item) => plan.is === 'move' || plan.is === 'put'

/** What the things are planned from. */
export interface Planning {
  readonly settings: Pick<RollbackSettings, 'choice' | 'connection'>
  readonly state: ConfigState
  readonly entries: readonly Written[]
}

/** Looks at every chosen secret and parameter and plans what has to be done to it; read-only. */
export async function planAll(ports: Sources, given: Planning): Promise<readonly Item[]> {
  return [...(await planSecrets(ports, given)), ...(await planParameters(ports, given))]
}

async function planSecrets(
  { clients, store, records }: Sources,
  { settings, state, entries }: Planning,
): Promise<readonly Item[]> {
  const chosen = settings.choice.secrets ?? []
  const looked = await inParallel(chosen, async (name) => {
    const live = await observeSecret(clients, name)
    return { name, live, recorded: state.secrets.find((one) => one.name === name) }
  })
  const cutovers = looked.some(({ live }) => live && isConnection(live, settings.connection))
    ? await ofRecords(records ?? (store && recordsOf(store)))
    : new Set<string>()
  return inParallel(looked, async ({ name, live, recorded }): Promise<Item> => {
    const item = { kind: 'secret', name, to: recorded?.version ?? '' } as const
    if (!recorded) return { ...item, plan: absent('secret') }
    const there = await isThere(clients, live, recorded)
    return { ...item, plan: planSecret({ recorded, live, there, entries, cutovers }) }
  })
}

const ofRecords = async (records: Records | undefined) =>
  records ? cutoverVersions(records) : new Set<string>()

const isConnection = (live: LiveSecret, connection: string | undefined) =>
  connection !== undefined && (live.name === connection || live.arn.startsWith(connection))

/** Only a version that would be moved to needs to be there. */
async function isThere(
  clients: ConfigClients,
  live: LiveSecret | undefined,
  { version }: RecordedSecret,
): Promise<boolean> {
  return live !== undefined && (await hasVersion(clients, live, version))
}

const absent = (kind: Item['kind']) =>
  ({
    is: 'unchanged',
    why: `the destination does not have this ${kind} (made since): it is left as it is`,
  }) as const

async function planParameters(
  { clients }: Sources,
  { settings, state, entries }: Planning,
): Promise<readonly Item[]> {
  const chosen = settings.choice.parameters ?? []
  if (chosen.length === 0) return []
  const live = await observeParameters(clients, chosen)
  const recorded = state.parameters.filter(({ name }) => covers(chosen, name))
  const items = await inParallel(recorded, async (one): Promise<Item> => {
    const { name } = one
    const judged = judgeParameter(
      one,
      live.find((other) => other.name === name),
    )
    const plan = judged ?? planParameter(one, await readHistory(clients, name), entries)
    return { kind: 'parameter', name, plan }
  })
  const since = live.filter(({ name }) => !recorded.some((one) => one.name === name))
  return [
    ...items,
    ...since.map(({ name }): Item => ({ kind: 'parameter', name, plan: absent('parameter') })),
  ]
}

/** The change of one thing, `from → to`: version ids of a secret, numbers and digests of a parameter. */
export function changeOf({ name, plan }: Item, digest: Digest): string {
  switch (plan.is) {
    case 'move':
      return `${short(plan.from)} → ${short(plan.to)}`
    case 'put': {
      const shown = ({ version, value }: typeof plan.now) => `${version} (${digest(name, value)})`
      return `${shown(plan.now)} → ${shown(plan.then)}`
    }
    default:
      return ''
  }
}
