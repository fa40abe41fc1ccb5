import type { Clock } from './clock.ts'

/** Who calls, and from where: taken from the request's signature. */
export interface Caller {
  readonly account: string
  readonly region: string
  readonly accessKeyId: string
  readonly requestId: string
}

/** One API operation: input and output are plain objects with the member names of the AWS model. */
// biome-ignore lint/suspicious/noExplicitAny: shapes are checked at run time against the SDK's published schema.
export type Operation = (input: any, caller: Caller) => unknown

/** One admin call under `/_sandbox/<name>`: gets the JSON body (undefined for GET) and the full URL with its method. */
export type Admin = (body: unknown, url: URL, method: string) => Promise<unknown>

/** A simulated AWS service. The gateway owns the wire; a service only sees and returns plain objects. */
export interface Service {
  /** The SigV4 service name: `ecs`, `rds`, `secretsmanager`, `sts`. */
  readonly name: string
  readonly operations: Readonly<Record<string, Operation>>
  /** True for a service that is only in part ours: operations that it does not have go to the process behind. */
  readonly overlay?: boolean
  /** Admin calls that this service adds, by the first path segment after `/_sandbox/`, e.g. `images`. */
  readonly admin?: Readonly<Record<string, Admin>>
  /** Ends every process and timer the service started. */
  close?(): Promise<void>
}

/** What every simulated service is made from. */
export interface Ground {
  readonly clock: Clock
  /** A private folder of this sandbox, for data directories and process logs. */
  readonly folder: string
  readonly log: (line: string) => void
}

/** An error answer with AWS's own code and message. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status = 400) {
    super(message)
    this.name = code
    this.code = code
    this.status = status
  }
}
