/** Where a client connects to. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** The first login of a new database server. */
export interface Master {
  readonly user: string
  readonly password: string
}

/** A server's two names: `id` never changes, `name` is unique among running servers and owns the port. */
export interface ServerName {
  readonly id: string
  readonly name: string
}

/** A database server to be made from nothing. */
export interface NewServer extends ServerName {
  readonly master: Master
  /** A database to create beside `postgres`, owned by the master user. */
  readonly database?: string
}

/** A point in time to recover to: a copy taken before it, and the server whose changes are replayed on top. */
export interface PointInTime {
  readonly copy: string
  readonly source: string
  /** Milliseconds since the epoch. */
  readonly time: number
}

/**
 * The database servers behind the simulated RDS. Servers are known by `id`, physical copies by `copy`, a name
 * that the caller chooses. A port belongs to a server's name, as a host name does on AWS: a server renamed to
 * a name that was used before listens on that name's port. Every method throws an Error with the server's own words.
 */
export interface DataPlane {
  /** The version of the database engine, for example `18.4`. */
  readonly version: string
  create(server: NewServer): Promise<Endpoint>
  /** Takes a consistent physical copy while the server goes on working. */
  snapshot(id: string, copy: string): Promise<void>
  /** Starts a new server with the copy's data and passwords; the copy stays as it is. */
  restore(copy: string, server: ServerName): Promise<Endpoint>
  /** Starts a new server with the data that `point.source` had at `point.time`. */
  recover(point: PointInTime, server: ServerName): Promise<Endpoint>
  start(id: string): Promise<Endpoint>
  stop(id: string): Promise<void>
  /** Restarts the server on the port of its new name. */
  rename(id: string, name: string): Promise<Endpoint>
  setPassword(id: string, master: Master): Promise<void>
  /** Ends a server and deletes its data; one that is not there is gone already. */
  remove(id: string): Promise<void>
  /** Deletes a copy. */
  forget(copy: string): Promise<void>
  /** Ends every server and deletes all data. */
  close(): Promise<void>
}
