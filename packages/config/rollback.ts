import { type Digest, digester } from '#aws'
import type { Entry, Result, Run, Written } from '#core'
import { readRecord, type Store } from '#store'
import type { ConfigClients } from './client.ts'
import { refuseCompromised } from './compromised.ts'
import { changeOf, type Item, isChange, planAll } from './items.ts'
import { moveBack } from './move.ts'
import { putBack } from './put.ts'
import { type ReaderLook, readersOf } from './readers.ts'
import { changedIn } from './recorded.ts'
import type { RollbackSettings } from './settings.ts'
import { type Ended, planned, type Row, resultOf } from './table.ts'
import { findTarget } from './target.ts'

/** What config-rollback works with. */
export interface ConfigPorts {
  readonly clients: ConfigClients
  readonly store: Store | undefined
  readonly readers: ReaderLook
}

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
  const chained = settings.record !== undefined
  return resultOf(await carryOut(run, ports.clients, { items, digest, chained }), told)
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

/** Who reads what was or will be changed; nobody is asked when nothing changed. */
async function whoReads(
  { readers }: ConfigPorts,
  { services }: RollbackSettings,
  changed: readonly string[],
): Promise<readonly string[]> {
  if (services === undefined || changed.length === 0) return []
  return readersOf(await readers(services), changed)
}

async function carryOut(
  run: Run,
  clients: ConfigClients,
  given: {
    readonly items: readonly Item[]
    readonly digest: Digest
    /** Part of a rollback of several components: what rightly stays keeps none of them open. */
    readonly chained: boolean
  },
): Promise<readonly Row[]> {
  const { items, digest, chained } = given
  await run.journal.intend(items.flatMap(entryOf))
  const rows: Row[] = []
  for (const item of items) {
    if (isChange(item)) await run.journal.beat()
    const ended = await change(run, clients, item)
    const stays = chained && item.plan.is === 'refused' && item.plan.right
    const { why } = ended
    rows.push(
      rowOf(item, stays ? { outcome: 'unchanged', why: `it stays: ${why}`, stays } : ended, digest),
    )
    if (stays) run.report.warning(`${item.name} stays as it is: ${why}`)
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
