import { differences } from '../chain/differences.ts'
import type { JobEnd } from '../chain/job.ts'
import { again, killed, rest } from './kill.ts'
import { cutAt, resumed } from './signal.ts'
import { type Broken, broken, foundTown, rollBack } from './town.ts'

/** A bad release whose rollback is killed. */
export type Release = 3 | 4 | 11

/** What one kill came to; `wrong` is empty when it ended as if never killed. */
export interface Row {
  readonly release: Release
  readonly k: number
  readonly when: 'before' | 'after'
  /** The call at which the process died. */
  readonly call: string
  readonly wrong: readonly string[]
  readonly seconds: number
}

const scale = 150
const account = '000000000042'

/** A company of its own for one kill: nothing of another one is left, and none runs on. */
async function inTown<T>(release: Release, work: (at: Broken) => Promise<T>): Promise<T> {
  const town = await foundTown(scale, true)
  try {
    const at = await broken(town, account, release)
    const found = await work(at)
    at.clients.close()
    return found
  } finally {
    await town.close()
  }
}

const mutations = ({ town }: Broken, after: number) =>
  town.sandbox.calls.list({ mutating: true, after })
const lastCall = ({ town }: Broken) => town.sandbox.calls.list().at(-1)?.n ?? 0

/** The rollback without a kill: how it ends, and its mutating calls by service. */
export function whole(release: Release) {
  return inTown(release, async (at) => {
    const begun = lastCall(at)
    const { conclusion, lines } = await rollBack(at)
    if (conclusion !== 'success') throw new Error(lines.slice(-5).join('\n'))
    const calls = mutations(at, begun).map(({ service }) => service)
    return { picture: await rest(at), calls }
  })
}

export type Whole = Awaited<ReturnType<typeof whole>>

type At = Pick<Row, 'release' | 'k' | 'when'>

/** What ending a rollback came to beside where it died: what is wrong with it. */
type End = (at: Broken, one: At) => Promise<(wasReached: boolean) => readonly string[]>

/** Ends a rollback at a call, lets it be finished and compares. */
async function ended(
  one: At,
  { picture }: Whole,
  { end, finish }: { readonly end: End; readonly finish: (at: Broken) => Promise<JobEnd> },
): Promise<Row> {
  const began = performance.now()
  const found = await inTown(one.release, async (at) => {
    const begun = lastCall(at)
    const faultsOf = await end(at, one)
    const hit = mutations(at, begun).find(({ fault }) => fault === 'kill')
    const call = hit ? `${hit.service}:${hit.operation} ${hit.subject.Key ?? ''}` : 'not reached'
    const second = await finish(at)
    const wrong = [
      ...faultsOf(hit !== undefined),
      ...(second.conclusion === 'success'
        ? []
        : [`ended ${second.conclusion}`, ...second.lines.slice(-3)]),
      ...differences(await rest(at).catch((thrown) => ({ thrown: String(thrown) })), picture),
    ]
    return { call, wrong }
  }).catch((thrown: unknown) => ({ call: 'not come to it', wrong: [String(thrown)] }))
  return { ...one, ...found, seconds: (performance.now() - began) / 1000 }
}

/** Kills the rollback at its k-th mutating call, runs it once more and compares. */
export const kill = (one: At, whole: Whole): Promise<Row> =>
  ended(one, whole, {
    end: async (at, { k, when }) => {
      const { conclusion } = await killed(at, { nth: k, when })
      return (wasReached) =>
        conclusion === 'killed' || !wasReached ? [] : [`ended ${conclusion}, not killed`]
    },
    finish: (at) => again(at, 2),
  })

/** Ends the rollback at its k-th mutating call as the runner ends a cancelled step, lets the scheduled workflow finish it and compares. */
export const interrupt = (one: At, whole: Whole): Promise<Row> =>
  ended(one, whole, {
    end: async (at, { k, when }) => {
      const moment = { nth: k, when }
      const { hit, took } = await cutAt(at, { runId: at.run.runId, moment, how: 'cancelled' })
      return (wasReached) => [
        ...(hit || !wasReached ? [] : ['it went on after SIGINT']),
        ...(took < 2000 ? [] : [`SIGINT took ${Math.round(took)} ms`]),
      ]
    },
    finish: (at) => resumed(at, '2009'),
  })

/**
 * Every kill of a rollback: before each call, and after the last. What was applied and not heard of is the same as dying before
 * the next call; the tests in virtual time kill both ways.
 */
export function killsOf(release: Release, { calls }: Whole): readonly At[] {
  const before = calls.map((_, index) => ({ release, k: index + 1, when: 'before' as const }))
  return [...before, { release, k: calls.length, when: 'after' as const }]
}
