import { iso, messageOf, type Run } from '#core'
import { changePoint, changeRecord, readPoint, type Store, type VerdictState } from '#store'
import type { Ending } from './end.ts'
import { brief } from './sample.ts'
import type { HealthSettings } from './settings.ts'
import { deploymentPoint } from './wanted.ts'

/** Whether the verdict lies in the store now. */
export type Writing =
  | { readonly is: 'written'; readonly where: string }
  | { readonly is: 'nowhere'; readonly why: string }
  | { readonly is: 'failed'; readonly why: string }

/**
 * Writes a verdict where a rollback looks for it: into the restore point of this run's deployment, or into the record
 * of a rollback. Never throws: whether it could be written is part of how the action ends.
 */
export async function writeVerdict(
  run: Run,
  given: { readonly settings: HealthSettings; readonly store: Store | undefined },
  found: Pick<Ending, 'verdict' | 'why' | 'firstBadAt' | 'looks'>,
): Promise<Writing> {
  const { settings, store } = given
  if (store === undefined) return { is: 'nowhere', why: 'no store is named' }
  const { firstBadAt, looks } = found
  const verdict: VerdictState = {
    verdict: found.verdict,
    why: brief(found.why, 500),
    at: iso(run.clock.now()),
    run: run.identity.runId,
    ...(firstBadAt !== undefined && { firstBad: iso(firstBadAt) }),
    ...(looks && { looks }),
  }
  try {
    return settings.expect === 'released'
      ? await intoPoint(store, deploymentPoint(run, store), verdict)
      : await intoRecord(store, settings.record, verdict)
  } catch (thrown) {
    return { is: 'failed', why: messageOf(thrown) }
  }
}

async function intoPoint(store: Store, id: string, verdict: VerdictState): Promise<Writing> {
  const point = await readPoint(store, id)
  if (!point?.deployment) {
    return { is: 'nowhere', why: `this run took no restore point ${id} before it deployed` }
  }
  await changePoint(store, id, (current) =>
    current.deployment === undefined
      ? undefined
      : { ...current, deployment: { ...current.deployment, verdict } },
  )
  return { is: 'written', where: id }
}

async function intoRecord(
  store: Store,
  record: string | undefined,
  verdict: VerdictState,
): Promise<Writing> {
  if (record === undefined) return { is: 'nowhere', why: 'no record was given' }
  await changeRecord(store, record, (current) => ({ ...current, verdict }))
  return { is: 'written', where: record }
}
