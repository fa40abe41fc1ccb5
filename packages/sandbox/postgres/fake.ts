import type { DataPlane, Endpoint, Master, PointInTime, ServerName } from './plane.ts'

/** One pretended database server: `value` stands for all of its data. */
export interface FakeServer {
  readonly id: string
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
  /** The running server that listens on a port. */
  at(port: number): FakeServer | undefined
  /** Sets a server's data; each change is remembered with the time of `now` for recovery. */
  write(id: string, value: unknown): void
}

interface Copied {
  readonly value: unknown
  readonly master: Master | undefined
}

interface Memory {
  readonly now: () => number
  readonly servers: Map<string, FakeServer>
  readonly copies: Map<string, Copied>
  readonly ports: Map<string, number>
  /** What each server's data was, and from when on. */
  readonly history: Map<string, { time: number; value: unknown }[]>
}

function portOf({ ports }: Memory, name: string): number {
  const port = ports.get(name) ?? 40_001 + ports.size
  ports.set(name, port)
  return port
}

function serverOf({ servers }: Memory, id: string): FakeServer {
  const found = servers.get(id)
  if (!found) throw new Error(`no server ${id}`)
  return found
}

function copyOf({ copies }: Memory, copy: string): Copied {
  const found = copies.get(copy)
  if (!found) throw new Error(`no copy ${copy}`)
  return found
}

const endpointOf = ({ port }: FakeServer): Endpoint => ({ address: '127.0.0.1', port })

function add(memory: Memory, { id, name }: ServerName, content: Copied): Endpoint {
  if (memory.servers.has(id)) throw new Error(`server ${id} exists`)
  const made = { id, name, port: portOf(memory, name), running: true, ...structuredClone(content) }
  memory.servers.set(id, made)
  memory.history.set(id, [{ time: memory.now(), value: made.value }])
  return endpointOf(made)
}

function write(memory: Memory, id: string, value: unknown): void {
  serverOf(memory, id).value = value
  memory.history.get(id)?.push({ time: memory.now(), value: structuredClone(value) })
}

function recover(memory: Memory, point: PointInTime, server: ServerName): Endpoint {
  const then = memory.history.get(point.source)?.findLast((change) => change.time <= point.time)
  return add(memory, server, { ...copyOf(memory, point.copy), ...(then && { value: then.value }) })
}

function update(memory: Memory, id: string, change: Partial<FakeServer>): Endpoint {
  return endpointOf(Object.assign(serverOf(memory, id), change))
}

/** Pretended database servers in memory, for tests under a virtual clock; `now` is asked for the time of each write. */
export function fakeDataPlane(now: () => number = () => 0): FakeDataPlane {
  const [servers, copies, ports, history] = [new Map(), new Map(), new Map(), new Map()]
  const memory: Memory = { now, servers, copies, ports, history }
  return {
    version: '18.4',
    server: (id) => serverOf(memory, id),
    at: (port) => [...memory.servers.values()].find((one) => one.running && one.port === port),
    write: (id, value) => write(memory, id, value),
    create: async ({ id, name, master }) => add(memory, { id, name }, { value: undefined, master }),
    snapshot: async (id, copy) => {
      const { value, master } = serverOf(memory, id)
      copies.set(copy, structuredClone({ value, master }))
    },
    restore: async (copy, name) => add(memory, name, copyOf(memory, copy)),
    recover: async (point, name) => recover(memory, point, name),
    start: async (id) => update(memory, id, { running: true }),
    stop: async (id) => void update(memory, id, { running: false }),
    rename: async (id, name) =>
      update(memory, id, { name, port: portOf(memory, name), running: true }),
    setPassword: async (id, master) => void update(memory, id, { master }),
    remove: async (id) => void servers.delete(id),
    forget: async (copy) => void copies.delete(copy),
    close: async () => {
      servers.clear()
      copies.clear()
    },
  }
}
