import { codeOf, isPassing } from '#aws'
import { CallError, type Run } from '#core'
import type { Database } from '#sql'
import { judgeAlarms, readStanding, standingOf } from './alarms.ts'
import { lookAtAssets } from './assets.ts'
import type { AlarmsPlan, AssetsPlan, LogsPlan, SqlPlan } from './checks.ts'
import {
  added,
  baselineSpan,
  boundsOf,
  type Events,
  ingestion,
  judgeLogs,
  judgeUsual,
  readRate,
  type Total,
  type Window,
} from './logs.ts'
import { paceOf } from './pace.ts'
import type { Ports, Wanted } from './probe.ts'
import { brief, type Seen } from './sample.ts'
import { judgeSql, judgeSqlFailure, readCaptured, statementOf } from './sql.ts'

/** What a look works with. */
export interface Scene {
  readonly run: Run
  readonly ports: Ports
  readonly wanted: Wanted
  /** How long the watch is, milliseconds; 0 for a baseline. */
  readonly watch: number
}

const expired = /ExpiredToken|RequestExpired/

/** Throttling, a fault of the far side and ended credentials say nothing about the release; anything else is thrown. */
export function noInformation(thrown: unknown): Seen {
  const code = codeOf(thrown)
  if (!isPassing(thrown) && !expired.test(code)) throw thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { class: 'void', value: brief(code, 40), expected: 'an answer', why: brief(message, 160) }
}

/** Looks at alarms, and remembers which of them it saw OK. */
export function alarmsLook({ ports, wanted }: Scene, check: AlarmsPlan): () => Promise<Seen> {
  const before = readStanding(wanted.measured.get(check.name))
  const seenOk = new Set<string>()
  let first = true
  return async () => {
    const alarms = await ports.alarms(check.which).catch(noInformation)
    if ('class' in alarms) return alarms
    if (first) demandAlarms(check, new Set(alarms.map(({ name }) => name)))
    first = false
    const seen = judgeAlarms(alarms, { expect: wanted.expect, before, seenOk })
    for (const { name, state } of alarms) if (state === 'OK') seenOk.add(name)
    return { ...seen, measured: standingOf(alarms) }
  }
}

/** Alarms that are missing from the start are a wrong configuration: they would be silent for ever. */
function demandAlarms({ which, name }: AlarmsPlan, there: ReadonlySet<string>): void {
  const missing = 'names' in which ? which.names.filter((one) => !there.has(one)) : []
  if (missing.length === 0 && there.size > 0) return
  const what = 'prefix' in which ? `no alarm begins with ${which.prefix}` : `${missing.join(', ')}`
  throw new CallError(
    {
      action: 'cloudwatch:DescribeAlarms',
      on: `check ${name}`,
      code: 'NoSuchAlarm',
      next: 'correct the names of the alarms (region and account are those of the environment), then run again',
    },
    'prefix' in which ? brief(what, 200) : `there is no alarm ${brief(what, 200)}`,
  )
}

/** Pages that one look reads at most, and one baseline. */
const [pages, baselinePages] = [5, 10]

/** Counts matching events, window after window, without a gap: one that could not be read is part of the next. */
export function logsLook(scene: Scene, check: LogsPlan): () => Promise<Seen> {
  const { run, wanted, watch } = scene
  if (wanted.expect === 'anything') return usualLook(scene, check)
  const usual = readRate(wanted.measured.get(check.name))
  const pace = paceOf('logs', { pollInterval: run.pollInterval, watch })
  const lag = Math.min(ingestion, watch / 4)
  let counted: number | undefined
  let total: Total | undefined
  return async () => {
    const to = run.clock.now() - lag
    const window = { from: counted ?? to - pace, to: Math.max(to, (counted ?? 0) + 1) }
    const bounds = boundsOf(window, { atMost: check.atMost, usual })
    const enough = bounds === undefined ? 1 : 2 * Math.max(1, Math.floor(bounds.most) + 1)
    const events = await eventsIn(scene, check, { window, enough, calls: pages })
    if ('class' in events) return events
    const first = counted === undefined
    if (bounds !== undefined && !first) total = added(total, events, { window, bounds })
    counted = window.to
    return judgeLogs(check, events, { window, usual, first, total })
  }
}

function usualLook(scene: Scene, check: LogsPlan): () => Promise<Seen> {
  return async () => {
    const to = scene.run.clock.now() - ingestion
    const window = { from: to - baselineSpan, to }
    const wanted = { window, enough: Number.POSITIVE_INFINITY, calls: baselinePages }
    const events = await eventsIn(scene, check, wanted)
    return 'class' in events ? events : judgeUsual(check, events, window)
  }
}

async function eventsIn(
  { ports }: Scene,
  { group, pattern }: LogsPlan,
  wanted: { readonly window: Window; readonly enough: number; readonly calls: number },
): Promise<Events | Seen> {
  return ports.events({ group, pattern, ...wanted }).catch(noInformation)
}

/** Asks the database for one value. The connection secret is read once, each look logs in anew. */
export function sqlLook({ run, ports, wanted }: Scene, check: SqlPlan): () => Promise<Seen> {
  const context = { expect: wanted.expect, before: readCaptured(wanted.measured.get(check.name)) }
  let database: Database | undefined
  return async () => {
    const opened = database ?? (await ports.open(run, check.connection).catch(noInformation))
    if ('class' in opened) return opened
    database = opened
    try {
      const rows = await opened.read((send) => send(statementOf(check.query)))
      const answer = rows[0]?.answer
      return judgeSql(check, typeof answer === 'string' ? answer : undefined, context)
    } catch (thrown) {
      if (!(thrown instanceof CallError) || !thrown.action.startsWith('sql:')) throw thrown
      if (thrown.code === 'NotANumber' || thrown.code === 'NoValue') throw thrown
      return judgeSqlFailure(thrown, context)
    }
  }
}

/** How long a change may take to reach every edge: CloudFront's invalidations took up to two or three minutes. */
const spreading = 120_000

/** Fetches a document and its files. A baseline leaves no time for spreading: nothing was changed. */
export function assetsLook(scene: Scene, check: AssetsPlan): () => Promise<Seen> {
  const { run, ports, wanted, watch } = scene
  const patience = wanted.expect === 'anything' ? 0 : Math.min(spreading, watch / 3)
  let began: number | undefined
  return () => {
    began ??= run.clock.now()
    return lookAtAssets(ports.fetchOnce, check, { spread: run.clock.now() - began >= patience })
  }
}
