import { createHmac, randomBytes } from 'node:crypto'

/** Stands for a value where the value must not be shown: equal values of a thing have equal digests, in this run only. */
export type Digest = (name: string, value: string) => string

/**
 * A digest with a key of its own that nobody keeps: eight hex digits. A plain hash of `true`, a port or a short password
 * could be looked up.
 */
export function digester(key: Uint8Array = randomBytes(32)): Digest {
  return (name, value) =>
    createHmac('sha256', key).update(name).update('\0').update(value).digest('hex').slice(0, 8)
}
