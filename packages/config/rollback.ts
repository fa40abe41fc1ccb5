import { type Digest, digester } from '#aws'
import type { Entry, Result, Run, Written } from '#core'
import { type ConfigState, readRecord, type Store } from '#store'
import type { ConfigClients } from './client.ts'
import { refuseCompromised } from './compromised.ts'
import { moveBack } from './move.ts'
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
import { putBack } from './put.ts'
import { type ReaderLook, readersOf } from './readers.ts'
import { changedIn, cutoverVersions } from './recorded.ts'
import type { RollbackSettings } from './settings.ts'
import { type LiveSecret, short } from './state.ts'
import { type Ended, planned, type Row, resultOf } from './table.ts'
import { findTarget } from './target.ts'

/** What config-rollback works with. */
export interface ConfigPorts {
  readonly clients: ConfigClients
  readonly store: Store | undefined
  readonly readers: ReaderLook
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

/**
 * Puts secrets and parameters back to the versions of the destination. Everything is looked at before the first is changed;
 * what may not be changed is refused by itself and does not keep the others wrong.
 */
export async function rollback(
  run: Run,
  ports: ConfigPorts,
  settings: RollbackSettings,
): Promise<Result> {
  if (settings.reason === 'compromised') return refuseCompromised(ports, settings)
  const target = await findTarget(run, settings, ports.store)
  if (target.is === 'none') {
    return {
      outcome: 'refused',
      headline: `${target.why}; nothing was changed`,
      next: target.next,
    }
  }
  run.report.info(`destination: ${target.why}`)
  const entries = await entriesOf(run, ports.store, settings.record)
  const items = await planAll(ports, { settings, state: target.state, entries })
  const readers = await whoReads(ports, settings, [
    ...changedIn(entries),
    ...items.filter(isChange).map(({ name }) => name),
  ])
  const digest = digester()
  const told = { readers, why: target.why }
  if (run.dryRun)
    return planned(
      items.map((item) => plannedRow(item, digest)),
      told,
    )
  return resultOf(await carryOut(run, ports.clients, { items, digest }), told)
}

/** What this record did so far. A dry run holds no lease and reads it from the store. */
async function entriesOf(
  run: Run,
  store: Store | undefined,
  record: string | undefined,
): Promise<readonly Written[]> {
  if (!run.dryRun || !store || record === undefined) return run.journal.entries()
  return ((await readRecord(store, record))?.journal ?? []) as readonly Written[]
}

interface Planning {
  readonly settings: RollbackSettings
  readonly state: ConfigState
  readonly entries: readonly Written[]
}

async function planAll(ports: ConfigPorts, given: Planning): Promise<readonly Item[]> {
  return [...(await planSecrets(ports, given)), ...(await planParameters(ports, given))]
}

async function planSecrets(
  { clients, store }: ConfigPorts,
  { settings, state, entries }: Planning,
): Promise<readonly Item[]> {
  const chosen = settings.choice.secrets ?? []
  const looked = await inParallel(chosen, async (name) => {
    const live = await observeSecret(clients, name)
    return { name, live, recorded: state.secrets.find((one) => one.name === name) }
  })
  const cutovers = looked.some(({ live }) => live && isConnection(live, settings.connection))
    ? await ofStore(store)
    : new Set<string>()
  return inParallel(looked, async ({ name, live, recorded }): Promise<Item> => {
    const item = { kind: 'secret', name, to: recorded?.version ?? '' } as const
    if (!recorded) return { ...item, plan: absent('secret') }
    const there = await isThere(clients, live, recorded)
    return { ...item, plan: planSecret({ recorded, live, there, entries, cutovers }) }
  })
}

const ofStore = async (store: Store | undefined) =>
  store ? cutoverVersions(store) : new Set<string>()

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
  { clients }: ConfigPorts,
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

/** Who reads what was or will be changed; nobody is asked when nothing changed. */
async function whoReads(
  { readers }: ConfigPorts,
  { services }: RollbackSettings,
  changed: readonly string[],
): Promise<readonly string[]> {
  if (services === undefined || changed.length === 0) return []
  return readersOf(await readers(services), changed)
}

const isChange = ({ plan }: Item) => plan.is === 'move' || plan.is === 'put'

async function carryOut(
  run: Run,
  clients: ConfigClients,
  { items, digest }: { readonly items: readonly Item[]; readonly digest: Digest },
): Promise<readonly Row[]> {
  await run.journal.intend(items.flatMap(entryOf))
  const rows: Row[] = []
  for (const item of items) {
    if (isChange(item)) await run.journal.beat()
    rows.push(rowOf(item, await change(run, clients, item), digest))
  }
  return rows
}

/** What a resume needs: where each thing was, so that somebody else's later change is told from the bad one. */
function entryOf(item: Item): readonly Entry[] {
  if (item.kind === 'secret' && item.plan.is === 'move') {
    const detail = { from: item.plan.from ?? '', to: item.plan.to }
    return [{ component: 'config', operation: 'set-current', on: item.name, detail }]
  }
  if (item.kind === 'parameter' && item.plan.is === 'put') {
    const detail = { from: item.plan.now.version, to: item.plan.then.version }
    return [{ component: 'config', operation: 'put-parameter', on: item.name, detail }]
  }
  return []
}

function change(run: Run, clients: ConfigClients, item: Item): Ended | Promise<Ended> {
  const { name, plan } = item
  switch (plan.is) {
    case 'move':
      return moveBack(run, clients, { name, plan })
    case 'put':
      return putBack(run, clients, { name, plan })
    case 'unchanged':
    case 'superseded':
      return { outcome: plan.is, why: plan.why }
    case 'refused':
      return { outcome: plan.is, why: plan.why, next: plan.next }
  }
}

const plannedRow = (item: Item, digest: Digest): Row => {
  const { plan } = item
  if (plan.is !== 'move' && plan.is !== 'put') {
    const next = plan.is === 'refused' ? { next: plan.next } : {}
    return rowOf(item, { outcome: plan.is, why: plan.why, ...next }, digest)
  }
  const why =
    plan.is === 'move'
      ? `AWSCURRENT goes back to its recorded version${plan.pending ? ', AWSPENDING is taken from the version that is left' : ''}`
      : `its recorded value is written as version ${plan.now.version + 1}`
  return rowOf(item, { outcome: 'planned', why }, digest)
}

function rowOf(item: Item, ended: Ended, digest: Digest): Row {
  const { kind, name } = item
  return { name, kind, change: changeOf(item, digest), ...ended }
}

function changeOf({ name, plan }: Item, digest: Digest): string {
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
