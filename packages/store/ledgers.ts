/**
 * What is in one ledger of migrations and not in the other, by version: as sets, because "the last n" undoes the wrong ones when one came
 * late or none came at all.
 */
export function compareLedgers(before: readonly string[], now: readonly string[]) {
  const [was, is] = [new Set(before), new Set(now)]
  return {
    added: now.filter((version) => !was.has(version)),
    removed: before.filter((version) => !is.has(version)),
  }
}
