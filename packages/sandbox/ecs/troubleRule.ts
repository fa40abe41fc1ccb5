import type { Trouble, Where } from './trouble.ts'

type Row = Readonly<Record<string, unknown>>

const WHERE = ['cluster', 'service', 'taskDefinition', 'image', 'times']

/** By cause, the members that it takes and those that it needs. */
const MEMBERS: Readonly<Record<Trouble['is'], { takes?: readonly string[]; needs?: string }>> = {
  'registry-timeout': {},
  'registry-auth': {},
  'image-not-found': {},
  'secrets-timeout': {},
  'network-interface': {},
  'file-system': {},
  'log-driver': {},
  'assume-role': {},
  exit: { takes: ['code', 'afterMs', 'reason', 'container'], needs: 'code' },
  'out-of-memory': { takes: ['afterMs', 'container'] },
  'container-unhealthy': { takes: ['container'] },
  'target-unhealthy': { takes: ['status'], needs: 'status' },
  'no-capacity': {},
  'vcpu-quota': {},
  'no-instance': {},
  'slow-stop': { takes: ['ms'], needs: 'ms' },
}

/** A trouble as the admin page gets it; throws what is wrong with it. */
export function checkedTrouble(given: unknown): Trouble & Where {
  const row = (given ?? {}) as Row
  const known = Object.keys(MEMBERS)
  const { takes = [], needs } = MEMBERS[row.is as Trouble['is']] ?? {}
  if (!known.includes(String(row.is)))
    throw new Error(`troubles: unknown "is": "${row.is}"; use one of ${known.join(', ')}.`)
  const unknown = Object.keys(row).filter((key) => ![...WHERE, ...takes, 'is'].includes(key))
  if (unknown.length > 0) throw new Error(`troubles: unknown members ${unknown.join(', ')}.`)
  if (needs && row[needs] === undefined) throw new Error(`troubles: ${row.is} needs "${needs}".`)
  return row as unknown as Trouble & Where
}
