import { createHash } from 'node:crypto'

/** Ids that look like AWS's and repeat from run to run. */
export interface Ids {
  /** 32 hexadecimal digits: tasks. */
  hex(): string
  /** 19 decimal digits: deployments and revisions. */
  number(): string
  /** URL-safe characters, 21 unless said otherwise: service deployments, pauses. */
  slug(length?: number): string
  /** A UUID: events and containers. */
  uuid(): string
}

/** A source of ids that is determined by its seed. */
export function idSource(seed = 'sandbox'): Ids {
  let counter = 0
  const digest = () => createHash('sha256').update(`${seed}/${counter++}`).digest()
  const hex = () => digest().toString('hex').slice(0, 32)
  return {
    hex,
    number: () => {
      const value = digest().readBigUInt64BE() % 8_000_000_000_000_000_000n
      return (1_000_000_000_000_000_000n + value).toString()
    },
    slug: (length = 21) => digest().toString('base64url').slice(0, length),
    uuid: () => hex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  }
}
