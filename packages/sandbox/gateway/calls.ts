import type { Fields } from './shape.ts'

/** One request that reached the gateway. Never holds a secret value. */
export interface Call {
  /** 1 for the first request of this sandbox. */
  readonly n: number
  /** ISO time. */
  readonly at: string
  readonly requestId: string
  readonly account: string
  readonly accessKeyId: string
  /** Which program called, as it says; empty when it does not. */
  readonly userAgent: string
  readonly region: string
  readonly service: string
  readonly operation: string
  readonly mutating: boolean
  /** HTTP status, or 0 if the connection was broken without an answer. */
  readonly status: number
  readonly error?: string
  /** The fault that hit this call, e.g. `throttle`. */
  readonly fault?: string
  readonly durationMs: number
  /** The identifiers in the input: names, ids, ARNs. */
  readonly subject: Readonly<Record<string, string>>
}

/** Which calls to look at; every given field must be equal. */
export interface CallFilter {
  readonly account?: string
  readonly service?: string
  readonly operation?: string
  readonly mutating?: boolean
  /** Only calls with a larger `n`. */
  readonly after?: number
}

/** The log of all requests. */
export interface CallLog {
  add(call: Omit<Call, 'n'>): Call
  list(filter?: CallFilter): readonly Call[]
  /** How often each `service:Operation` was called. */
  count(filter?: CallFilter): Readonly<Record<string, number>>
  clear(): void
}

function matches(call: Call, filter: CallFilter): boolean {
  const { after, ...equal } = filter
  if (after !== undefined && call.n <= after) return false
  return Object.entries(equal).every(
    ([name, value]) => value === undefined || call[name as keyof Call] === value,
  )
}

/** An empty log. Keeps the newest 100,000 calls; `n` goes on counting after `clear`. */
export function callLog(): CallLog {
  let calls: Call[] = []
  let n = 0
  const list = (filter: CallFilter = {}) => calls.filter((call) => matches(call, filter))
  return {
    list,
    add(call) {
      const added = { n: ++n, ...call }
      calls.push(added)
      if (calls.length > 100_000) calls = calls.slice(-90_000)
      return added
    },
    count(filter) {
      const counts: Record<string, number> = {}
      for (const call of list(filter)) {
        const name = `${call.service}:${call.operation}`
        counts[name] = (counts[name] ?? 0) + 1
      }
      return counts
    },
    clear: () => {
      calls = []
    },
  }
}

const IDENTIFIER = /(Identifier|Arn|ARN|Name|Names|Id|Ids|Stage|Prefix)$/
const IDENTIFIERS = new Set([
  'cluster',
  'clusters',
  'service',
  'services',
  'task',
  'tasks',
  'taskDefinition',
  'family',
  'familyPrefix',
  'desiredCount',
  'forceNewDeployment',
  'stopType',
  'status',
  'Bucket',
  'Key',
  'VersionId',
])

function shown(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length <= 512 ? value : `${value.slice(0, 509)}...`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return shown(value.join(','))
  }
  return undefined
}

/** The identifiers among the top-level members of an input: an allow-list, so that no value of a secret is kept. */
export function subjectOf(input: Fields): Record<string, string> {
  const subject: Record<string, string> = {}
  for (const [name, value] of Object.entries(input)) {
    if (!IDENTIFIER.test(name) && !IDENTIFIERS.has(name)) continue
    const text = shown(value)
    if (text !== undefined) subject[name] = text
  }
  return subject
}
