import type { Written } from '#core'
import type { Suspended } from './counts/scaling.ts'

/** What the journal says of a service's desired count. */
export type Recorded =
  | { readonly is: 'none' }
  /** A stop is open: `count` is what ran before it. */
  | { readonly is: 'stopped'; readonly count: number }
  /** A start was sent or about to be sent. */
  | { readonly is: 'started'; readonly count: number }

/**
 * Reads a service's count from the journal. A second stop never puts 0 over the real count; one that found more (a
 * scaling between two attempts) counts, because counts never fall below what load needs (P6).
 */
export function recordedCount(entries: readonly Written[], service: string): Recorded {
  let recorded: Recorded = { is: 'none' }
  for (const entry of entries) {
    if (entry.component !== 'ecs' || entry.on !== service) continue
    const count = countOf(entry)
    if (count === undefined) continue
    if (entry.operation === 'start') recorded = { is: 'started', count }
    if (entry.operation === 'stop') recorded = { is: 'stopped', count: stopCount(recorded, count) }
  }
  return recorded
}

function stopCount(recorded: Recorded, count: number): number {
  switch (recorded.is) {
    case 'none':
      return count
    case 'stopped':
      return Math.max(recorded.count, count)
    case 'started':
      // At 0 the start between the two never arrived; its count still stands.
      return count === 0 ? recorded.count : count
  }
}

function countOf(entry: Written): number | undefined {
  const detail = entry.detail
  if (typeof detail !== 'object' || detail === null || !('desiredCount' in detail)) return undefined
  const count = detail.desiredCount
  return typeof count === 'number' ? count : undefined
}

/** What a service's autoscaling was before a stop suspended it. */
export interface RecordedScaling {
  readonly min: number
  readonly max: number
  readonly suspended: Suspended
  /** It was sent, or about to be sent, that this comes back. */
  readonly resumed: boolean
}

/** Reads what the last suspension found; undefined where the journal has none. */
export function recordedScaling(
  entries: readonly Written[],
  service: string,
): RecordedScaling | undefined {
  const last = (operation: string) =>
    entries.findLastIndex(
      (one) => one.component === 'ecs' && one.operation === operation && one.on === service,
    )
  const index = last('suspend-scaling')
  const detail = entries[index]?.detail
  if (typeof detail !== 'object' || detail === null || !('suspended' in detail)) return undefined
  const found = detail as unknown as Omit<RecordedScaling, 'resumed'>
  return { ...found, resumed: last('resume-scaling') > index }
}

/** Tells whether a recorded stop of the service is open: then desiring no task is on purpose. */
export function isStopped(entries: readonly Written[], service: string): boolean {
  return recordedCount(entries, service).is === 'stopped'
}

/** A change of what a service runs that this record made, with what was there before it. */
export interface SentChange {
  readonly operation: string
  readonly from: string
  readonly to: string
  /** The ids of the deployments that were listed then. */
  readonly before: readonly string[]
  /** The run that sent it, whichever attempt. */
  readonly run: string
  /** Where it stands in the journal. */
  readonly index: number
}

/** What brings a service to its destination: a deployment of ours, or ECS's own way back. */
const waysBack = [
  'update-service',
  'stop-deployment',
  'continue-deployment',
  'create-deployment',
] as const
type Deploying = (typeof waysBack)[number] | 'redeploy'

/** What this record did to what a service runs, oldest first. */
export function sentChanges(
  entries: readonly Written[],
  service: string,
  operations: readonly Deploying[] = [...waysBack, 'redeploy'],
): readonly SentChange[] {
  return entries.flatMap(({ component, operation, on, run, detail }, index) => {
    const fits =
      component === 'ecs' && on === service && operations.some((one) => one === operation)
    if (!fits || typeof detail !== 'object' || detail === null || !('before' in detail)) return []
    const { from, to, before } = detail as Pick<SentChange, 'from' | 'to' | 'before'>
    return [{ operation, from, to, before, run, index }]
  })
}

/** The last change of one kind, or of any that leads to the destination. */
export function lastSent(
  entries: readonly Written[],
  service: string,
  operation: 'way-back' | 'redeploy',
): SentChange | undefined {
  return sentChanges(entries, service, operation === 'redeploy' ? ['redeploy'] : waysBack).at(-1)
}

/** The changes of what services read when their tasks start: values put back, a connection led to another database. */
const ofConfig = ['config set-current', 'config put-parameter', 'rds cutover']

/** Where in the journal the last change of configuration stands, and when it was about to be sent. */
export interface ConfigChange {
  readonly index: number
  readonly at: number
}

/** The last change of configuration that this record made; undefined when it made none. */
export function lastConfigChange(entries: readonly Written[]): ConfigChange | undefined {
  const index = entries.findLastIndex(({ component, operation }) =>
    ofConfig.includes(`${component} ${operation}`),
  )
  const entry = entries[index]
  return entry && { index, at: Date.parse(entry.at) }
}
