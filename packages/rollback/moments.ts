import { passes } from '#core'
import type { Impact, Moments, Record, VerdictState } from '#store'
import { isOutdated } from './judge.ts'

/** What is known when a record is opened: how the release was found out, and what our own looks at it said. */
export function foundOut(
  verdict: VerdictState | undefined,
  trigger: Record['trigger'],
  now: string,
): { readonly moments: Moments; readonly impact?: Impact } {
  const told = verdict && (verdict.verdict === 'unhealthy' || trigger === 'verdict')
  if (!told || verdict.verdict === 'healthy') return { moments: { detected: now } }
  const { firstBad, at, looks } = verdict
  return {
    moments: { ...(firstBad !== undefined && { firstBad }), detected: at },
    ...(looks && { impact: { looks } }),
  }
}

/** The parts of a rollback that change what users meet. */
const serving = /^(ecs-rollback|s3-frontend-restore) /

/**
 * The moments of a whole rollback, from its record: each is the latest of its things. They are known once what was restored was
 * judged: a verdict is only asked for behind every step. The first confirmation counts while nothing was changed after it.
 */
export function momentsOf(record: Record): Moments {
  const { firstBad, detected } = record.moments ?? {}
  const confirmed = confirmedAt(record)
  return {
    ...(firstBad !== undefined && { firstBad }),
    ...(detected !== undefined && { detected }),
    ...(isBehind(record) && served(record)),
    ...(confirmed !== undefined && { confirmed }),
  }
}

function isBehind(record: Record): boolean {
  const parts = Object.entries(record.parts).filter(([name]) => serving.test(name))
  return (
    record.verdict !== undefined &&
    !isOutdated(record) &&
    parts.every(([, { outcome }]) => passes(outcome))
  )
}

function served({ reached = {} }: Record): Moments {
  const things = Object.entries(reached)
  const services = things.filter(([thing]) => thing.startsWith('ecs ')).map(([, one]) => one)
  const badTrafficEnded = latest(things.map(([, one]) => one.badTrafficEnded))
  const capacityRestored = latest(services.map((one) => one.capacityRestored))
  const steady = latest(services.map((one) => one.steady))
  return {
    ...(badTrafficEnded !== undefined && { badTrafficEnded }),
    ...(capacityRestored !== undefined && { capacityRestored }),
    ...(steady !== undefined && { steady }),
  }
}

/** The latest; undefined when there is none, or one of them is not known. */
function latest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.filter((time) => time !== undefined)
  if (known.length < times.length) return undefined
  return known.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1)
}

function confirmedAt(record: Record): string | undefined {
  const { verdict, moments } = record
  if (verdict?.verdict !== 'healthy' || isOutdated(record)) return undefined
  const earlier = moments?.confirmed
  const still = earlier !== undefined && !isOutdated(record, earlier)
  return still ? earlier : verdict.at
}

/** The moments in their order, with their names. */
export const momentNames: readonly (readonly [keyof Moments, string])[] = [
  ['firstBad', 'first bad look'],
  ['detected', 'detected'],
  ['badTrafficEnded', 'bad traffic ended'],
  ['capacityRestored', 'capacity restored'],
  ['steady', 'steady'],
  ['confirmed', 'confirmed healthy'],
]
