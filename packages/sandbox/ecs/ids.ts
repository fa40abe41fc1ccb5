import { createHash } from 'node:crypto'

/** Ids that look like AWS's and repeat from run to run. */
export interface Ids {
  /** 32 hexadecimal digits: tasks. */
  hex(): string
  /** 19 decimal digits: deployments and revisions. */
  number(): string
  /** 21 URL-safe characters: service deployments. */
  slug(): string
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
    slug: () => digest().toString('base64url').slice(0, 21),
    uuid: () => hex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  }
}
