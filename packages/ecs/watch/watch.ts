import { codeOf, isPassing } from '#aws'
import { type Look, type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { inParallel } from '../parallel.ts'
import { counted } from '../report/table.ts'
import { advance } from './advance.ts'
import { isTouched } from './moments.ts'
import { chanceOf, pace } from './pace.ts'
import { begin, conclude, type Ended, type Progress, type Watch } from './progress.ts'
import { drained } from './proof.ts'
import { type Sight, sightsOf } from './sights.ts'
import { doubted, forbidden, type Patience, type Step } from './step.ts'

/**
 * Watches deployments of services of one cluster, all in one look, until each has ended. Out of time is `inconclusive`
 * and quotes what was seen last.
 */
export async function watchAll(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly watches: readonly Watch[]
    readonly patience?: Patience | undefined
  },
): Promise<readonly Ended[]> {
  const { cluster, watches, patience = {} } = given
  if (watches.length === 0) return []
  const started = run.clock.now()
  const step: Step = { run, clients, cluster, started, patience, warn: once(run) }
  let all: readonly Progress[] = watches.map(begin)
  const look = async (): Promise<Look<readonly Progress[]>> => {
    all = await lookAll(step, all)
    const open = all.filter((one) => !one.ended)
    return open.length === 0
      ? { is: 'found', value: all }
      : { is: 'waiting', seen: summary(all, open) }
  }
  const rhythm = rhythmOf(run, look)
  const waited = await until(run, {
    what: `${counted(watches.length, 'service')} of ${cluster}`,
    look: tolerant(rhythm.look, isPassing, Number.POSITIVE_INFINITY),
    every: rhythm.every,
  })
  const seen = waited.is === 'timeout' ? waited.seen : ''
  const entries = run.journal.entries()
  return all
    .map((one) => one.ended ?? outOfTime(one, seen, run.clock.now() - started))
    .map(({ moments, ...ended }) =>
      isTouched(entries, ended.name) ? { ...ended, moments } : ended,
    )
}

/** One look at all services whose watch has not ended. A cluster that cannot be read ends them all. */
async function lookAll(step: Step, all: readonly Progress[]): Promise<readonly Progress[]> {
  const { clients, cluster } = step
  const open = all.filter((one) => !one.ended)
  const sights = await sightsOf(clients, cluster, open).catch(forbidden)
  if ('why' in sights) {
    return all.map((one) => (one.ended ? one : doubted(step, one, sights.why, sights.gone)))
  }
  return inParallel(all, async (one) =>
    one.ended ? one : advance(step, one, sights.get(one.watch.service.name) ?? nothing),
  )
}

const nothing: Sight = { service: undefined, absent: undefined, unread: {} }

/** Slows the looks down with time, and when AWS throttles them. */
function rhythmOf(run: Run, look: () => Promise<Look<readonly Progress[]>>) {
  let looks = 0
  let throttled = 0
  return {
    look: async () => {
      looks += 1
      try {
        const found = await look()
        throttled = 0
        return found
      } catch (thrown) {
        throttled = /Throttl|TooManyRequests|RequestLimit/.test(codeOf(thrown)) ? throttled + 1 : 0
        throw thrown
      }
    },
    every: (waited: number) =>
      pace({
        base: run.pollInterval,
        waited,
        throttled,
        chance: chanceOf(run.identity.runId, looks),
      }),
  }
}

/** Warns of a thing once: every look sees it again. */
function once(run: Run): (line: string) => void {
  const said = new Set<string>()
  return (line) => {
    if (said.has(line)) return
    said.add(line)
    run.report.warning(line)
  }
}

function summary(all: readonly Progress[], open: readonly Progress[]): string {
  const shown = open.slice(0, 4).map((one) => `${one.watch.service.name}: ${one.seen}`)
  const more = open.length > shown.length ? [`and ${open.length - shown.length} more`] : []
  const done = all.length > 1 ? [`${all.length - open.length} of ${all.length} ended`] : []
  return [...done, ...shown, ...more].join('; ')
}

function outOfTime(one: Progress, seen: string, took: number): Ended {
  if (one.draining) return conclude(one, drained(one), took)
  const last = one.seen || seen || 'nothing'
  return conclude(one, { outcome: 'inconclusive', why: `out of time; seen last: ${last}` }, took)
}
