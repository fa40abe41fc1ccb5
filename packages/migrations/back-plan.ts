import { compareLedgers } from '#store'
import type { MigrationFile, Parts } from './layouts.ts'
import type { Ledger } from './ledger.ts'
import type { Reviewed } from './reviewed.ts'
import type { Undo } from './undo.ts'

/** A down with its file, as it was captured. */
export interface Down {
  readonly version: string
  readonly file: MigrationFile
  readonly sha256: string
  readonly parts: Parts
  readonly undo: Undo
}

/** One step: what is run, and the rows that must disappear from the ledger with it. */
export type Step =
  | { readonly run: 'down'; readonly versions: readonly string[]; readonly down: Down }
  | { readonly run: 'reviewed'; readonly versions: readonly string[]; readonly reviewed: Reviewed }

/** What has to be done. */
export type BackPlan =
  | { readonly is: 'steps'; readonly steps: readonly Step[] }
  | { readonly is: 'nothing' }
  | { readonly is: 'refused'; readonly why: string; readonly next: readonly string[] }

/** The file of an added migration, or why there is none that can be trusted. */
export type FoundDown = Down | { readonly version: string; readonly why: string }

const refused = (why: string, ...next: readonly string[]): BackPlan => ({
  is: 'refused',
  why,
  next,
})

/** The versions that were applied since, newest first; or why the ledger allows no revert. */
export function addedSince(
  destination: readonly string[],
  now: Ledger,
): { readonly added: readonly string[] } | { readonly why: string } {
  if (now.dirty.length > 0) return { why: now.dirty.join('; ') }
  const { added, removed } = compareLedgers(destination, now.applied)
  if (removed.length > 0) {
    return { why: `the ledger lost ${removed.join(', ')} since the restore point` }
  }
  const known = new Set(added)
  return { added: now.order.filter((version) => known.has(version)).reverse() }
}

/** How to go on when a down cannot be used. */
export const byReview = (added: readonly string[]) => [
  `write the SQL that takes ${added.join(', ')} back into a file of the repository whose first line is -- reverts: ${added.join(', ')}, have it reviewed, and run migration-revert with reviewed: <its path>`,
  'or restore the snapshot that the deployment took (rds-snapshot-guard, mode: restore), or fix forward and close the record',
]

/** Plans the downs of what was added, one by one: each must be there, and must be known to take its up back. */
export function planDowns(found: readonly FoundDown[]): BackPlan {
  const added = found.map(({ version }) => version)
  if (added.length === 0) return { is: 'nothing' }
  const missing = found.flatMap((one) => ('why' in one ? [`${one.version}: ${one.why}`] : []))
  if (missing.length > 0) return refused(missing.join('; '), ...byReview(added))
  const downs = found.filter((one) => 'file' in one)
  const impossible = downs.filter(({ undo }) => undo.is === 'impossible')
  if (impossible.length > 0) {
    const why = impossible.map(({ file, undo }) => `${file.name}: ${undo.why}`).join('; ')
    return refused(`the downs cannot take the migrations back: ${why}`, ...byReview(added))
  }
  const steps = downs.map((down) => ({ run: 'down' as const, versions: [down.version], down }))
  return { is: 'steps', steps }
}

/** Plans a reviewed file: it must name exactly what was added. */
export function planReviewed(added: readonly string[], reviewed: Reviewed): BackPlan {
  if (added.length === 0) return { is: 'nothing' }
  const sorted = (versions: readonly string[]) => [...versions].sort().join(', ')
  if (sorted(added) !== sorted(reviewed.versions)) {
    return refused(
      `${reviewed.path} reverts ${sorted(reviewed.versions)}, and applied since the restore point are ${sorted(added)}`,
      'name exactly the versions that were applied since in its first line, with the SQL that takes all of them back',
    )
  }
  return { is: 'steps', steps: [{ run: 'reviewed', versions: added, reviewed }] }
}

/** Whether something that was written since is lost, as far as the text tells. */
export const isLossy = (step: Step): boolean =>
  step.run === 'down' ? step.down.undo.is === 'lossy' : step.reviewed.losses?.length !== 0

/** What a step did, by the ledger before and after it; whatever the program said of itself. */
export type Checked =
  | { readonly is: 'reverted' }
  | { readonly is: 'not-reverted' }
  | { readonly is: 'wrong'; readonly why: string }

/** Compares the ledger after a step with the one before: exactly the expected rows must have gone, and none come. */
export function checkStep(step: Step, before: Ledger, after: Ledger): Checked {
  const { added, removed } = compareLedgers(before.applied, after.applied)
  const expected = [...step.versions].sort()
  const same =
    removed.length === expected.length &&
    [...removed].sort().every((one, at) => one === expected[at])
  if (after.dirty.length > 0) return { is: 'wrong', why: after.dirty.join('; ') }
  if (added.length > 0) return { is: 'wrong', why: `the ledger gained ${added.join(', ')}` }
  if (same) return { is: 'reverted' }
  if (removed.length === 0) return { is: 'not-reverted' }
  const why = `the ledger lost ${removed.join(', ')}, expected was ${expected.join(', ')}`
  return { is: 'wrong', why }
}
