import { z } from 'zod'

const common = {
  service: z.string().optional(),
  operation: z.string().optional(),
  account: z.string().optional(),
  accessKeyId: z.string().optional(),
  /** Only mutating calls, or only reading ones. A `kill` counts mutating calls unless told otherwise. */
  mutating: z.boolean().optional(),
  /** A part of the serialized input. */
  match: z.string().optional(),
  /** The n-th matching call, 1 for the first; alternatively `from` and `to`, both inclusive. */
  nth: z.number().int().positive().optional(),
  from: z.number().int().positive().optional(),
  to: z.number().int().positive().optional(),
  /** A chance per matching call, drawn from a generator with `seed`, so that a run can be replayed. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.number().int().optional(),
}

const plainEffects = [
  'throttle',
  'error500',
  'applied-answer-lost',
  'reset',
  'denied',
  'expired',
] as const

const ruleSchema = z.discriminatedUnion('effect', [
  z.strictObject({
    ...common,
    effect: z.enum(plainEffects),
    /** GitHub's API only: the status of a `throttle` (403 or 429) or an `error500` (500, 502, 503, 504). */
    status: z.number().int().min(400).max(599).optional(),
    /** GitHub's API only: the `retry-after` of a `throttle`; 0 for none. */
    retryAfterSeconds: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({ ...common, effect: z.literal('slow'), ms: z.number().nonnegative() }),
  z.strictObject({
    ...common,
    effect: z.literal('kill'),
    /** Before or after the call is applied. */
    when: z.enum(['before', 'after']),
    /** The process to end; `caller` is the process at the other end of the connection (Linux only). */
    pid: z.union([z.number().int().min(2), z.literal('caller')]).optional(),
  }),
])

/** A fault rule as it is given over HTTP. */
export type FaultRule = z.infer<typeof ruleSchema>

/** A fault rule given in process: a `kill` may call a function instead of ending a process. */
export type Fault = FaultRule & { readonly onKill?: () => void | Promise<void> }

/** What a rule looks at in a call. */
export interface Subject {
  readonly service: string
  readonly operation: string
  readonly account: string
  readonly accessKeyId: string
  readonly mutating: boolean
  /** The serialized input. */
  readonly text: string
}

/** The rules in force. */
export interface Faults {
  /** Replaces all rules. Throws if one is malformed. */
  set(rules: readonly Fault[]): void
  add(rule: Fault): void
  clear(): void
  /** Each rule with the number of calls it matched and the number it hit. */
  list(): readonly { rule: FaultRule; matched: number; hit: number }[]
  /** Counts a call and returns the faults that hit it. */
  decide(subject: Subject): readonly Fault[]
}

/** Checks rules that came over HTTP. Throws an Error that lists what is wrong. */
export function parseFaults(value: unknown): FaultRule[] {
  const parsed = z.array(ruleSchema).safeParse(Array.isArray(value) ? value : [value])
  if (!parsed.success) throw new Error(`Malformed fault rule: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** Numbers in [0, 1), always the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function applies(rule: FaultRule, subject: Subject): boolean {
  const mutating = rule.mutating ?? (rule.effect === 'kill' ? true : undefined)
  return (
    (rule.service === undefined || rule.service === subject.service) &&
    (rule.operation === undefined || rule.operation === subject.operation) &&
    (rule.account === undefined || rule.account === subject.account) &&
    (rule.accessKeyId === undefined || rule.accessKeyId === subject.accessKeyId) &&
    (mutating === undefined || mutating === subject.mutating) &&
    (rule.match === undefined || subject.text.includes(rule.match))
  )
}

function inRange(rule: FaultRule, count: number): boolean {
  if (rule.nth !== undefined) return count === rule.nth
  return count >= (rule.from ?? 1) && count <= (rule.to ?? Number.POSITIVE_INFINITY)
}

interface Armed {
  readonly rule: Fault
  readonly random: () => number
  matched: number
  hit: number
}

function arm(fault: Fault): Armed {
  const { onKill, ...rule } = fault
  const [parsed] = parseFaults([rule])
  if (!parsed) throw new Error('Malformed fault rule')
  return {
    rule: onKill ? { ...parsed, onKill } : parsed,
    random: seededRandom(rule.seed ?? 1),
    matched: 0,
    hit: 0,
  }
}

/** No rules at first. */
export function faults(): Faults {
  let armed: Armed[] = []
  return {
    set: (rules) => {
      armed = rules.map(arm)
    },
    add: (rule) => void armed.push(arm(rule)),
    clear: () => {
      armed = []
    },
    list: () =>
      armed.map(({ rule: { onKill: _, ...rule }, matched, hit }) => ({ rule, matched, hit })),
    decide(subject) {
      return armed.flatMap((one) => {
        if (!applies(one.rule, subject)) return []
        one.matched += 1
        const drawn = one.rule.probability === undefined || one.random() < one.rule.probability
        if (!drawn || !inRange(one.rule, one.matched)) return []
        one.hit += 1
        return [one.rule]
      })
    },
  }
}
