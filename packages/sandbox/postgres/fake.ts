import type { DataPlane, Endpoint, Master, ServerName } from './plane.ts'

/** One pretended database server: `value` stands for all of its data. */
export interface FakeServer {
  name: string
  port: number
  running: boolean
  master: Master | undefined
  value: unknown
}

/** A data plane without processes, whose servers a test can look into and write to. */
export interface FakeDataPlane extends DataPlane {
  /** The server of that id; throws when there is none. */
  server(id: string): FakeServer
  /** Sets a server's data; each change is remembered with the time of `now` for recovery. */
  write(id: string, value: unknown): void
}

interface Copied {
  readonly value: unknown
  readonly master: Master | undefined
}

/** Pretended database servers in memory, for tests under a virtual clock; `now` is asked for the time of each write. */
export function fakeDataPlane(now: () => number = () => 0): FakeDataPlane {
  const servers = new Map<string, FakeServer>()
  const copies = new Map<string, Copied>()
  const ports = new Map<string, number>()
  const history = new Map<string, { time: number; value: unknown }[]>()

  const portOf = (name: string) => {
    const port = ports.get(name) ?? 40_001 + ports.size
    ports.set(name, port)
    return port
  }
  const server = (id: string) => {
    const found = servers.get(id)
    if (!found) throw new Error(`no server ${id}`)
    return found
  }
  const copied = (copy: string) => {
    const found = copies.get(copy)
    if (!found) throw new Error(`no copy ${copy}`)
    return found
  }
  const endpoint = (of: FakeServer): Endpoint => ({ address: '127.0.0.1', port: of.port })
  const add = ({ id, name }: ServerName, content: Copied) => {
    if (servers.has(id)) throw new Error(`server ${id} exists`)
    const made = { name, port: portOf(name), running: true, ...structuredClone(content) }
    servers.set(id, made)
    history.set(id, [{ time: now(), value: made.value }])
    return endpoint(made)
  }

  return {
    version: '18.4',
    server,
    write: (id, value) => {
      server(id).value = value
      history.get(id)?.push({ time: now(), value: structuredClone(value) })
    },
    create: async ({ id, name, master }) => add({ id, name }, { value: undefined, master }),
    snapshot: async (id, copy) => {
      const { value, master } = server(id)
      copies.set(copy, structuredClone({ value, master }))
    },
    restore: async (copy, name) => add(name, copied(copy)),
    recover: async ({ copy, source, time }, name) => {
      const then = history.get(source)?.findLast((change) => change.time <= time)
      return add(name, { ...copied(copy), ...(then && { value: then.value }) })
    },
    start: async (id) => {
      server(id).running = true
      return endpoint(server(id))
    },
    stop: async (id) => {
      server(id).running = false
    },
    rename: async (id, name) => {
      Object.assign(server(id), { name, port: portOf(name), running: true })
      return endpoint(server(id))
    },
    setPassword: async (id, master) => {
      server(id).master = master
    },
    remove: async (id) => void servers.delete(id),
    forget: async (copy) => void copies.delete(copy),
    close: async () => {
      servers.clear()
      copies.clear()
    },
  }
}
