import { CallError, type Clock } from '#core'
import type { Objects } from '#store'

/** A bucket in memory with conditional writes, keys in S3's order, and the clock as the server's. */
export interface MemoryObjects extends Objects {
  readonly content: Map<string, { text: string; etag: string }>
  /** Calls that write, in order. */
  readonly writes: string[]
  /** Called before each call with its name and key; may throw, as a call that fails. */
  fault: ((call: string, key: string) => void) | undefined
}

/** A store's bucket in memory. `versioning` is what the bucket answers. */
export function memoryObjects(
  clock: Clock,
  versioning: string | undefined = 'Enabled',
): MemoryObjects {
  const content = new Map<string, { text: string; etag: string }>()
  const writes: string[] = []
  let version = 0
  const put = (
    call: string,
    key: string,
    text: string,
    may: (current: { etag: string } | undefined) => boolean,
  ) => {
    bucket.fault?.(call, key)
    const current = content.get(key)
    if (!may(current)) return current?.text === text
    version += 1
    writes.push(`${call} ${key}`)
    content.set(key, { text, etag: `"${version}"` })
    return true
  }
  const bucket: MemoryObjects = {
    location: 's3://acme-rollback',
    content,
    writes,
    fault: undefined,
    get: async (key) => {
      bucket.fault?.('get', key)
      return content.get(key)
    },
    create: async (key, text) => put('create', key, text, (current) => current === undefined),
    replace: async (key, text, etag) =>
      put('replace', key, text, (current) => current?.etag === etag),
    list: async (prefix) => {
      bucket.fault?.('list', prefix)
      return [...content.keys()].filter((key) => key.startsWith(prefix)).sort()
    },
    versioning: async () => versioning,
    serverTime: () => clock.now(),
  }
  return bucket
}

/** What a denied call to the store throws. */
export function denied(action: string, on: string): CallError {
  return new CallError({ action, on, code: 'AccessDenied', next: `grant ${action}` }, 'denied')
}
