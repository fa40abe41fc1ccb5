import type { PlannedCheck } from './checks.ts'

/**
 * The least time between two looks, in milliseconds: what costs calls, connections or traffic is looked at less often than every
 * poll interval. An alarm changes at most every ten seconds, most every minute; three windows of a log make a minute.
 */
const usual: Readonly<Record<PlannedCheck['kind'], number>> = {
  http: 0,
  ecs: 0,
  alarms: 15_000,
  sql: 15_000,
  logs: 20_000,
  assets: 30_000,
}

/** Looks that even a short watch has of every check. */
const looks = 12

/** The time between two looks at a check of this kind. */
export function paceOf(
  kind: PlannedCheck['kind'],
  { pollInterval, watch }: { readonly pollInterval: number; readonly watch: number },
): number {
  return Math.max(pollInterval, Math.min(usual[kind], watch / looks))
}
