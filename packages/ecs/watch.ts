import { isPassing } from '#aws'
import { type Look, type Run, tolerant, until } from '#core'
import { advance, doubted, forbidden } from './advance.ts'
import type { EcsClients } from './client.ts'
import { isTouched } from './moments.ts'
import { observeServices, serviceOf } from './observe.ts'
import { inParallel } from './parallel.ts'
import { begin, conclude, type Ended, type Progress, type Watch } from './progress.ts'
import { counted } from './table.ts'

/**
 * Watches deployments of services of one cluster, all in one look, until each has ended. Out of time is `inconclusive`
 * and quotes what was seen last.
 */
export async function watchAll(
  run: Run,
  clients: EcsClients,
  given: { readonly cluster: string; readonly watches: readonly Watch[] },
): Promise<readonly Ended[]> {
  const { cluster, watches } = given
  if (watches.length === 0) return []
  const started = run.clock.now()
  let all: readonly Progress[] = watches.map(begin)
  const look = async (): Promise<Look<readonly Progress[]>> => {
    const names = all.filter((one) => !one.ended).map((one) => one.watch.service.name)
    const step = { run, clients, cluster, started }
    const observed = await observeServices(clients, { cluster, names }).catch(forbidden)
    if ('why' in observed) {
      all = all.map((one) => (one.ended ? one : doubted(step, one, observed.why)))
      return { is: 'found', value: all }
    }
    all = await inParallel(all, async (one) =>
      one.ended ? one : advance(step, one, serviceOf(observed, one.watch.service.name)),
    )
    const open = all.filter((one) => !one.ended)
    return open.length === 0
      ? { is: 'found', value: all }
      : { is: 'waiting', seen: summary(all, open) }
  }
  const waited = await until(run, {
    what: `${counted(watches.length, 'service')} of ${cluster}`,
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
  })
  const seen = waited.is === 'timeout' ? waited.seen : ''
  const entries = run.journal.entries()
  return all
    .map((one) => one.ended ?? outOfTime(one, seen, run.clock.now() - started))
    .map(({ moments, ...ended }) =>
      isTouched(entries, ended.name) ? { ...ended, moments } : ended,
    )
}

function summary(all: readonly Progress[], open: readonly Progress[]): string {
  const shown = open.slice(0, 4).map((one) => `${one.watch.service.name}: ${one.seen}`)
  const more = open.length > shown.length ? [`and ${open.length - shown.length} more`] : []
  const done = all.length > 1 ? [`${all.length - open.length} of ${all.length} ended`] : []
  return [...done, ...shown, ...more].join('; ')
}

function outOfTime(one: Progress, seen: string, took: number): Ended {
  const last = one.seen || seen || 'nothing'
  return conclude(one, { outcome: 'inconclusive', why: `out of time; seen last: ${last}` }, took)
}
