/** Names that RDS takes are letters, digits and single dashes, at most 63 characters for an instance. */
const longest = 63

/** A moment as it stands in names: `20261122-031500`, UTC. */
export function stamp(milliseconds: number): string {
  const [date = '', time = ''] = new Date(milliseconds).toISOString().slice(0, 19).split('T')
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}`
}

/** `pre-migration-20261122-031500`, with the suffix behind it; a number behind that when the name is taken. */
export function snapshotName(
  kind: 'pre-migration' | 'pre-rollback',
  now: number,
  suffix: string | undefined = undefined,
): string {
  return [kind, stamp(now), suffix].filter((part) => part !== undefined).join('-')
}

/** The name before any rollback: without a trailing `-rollback` and its time. */
export function rootOf(instance: string): string {
  return instance.replace(/-rollback(-\d{8}-\d{6})?$/, '')
}

/** `<root>-rollback`, or with the time behind it when that name is taken. The root is shortened to fit. */
export function rollbackName(instance: string, taken: ReadonlySet<string>, now: number): string {
  const plain = withEnd(rootOf(instance), '-rollback')
  return taken.has(plain) ? withEnd(rootOf(instance), `-rollback-${stamp(now)}`) : plain
}

const withEnd = (root: string, end: string) =>
  root.slice(0, longest - end.length).replace(/-+$/, '') + end
